"""Markup that is made once for all recipients, with a place for each token that differs."""

import re
import secrets
from collections.abc import Iterable, Iterator

from apps.core.merge_tags import Slot


class Places:
    """A mark for each of the tokens called `names`: digits alone, so that it may stand wherever an id or a token may.

    `marks` gives them by the names. Nobody can guess them, so no text has them by chance.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.marks = {name: str(10**17 + secrets.randbelow(9 * 10**17)) for name in names}
        self._slots = {mark: Slot(name, "", str) for name, mark in self.marks.items()}
        self._mark = re.compile("(" + "|".join(self._slots) + ")")

    def with_slots(self, markup: str) -> Iterator[str | Slot]:
        """`markup` with a slot where each mark stands."""
        for part in self._mark.split(markup):
            if part:
                yield self._slots.get(part, part)
