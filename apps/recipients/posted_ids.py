"""Ids as they come in with a request."""

from collections.abc import Iterable

# More digits than any id of a database has.
_TOO_LONG = 18


def posted_id(text: str | None) -> int:
    """The id in `text`; 0, which no row has, where it is none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < _TOO_LONG else 0


def posted_ids(texts: Iterable[str]) -> list[int]:
    """The ids among `texts`; the rest is passed over."""
    return [number for number in map(posted_id, texts) if number]
