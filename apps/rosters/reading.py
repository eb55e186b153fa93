"""From a CSV or Excel file to a header and rows of text, one by one, or to a clear refusal. Knows no database."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext as _

from . import excel
from .refusing import FileRefused

__all__ = ["DELIMITERS", "ENCODINGS", "MAX_BYTES", "FileRefused", "OpenTable", "Table", "open_table", "read_table"]

MAX_BYTES = 50_000_000
MAX_COLUMNS = 150
MAX_ROWS = 500_000
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
ENCODINGS = ("utf-8", "cp1252", "cp1250", "utf-16")
_SAMPLE_ROWS = 200
_PIECE = 1 << 20
_SEPARATOR_LINE = re.compile(r"\Asep=([,;\t])\r?\n", re.IGNORECASE)
# Letters of Central Europe in cp1250, as they look when they are taken for cp1252: signs in the middle of words.
_SIGNS_IN_WORDS = frozenset("¹³£¯¿")
_RARE_LETTERS = frozenset("œŸŒ")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<table)", re.IGNORECASE)
_OF_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_WESTERN_LETTERS = frozenset("àèìòùÀÈÌÒÙåÅãõ")

Opener = Callable[[], BinaryIO]
NumberedRows = Iterator[tuple[int, list[str]]]


@dataclass
class OpenTable:
    """A table of which the header is read, and the rows are still in the file."""

    header: list[str]
    kind: str  # csv or xlsx
    encoding: str
    delimiter: str
    all_rows: Callable[[], NumberedRows]

    def rows(self) -> NumberedRows:
        """(row number as the spreadsheet counts, cells) one by one, rows without any text left out.

        Each call reads the file from the beginning. Raises FileRefused at the row that cannot be read.
        """
        for numbered in self.all_rows():
            if any(map(str.strip, numbered[1])):
                yield numbered


@dataclass
class Table:
    """A header and rows of text; `row_numbers` are those of `rows`, as the spreadsheet counts."""

    header: list[str]
    rows: list[list[str]]
    kind: str  # csv or xlsx
    encoding: str = ""
    delimiter: str = ""
    row_numbers: list[int] = field(default_factory=list)

    def numbered_rows(self) -> NumberedRows:
        """(row number in the file, cells), rows without any text left out."""
        for number, cells in zip(self.row_numbers, self.rows, strict=True):
            if any(cell.strip() for cell in cells):
                yield number, cells


def read_table(content: bytes, file_name: str, encoding: str = "", delimiter: str = "") -> Table:
    """Read a whole file; `encoding` and `delimiter` are found out when not given. Raises FileRefused."""
    opened = open_table(lambda: io.BytesIO(content), encoding, delimiter)
    table = Table(opened.header, [], opened.kind, opened.encoding, opened.delimiter)
    for number, cells in opened.all_rows():
        if any(cell.strip() for cell in cells[len(table.header) :]):
            raise FileRefused(
                _("Row %(row)s has more cells than the first row has names. Is the separator right?") % {"row": number}
            )
        table.rows.append(cells)
        table.row_numbers.append(number)
    return table


def open_table(
    open_file: Opener,
    encoding: str = "",
    delimiter: str = "",
    *,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
    cell_text: excel.CellText = excel.plain_text,
) -> OpenTable:
    """Read the header of a file that `open_file` opens anew at each call. Raises FileRefused.

    The bytes of a CSV are looked through once, so that rows are never read in a wrong encoding halfway.
    """
    with open_file() as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        header, rows = excel.open_sheet(open_file, max_bytes, cell_text)
        table = OpenTable(header, "xlsx", "", "", rows)
    elif start == b"\xd0\xcf\x11\xe0":
        raise FileRefused(
            _("This is an old Excel file (.xls), or it has a password. Save it as .xlsx without one, or as CSV.")
        )
    else:
        table = _open_csv(open_file, encoding, delimiter, max_bytes, max_rows)
    _check_header(table.header)
    return table


def _check_header(header: list[str]) -> None:
    if not any(header):
        raise FileRefused(_("The first row must name the columns; it is empty."))
    if any(map(_ADDRESS.fullmatch, header)):
        raise FileRefused(_("Row 1 must name the columns; it holds an address. Put a row above it."))
    if len(header) > MAX_COLUMNS:
        raise FileRefused(
            _("The file has %(number)s columns; 150 are the most. Keep those that matter.") % {"number": len(header)}
        )


def _counted(rows: NumberedRows, max_rows: int) -> NumberedRows:
    for count, numbered in enumerate(rows, start=1):
        if count > max_rows:
            raise FileRefused(_("The file has more than %(number)s rows. Split it.") % {"number": f"{max_rows:,}"})
        yield numbered


def _open_csv(open_file: Opener, encoding: str, delimiter: str, max_bytes: int, max_rows: int) -> OpenTable:
    encoding = _find_encoding(open_file, encoding, max_bytes)
    with _text(open_file, encoding) as text:
        sample = text.read(_PIECE)
    named = _SEPARATOR_LINE.match(sample)  # Excel's own way of naming the separator
    rest = sample[named.end() :] if named else sample
    delimiter = delimiter if delimiter in DELIMITERS else (named[1] if named else _find_delimiter(rest))
    offset = 1 if named else 0

    def rows() -> NumberedRows:
        below = _csv_rows(open_file, encoding, delimiter, offset)
        next(below, None)
        return _counted(below, max_rows)

    header = next(_csv_rows(open_file, encoding, delimiter, offset), (0, []))[1]
    return OpenTable([cell.strip() for cell in header], "csv", encoding, delimiter, rows)


def _csv_rows(open_file: Opener, encoding: str, delimiter: str, offset: int) -> NumberedRows:
    start = 1 + offset
    with _text(open_file, encoding) as text:
        for _line in range(offset):
            text.readline()
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                yield start, cells
                start = reader.line_num + 1 + offset
        except csv.Error as error:
            raise FileRefused(_csv_sentence(error, start)) from None


def _text(open_file: Opener, encoding: str) -> io.TextIOWrapper:
    file = open_file()
    start = file.read(2)
    file.close()
    return io.TextIOWrapper(open_file(), _codec(encoding, start), newline="")


def _codec(encoding: str, start: bytes) -> str:
    """Python's name of the codec for a file that begins with these two bytes."""
    if encoding == "utf-16":
        return "utf-16" if start in _WIDE_MARKS else "utf-16-le"
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _csv_sentence(error: csv.Error, row: int) -> str:
    if "field larger" in str(error):
        return _("Row %(row)s holds a text of more than 130,000 characters.") % {"row": row}
    return _("Row %(row)s: a quotation mark is opened and not closed, or stands within a cell.") % {"row": row}


def _find_encoding(open_file: Opener, encoding: str, max_bytes: int) -> str:
    """The encoding in which the whole file can be read: the given one, or one found out."""
    scan = _Scan(encoding)
    with open_file() as file:
        while piece := file.read(_PIECE):
            scan.take(piece)
            if scan.size > max_bytes:
                number = {"number": max_bytes // 1_000_000}
                raise FileRefused(
                    _("The file is larger than %(number)s MB. Split it, or take out what is not needed.") % number
                )
    return scan.found()


class _Scan:
    """Looks through the bytes of a file, piece by piece, and keeps the encodings in which all of them can be read."""

    def __init__(self, wanted: str):
        self.size = 0
        self._wanted = wanted if wanted in ENCODINGS else ""
        self._has_text = False
        self._odd = b""  # the first bytes with letters beyond ASCII
        self._lines = 0
        self._not_utf_8 = 0  # the first line that cannot be read so
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}

    def take(self, piece: bytes) -> None:
        if not self.size:
            self._begin(piece)
        self.size += len(piece)
        self._has_text = self._has_text or bool(piece.strip())
        if not piece.isascii() and len(self._odd) < _PIECE:
            self._odd += piece
        for name, decoder in list(self._decoders.items()):
            self._decode(name, decoder, piece)
        self._lines += piece.count(b"\n")

    def found(self) -> str:
        if not self._has_text:
            raise FileRefused(_("The file is empty."))
        for name, decoder in list(self._decoders.items()):
            self._decode(name, decoder, b"", final=True)
        if not self._decoders:
            if self._wanted:
                raise FileRefused(_("The file cannot be read as %(encoding)s.") % {"encoding": self._wanted})
            raise FileRefused(_("The letters of this file cannot be read. Save it as UTF-8."))
        if self._not_utf_8 and not self._wanted and _is_mostly_utf_8(self._odd):
            sentence = _("Row %(row)s has letters of another encoding than the others. Save the file as UTF-8.")
            raise FileRefused(sentence % {"row": self._not_utf_8})
        if len(self._decoders) == 1 or "utf-8" in self._decoders:
            return next(iter(self._decoders))
        return "cp1250" if _is_central(self._odd.decode("cp1252", errors="replace")) else "cp1252"

    def _begin(self, piece: bytes) -> None:
        wide = piece[:2] in _WIDE_MARKS or _is_wide(piece[:1000])
        if _WEB_PAGE.match(piece):
            raise FileRefused(
                _("This is a web page, whatever its name says. Open it in Excel and save it as .xlsx or CSV.")
            )
        if not wide and (piece[:5] == b"%PDF-" or _is_binary(piece[:10_000])):
            raise _no_spreadsheet()
        self._wanted = "utf-16" if wide else self._wanted
        names = [self._wanted] if self._wanted else ["utf-8", "cp1252", "cp1250"]
        self._decoders = {name: codecs.getincrementaldecoder(_codec(name, piece[:2]))() for name in names}

    def _decode(self, name: str, decoder: codecs.IncrementalDecoder, piece: bytes, final: bool = False) -> None:
        if name != "utf-16":
            if b"\0" in piece:
                row = self._lines + piece[: piece.index(b"\0")].count(b"\n") + 1
                raise FileRefused(
                    _("Row %(row)s holds a character that no text has. Type that row again.") % {"row": row}
                )
            if piece.isascii() and not decoder.getstate()[0] and not final:
                return
        try:
            text = decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            if name == "utf-8":
                self._not_utf_8 = self._lines + piece[: error.start].count(b"\n") + 1
            del self._decoders[name]
            return
        if "\0" in text:
            raise _no_spreadsheet()


def _no_spreadsheet() -> FileRefused:
    return FileRefused(_("This is not a spreadsheet. Choose a CSV file or an Excel file (.xlsx)."))


def _is_binary(start: bytes) -> bool:
    """Whether more than one byte in a hundred is a control character that no text has."""
    controls = sum(1 for byte in start if byte < 32 and byte not in b"\t\r\n\x0c\x1b")
    return controls * 100 > len(start)


def _is_wide(start: bytes) -> bool:
    """Whether these are letters of two bytes each (UTF-16 as Windows writes it) without the mark at the beginning."""
    return len(start) > 3 and start[1::2].count(0) * 3 > len(start) and not start[::2].count(0)


def _is_mostly_utf_8(letters: bytes) -> bool:
    """Whether more than half of the bytes beyond ASCII stand as UTF-8 would have them."""
    beyond = sum(byte > 127 for byte in letters)
    return sum(map(len, _OF_UTF_8.findall(letters))) * 2 > beyond


def _is_central(text: str) -> bool:
    """Whether bytes read as cp1252 were meant as cp1250 (Central Europe), by the letters that would stand where."""
    central = sum(1 for character in text if character in _RARE_LETTERS)
    western = sum(1 for character in text if character in _WESTERN_LETTERS)
    for before, character, after in zip(text, text[1:], text[2:], strict=False):
        if character in _SIGNS_IN_WORDS and before.isalpha() | (character in "£¯" and after.isalpha()):
            central += 1
    return central > western


def _find_delimiter(text: str) -> str:
    """The separator that cuts the first rows into the same number of cells, and into most of them."""
    return max(DELIMITERS, key=lambda delimiter: _regularity(text, delimiter))


def _regularity(text: str, delimiter: str) -> tuple[float, int]:
    widths: Counter[int] = Counter()
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)):
            if number >= _SAMPLE_ROWS:
                break
            if cells:
                widths[len(cells)] += 1
    except csv.Error:
        return (0.0, 0)
    if not widths:
        return (0.0, 0)
    width, number = widths.most_common(1)[0]
    return (number / widths.total() if width > 1 else 0.0, width)
