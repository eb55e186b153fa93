"""What an app offers those above it to fill in: a table into which each of them registers, in its apps.py."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

Entry = TypeVar("Entry")


class Registry(Mapping[str, Entry]):
    """Entries by key, by their `order`; those of the same order as they were registered."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, Entry]] = {}

    def register(self, key: str, entry: Entry, order: int = 0) -> None:
        """Add an entry; the same once more changes nothing. Raises ValueError when something else has the key."""
        if self._entries.get(key, (order, entry)) != (order, entry):
            raise ValueError(f"{key!r} is registered already: {self._entries[key]}")
        self._entries[key] = (order, entry)
        self._entries = dict(sorted(self._entries.items(), key=lambda item: item[1][0]))

    def unregister(self, key: str) -> None:
        """Take an entry away, if there is one."""
        self._entries.pop(key, None)

    def __getitem__(self, key: str) -> Entry:
        return self._entries[key][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
