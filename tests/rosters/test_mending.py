"""What was mended on the page of the columns: chained, put back, and put into the right place of a cell."""

import pytest

from apps.rosters.mending import Mender, mended_also

HEADER = ["Name", "Email", "Email"]


def mended(row: int, cells: list[str], *entries) -> list[str]:
    return Mender(HEADER, {"mended": [list(each) for each in entries]}).mend(row, cells)


@pytest.mark.parametrize(
    ("entry", "after"),
    [
        ((2, "Name", "Ana", "Anna"), ["Anna", "a@x.example; b(x.example", ""]),
        ((2, "Email", "b(x.example", "b@x.example"), ["Ana", "a@x.example; b@x.example", ""]),
        ((2, "Email", "", "c@x.example"), ["Ana", "a@x.example; b(x.example", "c@x.example"]),
        ((3, "Name", "Ana", "Anna"), ["Ana", "a@x.example; b(x.example", ""]),
        ((2, "Gone", "Ana", "Anna"), ["Ana", "a@x.example; b(x.example", ""]),
        ((2, "Name", "Eva", "Anna"), ["Ana", "a@x.example; b(x.example", ""]),
    ],
)
def test_only_what_stood_there_is_mended(entry, after):
    assert mended(2, ["Ana", "a@x.example; b(x.example", ""], entry) == after


def test_a_short_row_is_mended_as_far_as_it_goes():
    assert mended(2, ["Ana"], (2, "Email", "", "a@x.example")) == ["Ana"]


def test_mending_again_remembers_what_stood_first():
    once = mended_also([], [(2, "Name", "a", "b")])
    assert mended_also(once, [(2, "Name", "b", "c")]) == [(2, "Name", "a", "c")]
    assert mended_also(once, [(2, "Name", "b", "a")]) == []
    assert mended_also(once, [(2, "Name", "b", "b")]) == once
