"""Tables for a spreadsheet: CSV that Excel reads rightly, runs no formula, and is written without holding it all."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import TypeVar

from django.http import FileResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

# A spreadsheet would run a cell that begins so as a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_IN_MEMORY = 2_000_000

Row = TypeVar("Row")


def defused(cell: str) -> str:
    """`cell` with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_SIGNS) else cell


def csv_response(file_name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> FileResponse:
    """The table as a download with a BOM, so that Excel reads its letters.

    All `rows` are read here, while the organisation's scope is open, into a file that is on disk when it is large.
    """
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (the response closes it)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";")
    writer.writerow(header)
    writer.writerows([defused(cell) for cell in row] for row in rows)
    text.detach()
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=file_name, content_type="text/csv; charset=utf-8")


EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_excel(rows: Iterable[Sequence[str | int]]) -> bytes:
    """A workbook of one sheet; texts stand in it as texts, also those that look like formulas."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        cells = [WriteOnlyCell(sheet, value=value) for value in row]
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type = "s"
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def in_portions(rows: Iterable[Row], size: int = 500) -> Iterator[list[Row]]:
    """`rows` in lists of at most `size`, so that what belongs to them is fetched by the portion."""
    iterator = iter(rows)
    while portion := list(islice(iterator, size)):
        yield portion
