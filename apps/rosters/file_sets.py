"""What the formats of several CSV files have in common: rows by columns, people known by id, years, classes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .cells import RowFacts, is_month_first, read_day
from .facts import (
    GONE,
    HERE,
    Coverage,
    Staged,
    StagedEnrolment,
    StagedGroup,
    StagedPerson,
    StagedPlaces,
    StagedUnit,
    StagedYear,
)
from .finding_columns import find_columns
from .known_people import KnownPeople
from .opening import Files
from .refusing import FileRefused
from .school_years import span_name, year_name

_ROLES_NAMED = 5


@dataclass
class Session:
    """A term or year of the file. `year`: the name of the school year in which it lies."""

    year: str
    starts: date | None
    ends: date | None
    parent: str = ""
    is_year: bool = False


class FileSet:
    """A folder that is read file by file. Subclasses say in facts() what is read, and in which order."""

    def __init__(self, files: Files, country: str, options: dict):
        self._files = files
        self._country = country
        self._year = options.get("year", "")
        self._coverage = "delta" if options.get("coverage") == "delta" else "bulk"
        self._people = KnownPeople()
        # Those on record by their numbers: a file of changes may name them without telling of them.
        self._units: dict[str, str] = dict(options.get("units", {}))
        self._classes: dict[str, str] = {}
        self._row = RowFacts(country)
        self._headings: dict[str, str] = {}
        self._places: dict[tuple[str, str, str], StagedPlaces] = {}
        # Enrolments in other roles: how many, the row of the first, and some of the roles.
        self._passed_over, self._first_passed_over = 0, 0
        self._other_roles: set[str] = set()

    @property
    def _is_delta(self) -> bool:
        return self._coverage == "delta"

    def _covered(self) -> Coverage:
        return Coverage(self._coverage)

    def _each_row(self, name: str, wanted: str, needed: str = "") -> Iterator[list[str]]:
        """Begin each row of a file: its cells in the order of `wanted` (plain headings), empty where there is none.

        Rows with too few or too many cells are mistakes. Nothing where the file is missing.
        Raises FileRefused when a column of `needed` is missing.
        """
        if name not in self._files:
            return
        table, columns = self._files.table(name), wanted.split()
        found = find_columns(table.header, columns)
        missing = [each for each in needed.split() if each not in found]
        if missing:
            words = {"file": self._files.shown_name(name), "column": ", ".join(missing)}
            raise FileRefused(_("%(file)s has no column %(column)s.") % words)
        width = len(table.header)
        self._row.file = self._files.shown_name(name)
        self._headings = {each: table.header[place] for each, place in found.items()}
        places = [found.get(each, width) for each in columns]
        try:
            for number, cells in table.rows():
                self._row.begin(number)
                if len(cells) > width:
                    cells = self._without_empty_end(cells, width)
                if len(cells) != width:
                    words_of = {"cells": len(cells), "names": width}
                    message = _("This row has %(cells)s cells; the first row has %(names)s names.") % words_of
                    self._row.mistake("", message, is_fatal=True)
                    yield []
                    continue
                cells.append("")
                yield [cells[place].strip() for place in places]
        except FileRefused as refusal:
            raise FileRefused(f"{self._files.shown_name(name)}: {refusal}") from None

    @staticmethod
    def _without_empty_end(cells: list[str], width: int) -> list[str]:
        return cells if any(map(str.strip, cells[width:])) else cells[:width]

    def _heading(self, name: str) -> str:
        return self._headings.get(name, name)

    def _wrong(self, column: str, message: str, value: str = "", *, is_fatal: bool = False) -> None:
        self._row.mistake(self._heading(column), message, value, is_fatal=is_fatal)

    def _take(self, fact: Staged) -> None:
        self._row.facts.append(fact)

    def _name_unit(self, key: str, name: str) -> None:
        name = self._row.name(self._heading("name"), name)
        if key and not self._row.is_left_out():
            self._units[key] = name
            self._take(StagedUnit(key[:200], name))

    def _place(self, first: str, second: str) -> int:
        """The place of a pair that the row at hand names by these two columns."""
        columns = (self._row.file, self._heading(first), self._heading(second))
        places = self._places.get(columns)
        if places is None:
            places = self._places[columns] = StagedPlaces(len(self._places), *columns)
            self._take(places)
        return places.at(self._row.row)

    def _take_years(self, sessions: dict[str, Session]) -> list[StagedYear]:
        """The school years of the sessions, each from its first day to its last; a whole year counts before terms."""
        years: dict[str, list[Session]] = {}
        for session in sessions.values():
            if session.year:
                years.setdefault(session.year, []).append(session)
        facts = []
        for name, terms in years.items():
            terms = [each for each in terms if each.is_year] or terms
            starts = min((each.starts for each in terms if each.starts), default=None)
            ends = max((each.ends for each in terms if each.ends), default=None)
            facts.append(StagedYear(name, name, starts.isoformat() if starts else "", ends.isoformat() if ends else ""))
        return facts

    def _session(self, starts: str, ends: str, school_year: str, *, month_first: bool) -> Session:
        first, last = self._day("startdate", starts, month_first), self._day("enddate", ends, month_first)
        if first and last and first > last:
            self._wrong("enddate", _("It ends before it begins."), ends)
            last = None
        name = year_name(first, last)
        if not name and school_year.isdigit() and len(school_year) == 4:
            name = span_name(int(school_year) + self._year_offset)
        return Session(name or school_year[:40], first, last)

    # What is added to the number of a year to get the one in which it begins.
    _year_offset = 0

    def _day(self, column: str, text: str, month_first: bool) -> date | None:
        found = read_day(text, month_first) if text else None
        if text and found is None:
            self._wrong(column, _("“%(text)s” is not a day.") % {"text": text[:40]}, text)
        return found

    def _is_month_first(self, name: str, columns: str) -> bool:
        """Whether a file writes 9/30/2026: one day that can be read in no other way decides for all."""
        if self._country == "US":
            return True
        return any(is_month_first(cell) for cells in self._each_row(name, columns) for cell in cells)

    def _check_id(self, key: str, name: str, column: str = "sourcedid") -> bool:
        """Whether the id of a person's row can be taken; else the row is left out."""
        if not key:
            self._wrong(column, _("The id is missing."), is_fatal=True)
        elif len(key) > 200:
            self._wrong(column, _("The id has more than 200 characters."), key, is_fatal=True)
        elif not name.strip():
            self._wrong("givenname", _("This row has no name."), is_fatal=True)
        elif self._people.belongs_to_another(key, name):
            words = {"id": key[:40]}
            self._wrong(
                column, _("The id %(id)s stands in a row before, with another name.") % words, key, is_fatal=True
            )
        else:
            return True
        return False

    def _take_person(
        self, key: str, kind: str, first: str, last: str, unit: str = "", status: str = HERE, *, number: str = ""
    ) -> bool:
        """Take in a person whose id was checked, by its columns of names; False when the row had to be left out."""
        row = self._row
        first, last = row.name(self._heading("givenname"), first), row.name(self._heading("familyname"), last)
        if row.is_left_out():
            return False
        self._take(
            StagedPerson(
                key,
                kind,
                number,
                first_name=first,
                last_name=last,
                unit=unit,
                status=status,
                row=row.row,
                file=row.file,
            )
        )
        return True

    def _take_contacts(self, key: str, email: str, phone: str = "", sms: str = "") -> None:
        if email:
            self._row.add_emails(key, self._heading("email"), email)
        for column, text in (("phone", phone), ("sms", "" if sms == phone else sms)):
            if text:
                self._row.add_phones(key, self._heading(column), text)

    def _take_class(
        self, key: str, name: str, kind: str, unit: str, years: list[str], columns: tuple[str, str, str], gone: bool
    ) -> None:
        """Take in a class; `columns`: the headings of id, name and terms. In several years it counts in the latest."""
        if not key:
            self._wrong(columns[0], _("The id is missing."), is_fatal=True)
        elif self._classes.get(key, name) != name:
            self._wrong(columns[0], _("The id %(id)s stands twice.") % {"id": key[:40]}, key, is_fatal=True)
        elif not name and not gone:
            self._wrong(columns[1], _("This class has no name."), is_fatal=True)
        if self._row.is_left_out():
            return
        self._classes[key] = name
        years = sorted({year for year in years if year})
        if len(years) > 1:
            words = {"years": ", ".join(years), "year": years[-1]}
            said = _("The class is in %(years)s. It is taken for %(year)s.") % words
            self._row.remark(self._heading(columns[2]), said)
        # Of a file of changes, which need not name the terms again, the record knows the year.
        year = years[-1] if years else "" if self._is_delta else self._year
        self._take(StagedGroup(key, kind, name, unit, year, key, GONE if gone else HERE))

    def _enrol(
        self, person: str, group: str, role: str, status: str, columns: tuple[str, str], number: str = ""
    ) -> None:
        """One row of enrolments; `columns`: the headings of person and class, for what is wrong. `number`: its own."""
        if self._is_delta and status == GONE and number and not (person and group):
            person, group = "", ""
        elif group not in self._classes and not self._is_delta:
            self._wrong(columns[1], _("There is no such class in the files."), group, is_fatal=True)
        elif person not in self._people and not self._is_delta:
            self._wrong(columns[0], _("There is no such person in the files."), person, is_fatal=True)
        elif not person or not group:
            self._wrong("", _("The id is missing."), is_fatal=True)
        if not self._row.is_left_out():
            self._take(StagedEnrolment(person, group, role, status, self._place(*columns), number[:200]))

    def _pass_over(self, role: str) -> None:
        """Count a row of enrolments whose role puts nobody into a class."""
        self._passed_over += 1
        self._first_passed_over = self._first_passed_over or self._row.row
        if len(self._other_roles) < _ROLES_NAMED:
            self._other_roles.add(role[:40])

    def _say_passed_over(self) -> Iterator[Staged]:
        """One line for all of them; call it when the enrolments have been read."""
        if self._passed_over:
            roles = ", ".join(sorted(self._other_roles))
            message = ngettext(
                "%(number)s row is passed over: its role (%(roles)s) is neither that of a student nor a teacher.",
                "%(number)s rows are passed over: their role (%(roles)s) is neither that of a student nor a teacher.",
                self._passed_over,
            )
            self._row.begin(self._first_passed_over)
            self._wrong("role", message % {"number": self._passed_over, "roles": roles}, roles)
            yield from self._row.facts


def listed(text: str) -> list[str]:
    """The ids of a list: `a,b`, `a;b`, `["a", "b"]`."""
    if not text:
        return []
    if text.isalnum():
        return [text]
    return [part for each in text.strip("[]").replace(";", ",").split(",") if (part := each.strip().strip("\"'"))]
