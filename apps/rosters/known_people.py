"""Who the people of a roster are, by their ids, while its files are read one after the other."""

from array import array

# Of several kinds of one person the last of these stays, for it says most. "": not known.
_KINDS = ("", "contact", "guardian", "student", "staff")
_RANKS = {kind: rank for rank, kind in enumerate(_KINDS)}
_NO_NAME = 0


class KnownPeople:
    """Of each id the kind of person, and whose name it is. No texts are kept: some numbers for each person."""

    def __init__(self) -> None:
        # The hash of an id -> where its person stands in the other two.
        self._places: dict[int, int] = {}
        self._ranks, self._names = array("B"), array("I")

    def __contains__(self, key: str) -> bool:
        return hash(key) in self._places

    def note(self, key: str, kind: str) -> None:
        """Remember somebody, and a kind: of several the one that says most. Whom no reader asks about is a contact."""
        place, rank = self._place(key), _RANKS.get(kind, _RANKS["contact"])
        if rank > self._ranks[place]:
            self._ranks[place] = rank

    def kind(self, key: str) -> str:
        place = self._places.get(hash(key))
        return "" if place is None else _KINDS[self._ranks[place]]

    def belongs_to_another(self, key: str, name: str) -> bool:
        """Whether a row before this one had the same id and another name."""
        place, mark = self._place(key), hash(name.casefold()) & 0xFFFFFFFF | 1
        if self._names[place] == _NO_NAME:
            self._names[place] = mark
        return self._names[place] != mark

    def _place(self, key: str) -> int:
        place = self._places.setdefault(hash(key), len(self._places))
        if place == len(self._ranks):
            self._ranks.append(_RANKS[""])
            self._names.append(_NO_NAME)
        return place
