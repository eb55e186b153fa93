"""Any single table by a mapping: a row is a person, with up to four guardians in its columns."""

from collections import defaultdict
from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.normalizing import split_name

from .cells import RowFacts, read_day, read_kind, read_language
from .columns import GUARDIANS
from .facts import (
    GONE,
    HERE,
    Coverage,
    Mistake,
    Staged,
    StagedConsent,
    StagedEnrolment,
    StagedGroup,
    StagedGuardianship,
    StagedPerson,
    StagedPlaces,
    row_and_columns,
)
from .mending import Mender
from .opening import Files
from .refusing import FileRefused
from .school_years import read_school_year
from .seen_before import SeenGuardians, SeenNumbers
from .tables import OpenTable

_CONSENTS = ("commercial", "photographs")


def read_people_table(files: Files, *, mapping: dict, dialect: dict, options: dict, country: str) -> Iterator[Staged]:
    """Yield the facts of a table. Raises FileRefused."""
    table = files.only_table(dialect.get("encoding", ""), dialect.get("delimiter", ""))
    fields = mapping.get("fields", [])
    if len(fields) != len(table.header):
        raise FileRefused(
            _("The file has %(now)s columns; its mapping was made for %(then)s. Choose the columns again.")
            % {"now": len(table.header), "then": len(fields)}
        )
    yield Coverage("delta" if options.get("coverage") == "delta" else "bulk")
    yield from _TableReader(table, fields, options, country).facts()


class _Columns:
    """The places of one person's columns in a row; -1 where there is none, several for addresses and numbers."""

    def __init__(self, header: list[str], fields: list[str], prefix: str):
        self.places: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(fields):
            if name.startswith(prefix):
                self.places[name.removeprefix(prefix)].append(place)
        self.header = header
        self.first, self.last = self.one("first_name"), self.one("last_name")
        self.second_last, self.full = self.one("last_name_2"), self.one("full_name")
        self.document, self.number = self.one("document"), self.one("external_id")
        self.relation, self.language = self.one("relation"), self.one("language")
        self.emails, self.phones = self.places["email"], self.places["phone"]
        self.communication = self.places["communication"]
        self.all = [place for places in self.places.values() for place in places]
        # By which the person is named: the number, or what stands first.
        self.place = self.number if self.number >= 0 or not self.all else self.all[0]
        # What is said of the person: each column with its name, since the same words in others mean another.
        told = sorted((name, place) for name, places in self.places.items() for place in places if name != "relation")
        self._names_told = "\n".join(name for name, _place in told)
        self._told = [place for _name, place in told]

    def one(self, name: str) -> int:
        return self.places[name][0] if self.places.get(name) else -1

    def told(self, cells: list[str]) -> tuple[str, ...]:
        """What a row says of the person, comparable with other rows and columns; () when nothing."""
        told = [cells[place] for place in self._told]
        return (self._names_told, *told) if any(told) else ()

    def names(self, cells: list[str]) -> tuple[str, str]:
        """First and last name; `cells` has an empty cell at the end, which is where -1 points."""
        first, last = cells[self.first], cells[self.last]
        if cells[self.second_last]:
            last = f"{last} {cells[self.second_last]}".strip()
        full = cells[self.full]
        if not full or first:
            return first, last
        # Beside a last name in a column of its own, the other one is the first.
        return (full, last) if last else split_name(full)


def with_letter(name: str, letter: str) -> str:
    """`5º`, `A` -> `5º A`; a class that has its letter already stays as it is."""
    has_letter = name.casefold().endswith(letter.casefold()) and not name[: -len(letter)][-1:].isalpha()
    return name if has_letter else f"{name} {letter}"


def _taken(number: str, row: int) -> str:
    words = {"row": row, "number": number[:40]}
    return _("The number %(number)s stands in row %(row)s already, with another name.") % words


class _TableReader:
    def __init__(self, table: OpenTable, fields: list[str], options: dict, country: str):
        self._table = table
        self._header = [*table.header, ""]
        self._facts = RowFacts(country)
        self._seen, self._seen_guardians = SeenNumbers(), SeenGuardians()
        self._new_guardians: list[tuple[tuple[str, ...], int]] = []
        self._groups: set[tuple[str, ...]] = set()
        self._year = options.get("year", "")
        self._kind = options.get("kind") or "student"
        own = [name if not name.startswith("guardian") else "" for name in fields]
        self._own = _Columns(self._header, own, "")
        self._guardians = [
            (number, columns)
            for number, name in enumerate(GUARDIANS, start=1)
            if (columns := _Columns(self._header, fields, f"{name}_")).all
        ]
        self._letter_place = self._own.one("group_letter")
        self._kind_place, self._unit_place = self._own.one("kind"), self._own.one("unit")
        self._left_place, self._year_place = self._own.one("left"), self._own.one("year")
        number = self._header[self._own.number]
        self._groups_at = [
            (place, StagedPlaces(turn, "", number, self._header[place]))
            for turn, place in enumerate(self._own.places["group"])
        ]
        self._guardians_at = {
            guardian: StagedPlaces(100 + guardian, "", number, self._header[columns.place])
            for guardian, columns in self._guardians
        }
        self._consents = [(name, self._own.one(name)) for name in _CONSENTS if self._own.one(name) >= 0]
        self._today = timezone.localdate()
        self._mender = Mender(table.header, options)

    def facts(self) -> Iterator[Staged]:
        width = len(self._table.header)
        facts = self._facts
        yield from (places for _place, places in self._groups_at)
        yield from self._guardians_at.values()
        for row, cells in self._table.rows():
            facts.begin(row)
            cells = self._mender.mend(row, cells)
            if len(cells) == width:
                cells = [cell.strip() for cell in cells]
                cells.append("")
                self._read_row(row, cells)
            else:
                self._read_odd_row(row, cells, width)
            yield from facts.facts

    def _read_odd_row(self, row: int, cells: list[str], width: int) -> None:
        """A row with more or fewer cells: nothing but empty cells may be too many."""
        numbers = {"cells": len(cells), "names": width}
        if len(cells) > width and not any(map(str.strip, cells[width:])):
            self._read_row(row, [*(cell.strip() for cell in cells[:width]), ""])
        else:
            message = _("This row has %(cells)s cells; the first row has %(names)s names.") % numbers
            self._facts.mistake("", message, is_fatal=True)

    def _read_row(self, row: int, cells: list[str]) -> None:
        facts, own = self._facts, self._own
        first, last = self._names(own, cells)
        if not first and not last:
            facts.mistake("", _("This row has no name."), is_fatal=True)
        if facts.is_left_out():
            return
        kind = self._kind_of(cells[self._kind_place])
        number = self._number(row, cells[own.number], first, last)
        unit = facts.name(self._header[self._unit_place], cells[self._unit_place])
        if facts.is_left_out():
            return
        key = number or f"row {row}"
        facts.facts.append(
            StagedPerson(
                key=key,
                kind=kind,
                external_id=number,
                document=facts.document(self._header[own.document], cells[own.document]),
                first_name=first,
                last_name=last,
                language=facts.choice(self._header[own.language], cells[own.language], read_language),
                unit=unit,
                status=self._status(cells[self._left_place]),
                row=row,
            )
        )
        self._add_contacts(key, own, cells)
        new_groups = self._add_groups(key, kind, unit, cells)
        for name, place in self._consents:
            granted = facts.yes_or_no(self._header[place], cells[place])
            if granted is not None:
                facts.facts.append(StagedConsent(key, name, granted))
        self._new_guardians = []
        for guardian, columns in self._guardians:
            self._add_guardian(guardian, key, columns, cells)
        if facts.is_left_out():
            facts.facts = [fact for fact in facts.facts if type(fact) is Mistake]
            self._groups -= new_groups
            return
        for told, place in self._new_guardians:
            self._seen_guardians.remember(told, place)

    def _names(self, columns: _Columns, cells: list[str]) -> tuple[str, str]:
        first, last = columns.names(cells)
        name, header = self._facts.name, self._header
        return name(header[columns.first] or header[columns.full], first), name(
            header[columns.last] or header[columns.full], last
        )

    def _kind_of(self, word: str) -> str:
        """Nobody is taken for a student of whom the file says something else that is not understood."""
        kind = read_kind(word)
        if word and not kind:
            message = _("“%(text)s” is not understood here.") % {"text": word[:40]}
            self._facts.mistake(self._header[self._kind_place], message, word, is_fatal=True)
        return kind or self._kind

    def _number(self, row: int, number: str, first: str, last: str) -> str:
        """The number of the row in the school's own system, unless it was another person's before."""
        if not number:
            return ""
        heading = self._header[self._own.number]
        number = self._facts.name(heading, number)
        name = f"{first} {last}"
        before = self._seen.row_of_another(number, name, row)
        if before:
            self._facts.mistake(heading, _taken(number, before), number, is_fatal=True)
        return number

    def _guardian_number(self, columns: _Columns, number: str, first: str, last: str) -> str | None:
        """The number of a guardian; None when it is that of somebody who has a row, with another name.

        In the rows of brothers and sisters the name of a guardian may be spelt in other ways.
        """
        if not number:
            return ""
        heading, name = self._header[columns.number], f"{first} {last}"
        number = self._facts.name(heading, number)
        before = self._seen.seen_with_another(number, name)
        if before:
            self._facts.mistake(heading, _taken(number, before), number)
            return None
        return number

    def _status(self, text: str) -> str:
        """Gone: a day that has come, or yes."""
        if not text:
            return HERE
        day = read_day(text, self._facts.country == "US")
        if day:
            return GONE if day <= self._today else HERE
        left = self._facts.yes_or_no(self._header[self._left_place], text)
        return GONE if left else HERE

    def _add_contacts(self, key: str, columns: _Columns, cells: list[str]) -> int:
        facts, header = self._facts, self._header
        added = 0
        for place in columns.emails:
            if cells[place]:
                added += facts.add_emails(key, header[place], cells[place])
        for place in columns.phones:
            if cells[place]:
                added += facts.add_phones(key, header[place], cells[place])
        for place in columns.communication:
            if cells[place]:
                facts.add_emails(key, header[place], cells[place], "communication")
        return added

    def _add_groups(self, key: str, kind: str, unit: str, cells: list[str]) -> set[tuple[str, ...]]:
        """Returns those that stand in this row first."""
        new: set[tuple[str, ...]] = set()
        facts = self._facts
        role = "teacher" if kind == "staff" else "student"
        year = self._year_of(cells[self._year_place])
        if year is None:
            return new
        for place, places in self._groups_at:
            if not cells[place]:
                continue
            letter = cells[self._letter_place] if places.number == 0 else ""
            name = facts.name(self._header[place], with_letter(cells[place], letter) if letter else cells[place])
            parts = (unit, name, year) if year else (unit, name)
            group = "\n".join(parts)
            if parts not in self._groups:
                self._groups.add(parts)
                new.add(parts)
                facts.facts.append(StagedGroup(group, "class", name, unit, year or self._year))
            facts.facts.append(StagedEnrolment(key, group, role, place=places.at(facts.row)))
        return new

    def _year_of(self, text: str) -> str | None:
        """The year that a row says, "" where it says none; None, and a mistake, when it is not understood."""
        year = read_school_year(text, "-" in (self._year or "-")) if text else ""
        if text and not year:
            message = _("“%(text)s” is not a school year. Write 2026-27.") % {"text": text[:40]}
            self._facts.mistake(self._header[self._year_place], message, text)
            return None
        return year

    def _add_guardian(self, guardian: int, student: str, columns: _Columns, cells: list[str]) -> None:
        told = columns.told(cells)
        if not told:
            return
        place = self._guardians_at[guardian].at(self._facts.row)
        before = self._seen_guardians.place_of(told)
        key = _guardian_key(before) if before else self._new_guardian(place, student, columns, cells, told)
        if key:
            relation = cells[columns.relation][:60]
            self._facts.facts.append(StagedGuardianship(student, key, relation, place=place))

    def _new_guardian(
        self, place: int, student: str, columns: _Columns, cells: list[str], told: tuple[str, ...]
    ) -> str:
        """The key of a guardian who is read here; "" when nobody can be made of it."""
        facts, header = self._facts, self._header
        first, last = self._names(columns, cells)
        if not first and not last:
            facts.mistake(header[columns.all[0]], _("A guardian has an address or number, but no name."))
            return ""
        number = self._guardian_number(columns, cells[columns.number], first, last)
        if number is None:
            return ""
        if number and number == student:
            # Of age, and his own guardian in the school's system: the addresses are his.
            facts.mistake(header[columns.number], _("Nobody is his own guardian."), number)
            self._add_contacts(student, columns, cells)
            return ""
        # Apart from whoever has a row: one of that number may come, with another name.
        key = f"guardian {number}" if number else _guardian_key(place)
        start = len(facts.facts)
        document = facts.document(header[columns.document], cells[columns.document])
        language = facts.choice(header[columns.language], cells[columns.language], read_language)
        facts.facts.append(StagedPerson(key, "guardian", number, document, first, last, language, row=facts.row))
        reachable = self._add_contacts(key, columns, cells)
        # The same name with the same address is the same guardian. A mistake is named in each row that has it.
        if reachable and not number and not any(type(fact) is Mistake for fact in facts.facts[start:]):
            self._new_guardians.append((told, place))
        return key


def _guardian_key(place: int) -> str:
    """By the row and the columns in which the guardian stands first (StagedPlaces)."""
    row, columns = row_and_columns(place)
    return f"row {row} guardian {columns}"
