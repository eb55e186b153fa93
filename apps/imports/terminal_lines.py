"""A plan, or what became of it, in words for a terminal: a line for each count, with the first whom it is about."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_NAMES_SHOWN = 5
_ALWAYS = ("rows", "mistakes")
_COUNTS = {
    "rows": ("row", "rows"),
    "created": ("new person", "new people"),
    "changed": ("person changed", "people changed"),
    "returned": ("person who came back", "people who came back"),
    "withdrawn": ("person withdrawn", "people withdrawn"),
    "details": (
        "person of whom an address, a guardian or a class changed",
        "people of whom an address, a guardian or a class changed",
    ),
    "unchanged": ("person unchanged", "people unchanged"),
    "conflicts": ("address to decide about", "addresses to decide about"),
    "addresses": ("address added", "addresses added"),
    "addresses_removed": ("address removed", "addresses removed"),
    "guardianships": ("guardianship added", "guardianships added"),
    "restricted": (
        "new guardian not to be contacted, as somebody of the same name",
        "new guardians not to be contacted, as others of the same names",
    ),
    "guardianships_removed": ("guardianship removed", "guardianships removed"),
    "groups": ("group added", "groups added"),
    "enrolments": ("enrolment added", "enrolments added"),
    "enrolments_removed": ("enrolment removed", "enrolments removed"),
    "consents": ("consent changed", "consents changed"),
    "kept_away": ("detail kept away as by hand", "details kept away as by hand"),
    "mistakes": ("mistake", "mistakes"),
    "remarks": ("remark", "remarks"),
}
_FIELDS = {"external_id": "number"}


def lines_of_counts(counts: Mapping[str, int], examples: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """`        2 new people: Aina Puig, Nil Roca`. Takes counts and examples of an Outcome; a run has no examples."""
    for name, words in _COUNTS.items():
        number = counts.get(name, 0)
        if number or name in _ALWAYS:
            line = f"{number:>9} {words[number != 1]}"
            yield f"{line}: {_first(examples[name], number)}" if examples.get(name) and name != "remarks" else line
    if counts.get("held_back"):
        yield "Rows could not be read: nobody is withdrawn for being missing."


def lines_of_mistakes(mistakes: Iterable[tuple[str, int, str, str]]) -> Iterator[str]:
    """`users.csv row 3 email: ...`, of file, row, column and message."""
    for file, row, column, message in mistakes:
        place = " ".join(part for part in (file, f"row {row}" if row else "", column) if part)
        yield f"{place}: {message}" if place else message


def _first(rows: list[dict[str, Any]], number: int) -> str:
    shown = [_who(row) for row in rows[:_NAMES_SHOWN]]
    more = number - len(shown)
    return "; ".join([*shown, f"and {more} more"] if more > 0 else shown)


def _who(row: dict[str, Any]) -> str:
    """`Aina Puig (last name: Roca instead of Puig)`; of what is added or goes, whose and what."""
    if "was" in row:
        return f"{row['name']} ({row['value']} instead of {row['was']})"
    details = [
        f"{_FIELDS.get(name, name.replace('_', ' '))}: {row[name]} instead of {row[f'{name}_was'] or 'nothing'}"
        for name in row
        if f"{name}_was" in row and row[name] != row[f"{name}_was"]
    ]
    details += [str(row[name]) for name in ("value", "other", "group") if row.get(name)]
    return f"{row['name']} ({', '.join(details)})" if details else str(row["name"])
