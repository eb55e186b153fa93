"""Facts into temporary tables of this connection, a portion at a time: the file is never in memory as a whole.

Nothing here touches what is on record; the tables are gone when the block of staged() ends.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from django.db import connection, transaction

from apps.core.large_sets import keep_temporary_tables_in_memory
from apps.recipients.models import Person
from apps.rosters.facts import (
    Coverage,
    Mistake,
    Remark,
    Staged,
    StagedConsent,
    StagedContact,
    StagedEnrolment,
    StagedFamily,
    StagedGroup,
    StagedGuardianship,
    StagedPerson,
    StagedPlaces,
    StagedUnit,
    StagedYear,
    row_and_columns,
)

PORTION = 20_000
MISTAKES_KEPT = 500
REMARKS_KEPT = 100

# A table for each kind of fact, with a column for each of its fields.
_TABLES: dict[type, str] = {
    StagedPerson: "staged_person",
    StagedContact: "staged_contact",
    StagedGuardianship: "staged_guardianship",
    StagedGroup: "staged_group",
    StagedFamily: "staged_family",
    StagedEnrolment: "staged_enrolment",
    StagedUnit: "staged_unit",
    StagedYear: "staged_year",
    StagedConsent: "staged_consent",
}
_TYPES = {str: "text", int: "bigint", bool: "boolean"}
_COLUMN_OF = {"row": "row_number"}  # ROW is a word of SQL
# n: the place in the file.
_BEHIND = {StagedPerson: ("n bigint", "search_name text"), StagedContact: ("n bigint",)}
# SQLite finds by these; PostgreSQL hashes the whole tables, which is quicker than to keep indexes.
_INDEXES = (
    "staged_person (key)",
    "staged_person (n)",
    "staged_contact (person_key)",
    "staged_guardianship (guardian_key)",
)


@dataclass
class Stage:
    """What came in: `rows` of the file, `people`, `mistakes` in all, and `left_out`, the rows that are not loaded.

    `remarks`: of rows that are loaded. `first_mistakes` and `first_remarks` are as many as a run keeps. `broken_files`
    are those with rows that were left out; `holds_back`: for their sake nobody is taken for missing. `places` are known
    by their numbers. `groups` are new ones; `groups_changed`: by unit, name or number; `kept_away`: taken away by hand.
    """

    coverage: str = ""
    rows: int = 0
    people: int = 0
    mistakes: int = 0
    left_out: int = 0
    remarks: int = 0
    first_remarks: list[Remark] = field(default_factory=list)
    first_mistakes: list[Mistake] = field(default_factory=list)
    broken_files: set[str] = field(default_factory=set)
    holds_back: bool = False
    places: dict[int, StagedPlaces] = field(default_factory=dict)
    groups: int = 0
    groups_changed: int = 0
    kept_away: int = 0
    _last_row: tuple[str, int] = ("", -1)
    _last_broken: tuple[str, int] = ("", -1)

    def note_row(self, file: str, row: int) -> None:
        if (file, row) != self._last_row:
            self.rows += 1
            self._last_row = (file, row)

    def where(self, place: int, side: int = 0) -> tuple[int, str, str]:
        """Row, file and heading of a place: `side` 0 is the first of the two that stand there, 1 the second."""
        row, number = row_and_columns(place)
        known = self.places.get(number)
        heading = "" if known is None else known.second if side else known.first
        return (row, known.file if known else "", heading)

    def counts(self) -> dict[str, int]:
        """What the file says of itself, before it is compared with anything."""
        names = ("rows", "people", "mistakes", "left_out", "remarks")
        return {name: getattr(self, name) for name in names}

    def shown_remarks(self) -> dict[str, list[dict]]:
        """The first remarks, as a run keeps them among its examples."""
        return {"remarks": [each._asdict() for each in self.first_remarks]} if self.first_remarks else {}

    def note_mistake(self, mistake: Mistake) -> None:
        """Count a mistake, and keep it if it is one of the first."""
        self.mistakes += 1
        if len(self.first_mistakes) < MISTAKES_KEPT:
            self.first_mistakes.append(mistake)
        if not mistake.is_fatal:
            return
        self.note_row(mistake.file, mistake.row)
        if (mistake.file, mistake.row) != self._last_broken:
            self.left_out += 1
            self._last_broken = (mistake.file, mistake.row)
            self.broken_files.add(mistake.file)


def _columns(kind: type) -> str:
    """The columns of the table for a fact: its fields, and what is put behind them."""
    fields = [f"{_COLUMN_OF.get(name, name)} {_TYPES[of]}" for name, of in get_type_hints(kind).items()]
    return ", ".join([*fields, *_BEHIND.get(kind, ())])


def note(stage: Stage, fact: Staged) -> None:
    """Count a fact without taking it in."""
    if isinstance(fact, StagedPerson):
        stage.people += 1
        stage.note_row(fact.file, fact.row)
    elif isinstance(fact, Mistake):
        stage.note_mistake(fact)
    elif isinstance(fact, Remark):
        stage.remarks += 1
        if len(stage.first_remarks) < REMARKS_KEPT:
            stage.first_remarks.append(fact)
    elif isinstance(fact, Coverage):
        stage.coverage = fact.of
    elif isinstance(fact, StagedPlaces):
        stage.places[fact.number] = fact


@contextmanager
def staged(facts: Iterable[Staged], progress: Callable[[int], None] = lambda done: None) -> Iterator[Stage]:
    """Take all facts in; inside the block they stand in the tables `staged_...`. `progress` is told the rows so far.

    Whatever the reader raises passes through, and leaves no tables behind.
    """
    _drop_tables()
    _keep_on_disk()
    keep_temporary_tables_in_memory()
    with connection.cursor() as cursor:
        for kind, table in _TABLES.items():
            cursor.execute(f"CREATE TEMPORARY TABLE {table} ({_columns(kind)})")
    try:
        stage = _Intake(progress).take(facts)
        _prepare_for_reading()
        yield stage
    finally:
        # In a transaction that is broken they go with it.
        if not (connection.in_atomic_block and connection.needs_rollback):
            _drop_tables()


class _Intake:
    def __init__(self, progress: Callable[[int], None]):
        self._stage = Stage()
        self._progress = progress
        self._portions: dict[type, list[tuple]] = {kind: [] for kind in _TABLES}
        self._waiting = 0
        self._number = 0

    def take(self, facts: Iterable[Staged]) -> Stage:
        portions = self._portions
        for fact in facts:
            kind: Any = type(fact)
            if kind is StagedPerson:
                portions[kind].append(self._person(fact))  # type: ignore[arg-type]
            elif kind is StagedContact:
                self._number += 1
                portions[kind].append((*fact, self._number))
            elif kind in portions:
                portions[kind].append(tuple(fact))
            else:
                note(self._stage, fact)
                continue
            self._waiting += 1
            if self._waiting >= PORTION:
                self._write()
        self._write()
        return self._stage

    def _person(self, person: StagedPerson) -> tuple:
        self._number += 1
        note(self._stage, person)
        return (*person, self._number, Person.make_search_name(person.first_name, person.last_name))

    def _write(self) -> None:
        for kind, rows in self._portions.items():
            if rows:
                _insert(_TABLES[kind], rows)
                rows.clear()
        self._waiting = 0
        self._progress(self._stage.rows)


def _insert(table: str, rows: list[tuple]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(rows[0]))
            with transaction.atomic(savepoint=False):
                cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def _keep_on_disk() -> None:
    """SQLite is set to have temporary tables in memory: those of a whole school are better in a file."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA temp_store = FILE")


def _prepare_for_reading() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Rows looked at, in hundreds: for tables that are compared as a whole more of them change no plan.
            few = "SET default_statistics_target = 10"
            cursor.execute(f"{few}; ANALYZE {', '.join(_TABLES.values())}; RESET default_statistics_target")
            return
        for number, index in enumerate(_INDEXES):
            cursor.execute(f"CREATE INDEX temp.staged_by_{number} ON {index}")


def _drop_tables() -> None:
    with connection.cursor() as cursor:
        for table in _TABLES.values():
            cursor.execute(f"DROP TABLE IF EXISTS {'pg_temp' if connection.vendor == 'postgresql' else 'temp'}.{table}")
