"""The first sheet of an Excel file, row by row. Its ZIP is checked before anything of it is unpacked into memory."""

import re
import zipfile
import zlib
from datetime import date, datetime, time
from typing import BinaryIO
from xml.parsers import expat

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from .refusing import FileRefused
from .tables import MAX_ROWS, CellText, NumberedRows, Opener, OpenTable

MAX_UNPACKED = 400_000_000
MAX_ENTRIES = 2_000
MAX_CELLS = 10_000_000  # a sheet is read as a rectangle up to its last cell
_PIECE = 1 << 20
_PLAIN_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"')
_ENDS = (b" ", b">", b"/", b"\t", b"\n", b"\r")
_UNUSUAL = (b"\0", b"<!", *(b":c" + end for end in _ENDS))
_DECLARED = re.compile(rb"encoding\s*=\s*[\"'](?!utf-8[\"'])", re.IGNORECASE)


def open_excel(open_file: Opener, max_bytes: int, cell_text: CellText) -> OpenTable:
    """The first sheet; its first row with any text names the columns. Raises FileRefused."""
    with open_file() as file:
        size = file.seek(0, 2)
        if size > max_bytes:
            raise FileRefused(_("The file is larger than 50 MB. Split it, or take out what is not needed."))
        _check_archive(file, size)
        file.seek(0)
        sheet = _first_sheet(file)
    above = next(
        ((number, cells) for number, cells in _rows_of(sheet, cell_text) if any(map(str.strip, cells))), (0, [])
    )
    header = [cell.strip() for cell in _without_empty_end(above[1])]

    def rows() -> NumberedRows:
        return (numbered for numbered in _rows_of(sheet, cell_text) if numbered[0] > above[0])

    return OpenTable(header, "xlsx", "", "", rows)


def _first_sheet(file: BinaryIO) -> CalamineSheet:
    try:
        sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
    except (CalamineError, IndexError, ValueError, OSError, zipfile.BadZipFile):
        raise FileRefused(_("This Excel file cannot be opened. Save it again, or as CSV.")) from None
    if sheet.total_height > MAX_ROWS + 1 or sheet.total_width > 20_000:
        raise FileRefused(_("The sheet has too many cells. Keep the rows and columns that matter."))
    return sheet


def _rows_of(sheet: CalamineSheet, cell_text: CellText) -> NumberedRows:
    for number, row in enumerate(sheet.iter_rows(), start=1):
        yield number, [cell.replace("\0", "") if cell.__class__ is str else cell_text(cell) for cell in row]


def _check_archive(file: BinaryIO, size: int) -> None:
    """Refuse what is no Excel file, and what would fill the memory when unpacked (a "bomb")."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check_entries(archive.infolist(), size)
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
        if _is_surely_small(archive, entry):
            continue
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


def _is_surely_small(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether all cells are written as Excel writes them, and none is far out: told without parsing the XML."""
    letters: set[bytes] = set()
    rows, rest = 0, b""
    with archive.open(entry) as part:
        while piece := part.read(_PIECE):
            whole, _less_than, rest = (rest + piece).rpartition(b"<")
            rest = b"<" + rest
            found = _PLAIN_CELL.findall(whole)
            if len(found) != _count_cells(whole) or len(rest) > _PIECE:
                return False
            letters.update(column for column, _row in found)
            rows = max(rows, max((int(row) for _column, row in found), default=0))
    columns = max((_column_number(each.decode()) for each in letters), default=0)
    return rows * columns <= MAX_CELLS and not _count_cells(rest)


def _count_cells(xml: bytes) -> int:
    """How many cells there are; -1 where prefixes, wide characters or declarations could hide one."""
    if any(sign in xml for sign in _UNUSUAL) or _DECLARED.search(xml[:200]):
        return -1
    return sum(xml.count(b"<c" + end) for end in _ENDS)


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


def plain_text(value: object) -> str:
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
