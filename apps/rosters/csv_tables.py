"""A CSV file as a table, in whatever letters and with whatever separator it is written."""

import csv
import io
import re
from collections import Counter

from django.utils.translation import gettext as _

from .finding_encoding import codec_for, find_encoding
from .refusing import FileRefused
from .tables import NumberedRows, Opener, OpenTable

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_SAMPLE_ROWS = 200
_SAMPLE_LETTERS = 1 << 20
_SEPARATOR_LINE = re.compile(r"\Asep=([,;\t])\r?\n", re.IGNORECASE)


def open_csv(open_file: Opener, encoding: str, delimiter: str, max_bytes: int, max_rows: int) -> OpenTable:
    """Read the header; `encoding` and `delimiter` are found out where empty. Raises FileRefused."""
    encoding = find_encoding(open_file, encoding, max_bytes)
    with _text(open_file, encoding) as text:
        sample = text.read(_SAMPLE_LETTERS)
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
    return io.TextIOWrapper(open_file(), codec_for(encoding, start), newline="")


def _counted(rows: NumberedRows, max_rows: int) -> NumberedRows:
    for count, numbered in enumerate(rows, start=1):
        if count > max_rows:
            raise FileRefused(_("The file has more than %(number)s rows. Split it.") % {"number": f"{max_rows:,}"})
        yield numbered


def _csv_sentence(error: csv.Error, row: int) -> str:
    if "field larger" in str(error):
        return _("Row %(row)s holds a text of more than 130,000 characters.") % {"row": row}
    return _("Row %(row)s: a quotation mark is opened and not closed, or stands within a cell.") % {"row": row}


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
