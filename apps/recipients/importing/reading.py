"""From the bytes of a CSV or Excel file to a header and rows of text, or to a clear refusal. Knows no database."""

import csv
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from xml.parsers import expat

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

MAX_BYTES = 50_000_000
MAX_UNPACKED = 400_000_000  # of an Excel file, which is a ZIP
MAX_ENTRIES = 2_000
MAX_COLUMNS = 150
MAX_ROWS = 500_000
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
ENCODINGS = ("utf-8", "cp1252", "cp1250", "utf-16")
MAX_CELLS = 10_000_000  # of an Excel sheet: it is read as a rectangle up to its last cell
_SAMPLE_ROWS = 200
_PIECE = 1 << 20
_SEPARATOR_LINE = re.compile(r"\Asep=([,;\t])\r?\n", re.IGNORECASE)
# Letters of Central Europe in cp1250, as they look when they are taken for cp1252: signs in the middle of words.
_SIGNS_IN_WORDS = frozenset("¹³£¯¿")
_RARE_LETTERS = frozenset("œŸŒ")
_WESTERN_LETTERS = frozenset("àèìòùÀÈÌÒÙåÅãõ")


class FileRefused(Exception):
    """The file is not read; the text is a sentence for the office, with row and column where there is one."""


@dataclass
class Table:
    """A header and rows of text. `first_row` is the number, as the spreadsheet counts, of the first of `rows`."""

    header: list[str]
    rows: list[list[str]]
    kind: str  # csv or xlsx
    encoding: str = ""
    delimiter: str = ""
    row_numbers: list[int] = field(default_factory=list)

    def numbered_rows(self) -> Iterator[tuple[int, list[str]]]:
        """(row number in the file, cells), rows without any text left out."""
        for number, cells in zip(self.row_numbers, self.rows, strict=True):
            if any(cell.strip() for cell in cells):
                yield number, cells


def read_table(content: bytes, file_name: str, encoding: str = "", delimiter: str = "") -> Table:
    """Read a file; `encoding` and `delimiter` are found out when not given. Raises FileRefused."""
    if len(content) > MAX_BYTES:
        raise FileRefused(_("The file is larger than 50 MB. Split it, or take out what is not needed."))
    if not content.strip():
        raise FileRefused(_("The file is empty."))
    if content[:4] == b"PK\x03\x04":
        table = _read_xlsx(content)
    elif content[:4] == b"\xd0\xcf\x11\xe0":
        raise FileRefused(_("This is an old Excel file (.xls). Open it in Excel and save it as .xlsx or CSV."))
    else:
        table = _read_csv(content, encoding, delimiter)
    return _checked(table)


def _checked(table: Table) -> Table:
    if not any(heading.strip() for heading in table.header):
        raise FileRefused(_("The first row must name the columns; it is empty."))
    if len(table.header) > MAX_COLUMNS:
        raise FileRefused(
            _("The file has %(number)s columns; 150 are the most. Keep those that matter.")
            % {"number": len(table.header)}
        )
    if len(table.rows) > MAX_ROWS:
        raise FileRefused(_("The file has more than 500,000 rows. Split it."))
    for number, cells in table.numbered_rows():
        if any(cell.strip() for cell in cells[len(table.header) :]):
            raise FileRefused(
                _("Row %(row)s has more cells than the first row has names. Is the separator right?") % {"row": number}
            )
    return table


def _read_csv(content: bytes, encoding: str, delimiter: str) -> Table:
    text, encoding = _decode(content, encoding)
    named = _SEPARATOR_LINE.match(text)  # Excel's own way of naming the separator
    text = text[named.end() :] if named else text
    delimiter = delimiter if delimiter in DELIMITERS else (named[1] if named else _find_delimiter(text))
    rows, numbers = [], []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    offset = 1 if named else 0
    start = 1 + offset
    try:
        for cells in reader:
            rows.append(cells)
            numbers.append(start)
            start = reader.line_num + 1 + offset
    except csv.Error as error:
        raise FileRefused(_csv_sentence(error, start)) from None
    header = [cell.strip() for cell in rows[0]] if rows else []
    return Table(header, rows[1:], "csv", encoding, delimiter, numbers[1:])


def _csv_sentence(error: csv.Error, row: int) -> str:
    if "field larger" in str(error):
        return _("Row %(row)s holds a text of more than 130,000 characters.") % {"row": row}
    return _("Row %(row)s: a quotation mark is opened and not closed, or stands within a cell.") % {"row": row}


def _decode(content: bytes, encoding: str) -> tuple[str, str]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\0" in content or content[:5] == b"%PDF-" or _is_binary(content[:10_000]):
        raise FileRefused(_("This is not a spreadsheet. Choose a CSV file or an Excel file (.xlsx)."))
    if encoding in ENCODINGS:
        return _decode_as(content, encoding), encoding
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        found = _find_single_byte(content)
        return _decode_as(content, found), found


def _is_binary(start: bytes) -> bool:
    """Whether more than one byte in a hundred is a control character that no text has."""
    controls = sum(1 for byte in start if byte < 32 and byte not in b"\t\r\n\x0c\x1b")
    return controls * 100 > len(start)


def _decode_as(content: bytes, encoding: str) -> str:
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError:
        raise FileRefused(_("The file cannot be read as %(encoding)s.") % {"encoding": encoding}) from None
    if "\0" in text:
        raise FileRefused(_("This is not a spreadsheet. Choose a CSV file or an Excel file (.xlsx)."))
    return text


def _find_single_byte(content: bytes) -> str:
    """cp1252 (Western Europe) or cp1250 (Central Europe), by the letters that would stand where."""
    text = content.decode("cp1252", errors="replace")
    central = sum(1 for character in text if character in _RARE_LETTERS)
    western = sum(1 for character in text if character in _WESTERN_LETTERS)
    for before, character, after in zip(text, text[1:], text[2:], strict=False):
        if character in _SIGNS_IN_WORDS and before.isalpha() | (character in "£¯" and after.isalpha()):
            central += 1
    fits = _can_decode(content, "cp1252"), _can_decode(content, "cp1250")
    if not any(fits):
        raise FileRefused(_("The letters of this file cannot be read. Save it as UTF-8."))
    return "cp1250" if (central > western and fits[1]) or not fits[0] else "cp1252"


def _can_decode(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


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


def _read_xlsx(content: bytes) -> Table:
    _check_archive(content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = workbook.get_sheet_by_index(0)
        if sheet.height > MAX_ROWS or sheet.width > 20_000:
            raise FileRefused(_("The sheet has too many cells. Keep the rows and columns that matter."))
        cells = sheet.to_python(skip_empty_area=False)
    except (CalamineError, IndexError, ValueError, OSError, zipfile.BadZipFile):
        raise FileRefused(_("This Excel file cannot be opened. Save it again, or as CSV.")) from None
    rows = [[_as_text(cell) for cell in row] for row in cells]
    above = next((place for place, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
    header = _without_empty_end(rows[above]) if rows else []
    numbers = list(range(above + 2, len(rows) + 1))
    return Table([heading.strip() for heading in header], rows[above + 1 :], "xlsx", row_numbers=numbers)


def _check_archive(content: bytes) -> None:
    """Refuse what is no Excel file, and what would fill the memory when unpacked (a "bomb")."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_entries(archive.infolist(), len(content))
            _check_extent(archive)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError):
        raise FileRefused(_("This Excel file cannot be opened. Save it again, or as CSV.")) from None


def _check_entries(entries: list[zipfile.ZipInfo], packed: int) -> None:
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        raise FileRefused(_("This is not a spreadsheet. Choose a CSV file or an Excel file (.xlsx)."))
    unpacked = sum(entry.file_size for entry in entries)
    bomb = unpacked > MAX_UNPACKED or (unpacked > 20_000_000 and unpacked > 200 * packed)
    if len(entries) > MAX_ENTRIES or bomb:
        raise FileRefused(_("This Excel file unpacks to far more than it should. It is not opened."))


def _check_extent(archive: zipfile.ZipFile) -> None:
    """Refuse a sheet whose cells span too wide a rectangle: two cells far apart would fill the memory between them."""
    for entry in archive.infolist():
        extent = _Extent()
        with archive.open(entry) as part:
            try:
                while piece := part.read(_PIECE):
                    extent.parser.Parse(piece)
                    if extent.rows * extent.columns > MAX_CELLS:
                        raise FileRefused(
                            _("The sheet has cells far out to the right or below. Delete them, or save as CSV.")
                        )
                extent.parser.Parse(b"", True)
            except expat.ExpatError:
                # Pictures and macros are no XML, and are never read as a sheet.
                if entry.filename.lower().endswith(".xml"):
                    raise zipfile.BadZipFile from None


class _Extent:
    """The last row and the last column of a sheet in which a cell holds something, counted as its XML is read."""

    def __init__(self) -> None:
        self.rows = self.columns = self._row = self._column = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._on_start

    def _on_start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "row":
            self._row, self._column = _number(attributes.get("r", "")) or self._row + 1, 0
        elif tag == "c":
            letters = attributes.get("r", "").rstrip("0123456789")
            self._column = _column_number(letters) or self._column + 1
            self._row = _number(attributes.get("r", "")[len(letters) :]) or self._row
        elif tag in ("v", "is"):
            self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _column_number(letters: str) -> int:
    """A is 1, Z is 26, AA is 27; 0 where there are none."""
    number = 0
    for letter in letters[:8].upper():
        number = number * 26 + ord(letter) - 64
    return number


def _as_text(value: object) -> str:
    """A cell as it reads in the spreadsheet: whole numbers without .0, days and times in ISO form."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if value is None else str(value).replace("\0", "")


def _without_empty_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells
