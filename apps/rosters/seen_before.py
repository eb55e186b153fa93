"""What the rows of a file said before: in little memory, however long the file."""

from array import array

_SLOTS = 1 << 18  # two integers each, 4 MB in all


class SeenNumbers:
    """Where each number of a file stood first, and whose name beside it. No texts are kept: some numbers for each."""

    def __init__(self) -> None:
        # The hash of a number -> where it stands in the other two.
        self._places: dict[int, int] = {}
        self._rows, self._names = array("Q"), array("I")

    def row_of_another(self, number: str, name: str, row: int) -> int:
        """The row in which `number` stood before with another name; 0 when it did not."""
        place = self._places.setdefault(hash(number), len(self._places))
        if place == len(self._rows):
            self._rows.append(row)
            self._names.append(_mark(name))
        return self._rows[place] if self._names[place] != _mark(name) else 0

    def seen_with_another(self, number: str, name: str) -> int:
        """The same, and nothing is remembered of it."""
        place = self._places.get(hash(number))
        return self._rows[place] if place is not None and self._names[place] != _mark(name) else 0


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
