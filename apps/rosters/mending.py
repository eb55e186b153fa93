"""Cells that a person has mended on the page of the columns; the file itself stays as it came.

They stand in the options of a run as `mended`: lists of row, heading, what stood there, and what stands there instead.
"""

from collections import defaultdict
from collections.abc import Iterable

Mended = tuple[int, str, str, str]
TEXT_AT_MOST = 300
# All of them stand on one page.
CELLS_AT_MOST = 300


def mended_cells(options: dict) -> list[Mended]:
    """What was mended in a run, in the order in which it is done."""
    return [(row, heading, was, now) for row, heading, was, now in options.get("mended", [])]


class Mender:
    """Puts into rows what was mended in them."""

    def __init__(self, header: list[str], options: dict):
        self._places = defaultdict(list)
        for place, heading in enumerate(header):
            self._places[heading].append(place)
        self._by_row: defaultdict[int, list[Mended]] = defaultdict(list)
        for each in mended_cells(options):
            self._by_row[each[0]].append(each)

    def mend(self, row: int, cells: list[str]) -> list[str]:
        """The cells of a row as they are to be read."""
        if row not in self._by_row:
            return cells
        cells = list(cells)
        for _row, heading, was, now in self._by_row[row]:
            for place in self._places.get(heading, []):
                if place < len(cells) and _stands_in(was, cells[place]):
                    # One of several addresses in the cell may be the wrong one.
                    cells[place] = cells[place].replace(was, now, 1) if was else now
                    break
        return cells


def _stands_in(was: str, cell: str) -> bool:
    return was in cell if was else not cell.strip()


def mended_also(before: list[Mended], posted: Iterable[Mended]) -> list[Mended]:
    """What was mended, with what has come: mended again, or put back as it was."""
    found = list(before)
    for row, heading, was, now in posted:
        if now == was:
            continue
        places = [place for place, each in enumerate(found) if each[:2] == (row, heading) and each[3] == was]
        if places:
            row, heading, first, _now = found.pop(places[-1])
            if now == first:
                continue
            was = first
        found.append((row, heading, was, now))
    return found[:CELLS_AT_MOST]
