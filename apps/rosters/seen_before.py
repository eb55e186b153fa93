"""What the rows of a file said before: in little memory, however long the file."""

from array import array

_SLOTS = 1 << 18  # two integers each, 4 MB in all


class SeenNumbers:
    """Where each number of a file stood first, and a hash of the name beside it: two integers for a person."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}

    def row_of_another(self, number: str, name: str, row: int) -> int:
        """The row in which `number` stood before with another name; 0 when it did not."""
        found = self.seen_with_another(number, name)
        self._first.setdefault(hash(number), row << 32 | _mark(name))
        return found

    def seen_with_another(self, number: str, name: str) -> int:
        """The same, and nothing is remembered of it."""
        before = self._first.get(hash(number), 0)
        return before >> 32 if before & 0xFFFFFFFF != _mark(name) else 0


def _mark(name: str) -> int:
    return hash(name.casefold()) & 0xFFFFFFFF


class SeenGuardians:
    """In which row guardians stood: of those that fall on one slot the last alone, so that memory is the same always.

    Whoever is forgotten is read once more, and found to be the same by the database.
    """

    def __init__(self) -> None:
        self._hashes, self._places = array("q", bytes(8 * _SLOTS)), array("q", bytes(8 * _SLOTS))

    def place_of(self, cells: tuple[str, ...]) -> int:
        """The place of a guardian with just these cells; 0 when none is remembered."""
        seen = hash(cells)
        slot = seen % _SLOTS
        return self._places[slot] if self._hashes[slot] == seen else 0

    def remember(self, cells: tuple[str, ...], place: int) -> None:
        seen = hash(cells)
        slot = seen % _SLOTS
        self._hashes[slot], self._places[slot] = seen, place
