"""The first rows of a table as the page of its columns shows them: what each column is, and which cells are bad."""

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass

from django.utils.functional import Promise

from apps.recipients.models import ImportRun
from apps.rosters.columns import FIELDS
from apps.rosters.facts import Mistake
from apps.rosters.guessing_columns import SAMPLE, guess_mapping, is_secret
from apps.rosters.mending import Mender
from apps.rosters.readers import FirstLook
from apps.rosters.refusing import FileRefused

from ..runs import facts_of

ROWS_SHOWN = 8
_HIDDEN = "•" * 6
# Of whom one has one, as a rule: a second may be that of a guardian.
_OWN = ("email", "phone")


@dataclass(frozen=True)
class Column:
    """`is_asked`: it holds something, and its heading says nothing, or a second time what is the person's own.

    A person has to look at it.
    """

    heading: str
    field: str
    meaning: Promise
    is_asked: bool


@dataclass(frozen=True)
class Cell:
    """`reason`: why it cannot be as it stands; empty where nothing is wrong with it."""

    text: str
    reason: str = ""


@dataclass(frozen=True)
class Row:
    number: int
    cells: list[Cell]
    reason: str = ""


def columns_of(run: ImportRun, table: FirstLook | None) -> list[Column]:
    """The columns of a run under its mapping; without the table, none is asked about."""
    header, fields = run.mapping.get("header", []), run.mapping.get("fields", [])
    again = {place for place, field in enumerate(fields) if field in _OWN and field in fields[:place]}
    is_guess = table is not None and fields == guess_mapping(header, [cells for _number, cells in table.rows[:SAMPLE]])
    return [
        Column(
            heading,
            field,
            FIELDS.get(field, FIELDS[""]),
            is_guess and (place in again or not field) and not is_secret(heading) and _holds_something(table, place),
        )
        for place, (heading, field) in enumerate(zip(header, fields, strict=False))
    ]


def _holds_something(table: FirstLook | None, place: int) -> bool:
    return table is not None and any(place < len(cells) and cells[place].strip() for _number, cells in table.rows)


def rows_of(run: ImportRun, table: FirstLook) -> list[Row]:
    """The first rows, with the reasons beside what cannot be read."""
    shown = table.rows[:ROWS_SHOWN]
    reasons = _reasons(run, [number for number, _cells in shown])
    mender = Mender(table.header, run.options)
    return [
        Row(
            number,
            [
                Cell(_HIDDEN if text and is_secret(heading) else text, reasons[number, heading])
                for text, heading in zip(mender.mend(number, cells), table.header, strict=False)
            ],
            reasons[number, ""],
        )
        for number, cells in shown
    ]


def _reasons(run: ImportRun, numbers: list[int]) -> defaultdict[tuple[int, str], str]:
    """(row, heading) -> sentences; of a large file, which has not been read yet, from its first rows alone."""
    if run.counts:
        mistakes = list(run.errors.filter(row__in=numbers).values_list("row", "column", "message"))
    else:
        mistakes = _mistakes_up_to(run, max(numbers, default=0))
    found: defaultdict[tuple[int, str], str] = defaultdict(str)
    for row, column, message in mistakes:
        found[row, column] = f"{found[row, column]} {message}".strip()
    return found


def _mistakes_up_to(run: ImportRun, last: int) -> list[tuple[int, str, str]]:
    found = []
    with closing(facts_of(run)) as facts:
        try:
            for fact in facts:
                if getattr(fact, "row", 0) > last:
                    break
                if isinstance(fact, Mistake):
                    found.append((fact.row, fact.column, fact.message))
        except FileRefused:
            pass  # said when the whole of it is read
    return found
