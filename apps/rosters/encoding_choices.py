"""In which letters a file was read, told by words of it: a person sees at once whether they are right."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .finding_encoding import ENCODINGS
from .readers import FirstLook

WORDS_SHOWN = 3
NAMES: dict[str, Promise] = {
    "utf-8": _("UTF-8"),
    "cp1252": _("Windows, Western Europe (1252)"),
    "cp1250": _("Windows, Central Europe (1250)"),
    "utf-16": _("UTF-16"),
}


@dataclass(frozen=True)
class Letters:
    """One encoding, and how the words of the file look in it."""

    encoding: str
    label: Promise
    words: list[str]


def words_of(table: FirstLook) -> list[str]:
    """Up to three words of a table with letters beyond ASCII, each with one that those before do not have."""
    found: list[str] = []
    seen: set[str] = set()
    for word in _odd_words([*(cells for _number, cells in table.rows), table.header]):
        odd = {letter for letter in word if not letter.isascii()}
        if not odd <= seen:
            found.append(word)
            seen |= odd
        if len(found) == WORDS_SHOWN:
            break
    return found


def _odd_words(rows: Iterable[list[str]]) -> Iterable[str]:
    for cells in rows:
        for cell in cells:
            if not cell.isascii():
                words = (word.strip(".,;:()\"'") for word in cell.split())
                yield from (word for word in words if 2 < len(word) <= 30 and not word.isascii())


def choices(table: FirstLook) -> list[Letters]:
    """The encodings in which a CSV file could be read, with its words in each; none where it says itself how."""
    encoding = table.dialect.get("encoding", "")
    if encoding in ("", "utf-16"):
        return []
    words = words_of(table)
    found = []
    for other in ENCODINGS:
        shown = _as_read_in(words, encoding, other)
        if other != "utf-16" and shown is not None:
            found.append(Letters(other, NAMES[other], shown))
    return found


def _as_read_in(words: list[str], encoding: str, other: str) -> list[str] | None:
    try:
        return [word.encode(encoding).decode(other) for word in words]
    except UnicodeError:
        return None
