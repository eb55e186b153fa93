"""What a CSV or Excel file is, once it is opened: a header and rows of text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_BYTES = 50_000_000
MAX_COLUMNS = 150
MAX_ROWS = 500_000

# Opens a file anew at each call.
Opener = Callable[[], BinaryIO]
# The number of a row, as the spreadsheet counts, and its cells.
NumberedRows = Iterator[tuple[int, list[str]]]
# Writes what a cell of Excel holds (a text, a number, a day, a time, True or False, None) as text.
CellText = Callable[[object], str]


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
