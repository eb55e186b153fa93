"""Microsoft School Data Sync, formats v2.1 and v1, as a ZIP or a folder. Passwords and demographics are not read.

See https://learn.microsoft.com/schooldatasync/sds-v2.1-csv-file-format and
https://learn.microsoft.com/schooldatasync/sds-v1-csv-file-format.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from .cells import read_kind
from .facts import GONE, HERE, Staged, StagedGuardianship
from .file_sets import FileSet, Session, listed
from .opening import Files
from .refusing import FileRefused

_TEACHING = {"teacher", "professor", "faculty", "instructor", "adjunct", "aide", "proctor", "lecturer", "coteacher"}


def is_school_data_sync(files: Files) -> bool:
    """Whether a folder has people as v2.1 (users) or v1 (student, teacher) has them."""
    return "users" in files or "student" in files


def read_school_data_sync(
    files: Files, *, mapping: dict, dialect: dict, options: dict, country: str
) -> Iterator[Staged]:
    """Yield the facts of a folder of either version. Raises FileRefused."""
    reader = _SecondVersion if "users" in files else _FirstVersion
    yield from reader(files, country, options).facts()


class _SecondVersion(FileSet):
    def facts(self) -> Iterator[Staged]:
        for name in ("users", "roles"):
            if name not in self._files:
                raise FileRefused(_("The ZIP has no %(name)s.csv in it.") % {"name": name})
        yield self._covered()
        for cells in self._each_row("orgs", "sourcedid name"):
            if cells:
                self._name_unit(*cells)
            yield from self._row.facts
        sessions: dict[str, Session] = {}
        yield from self._read_sessions(sessions)
        yield from self._take_years(sessions)
        yield from self._read_classes(sessions)
        yield from self._note_kinds()
        yield from self._read_users()
        yield from self._read_relations()
        yield from self._read_enrolments()

    def _read_sessions(self, sessions: dict[str, Session]) -> Iterator[Staged]:
        month_first = self._is_month_first("academicsessions", "startdate enddate")
        for cells in self._each_row("academicsessions", "sourcedid type schoolyear startdate enddate"):
            if cells:
                key, kind, school_year, starts, ends = cells
                # Here the year is the one in which the school year begins.
                session = self._session(starts, ends, school_year, month_first=month_first)
                session.is_year = kind.lower() == "schoolyear"
                sessions[key] = session
            yield from self._row.facts

    def _read_classes(self, sessions: dict[str, Session]) -> Iterator[Staged]:
        for cells in self._each_row("classes", "sourcedid orgsourcedid title sessionsourcedids", needed="sourcedid"):
            if cells:
                key, school, title, terms = cells
                name = self._row.name(self._heading("title"), title)
                years = [sessions[term].year for term in listed(terms) if term in sessions]
                columns = ("sourcedid", "title", "sessionsourcedids")
                self._take_class(key, name, "class", self._units.get(school, ""), years, columns, gone=False)
            yield from self._row.facts

    def _note_kinds(self) -> Iterator[Staged]:
        for cells in self._each_row("users", "sourcedid", needed="sourcedid"):
            if cells and cells[0]:
                self._people.note(cells[0], "")
        for cells in self._each_row("relationships", "relationshipusersourcedid"):
            if cells and cells[0] in self._people:
                self._people.note(cells[0], "guardian")
        self._unit_of: dict[int, str] = {}
        for cells in self._each_row("roles", "usersourcedid role orgsourcedid", needed="usersourcedid role"):
            if cells:
                key, role, school = cells
                if key not in self._people:
                    self._wrong("usersourcedid", _("There is no such person in users.csv."), key, is_fatal=True)
                else:
                    self._people.note(key, read_kind(role) or "staff")
                    self._unit_of.setdefault(hash(key), self._units.get(school, ""))
            yield from self._row.facts

    def _read_users(self) -> Iterator[Staged]:
        needed = "sourcedid givenname familyname"
        for cells in self._each_row("users", f"{needed} email phone sms", needed=needed):
            if cells:
                key, first, last, email, phone, sms = cells
                if self._check_id(key, f"{first} {last}"):
                    kind, unit = self._people.kind(key) or "contact", self._unit_of.get(hash(key), "")
                    if self._take_person(key, kind, first, last, unit, number=key):
                        self._take_contacts(key, email, phone, sms)
            yield from self._row.facts

    def _read_relations(self) -> Iterator[Staged]:
        wanted = "usersourcedid relationshipusersourcedid relationshiprole"
        for cells in self._each_row("relationships", wanted, needed="usersourcedid relationshipusersourcedid"):
            if cells:
                student, guardian, relation = cells
                if student not in self._people or guardian not in self._people:
                    column = "relationshipusersourcedid" if student in self._people else "usersourcedid"
                    value = guardian if student in self._people else student
                    self._wrong(column, _("There is no such person in users.csv."), value, is_fatal=True)
                elif student == guardian:
                    self._wrong("usersourcedid", _("Nobody is his own guardian."), student, is_fatal=True)
                else:
                    place = self._place("usersourcedid", "relationshipusersourcedid")
                    self._take(StagedGuardianship(student, guardian, relation[:60], place=place))
            yield from self._row.facts

    def _read_enrolments(self) -> Iterator[Staged]:
        needed = "classsourcedid usersourcedid"
        for cells in self._each_row("enrollments", f"{needed} role", needed=needed):
            if cells:
                group, person, role = cells
                kind = "staff" if role.lower() in _TEACHING else read_kind(role) or ("staff" if role else "student")
                # Counsellors and principals write to a class as its teachers do; families are not in it themselves.
                if kind in ("staff", "student"):
                    role = "teacher" if kind == "staff" else "student"
                    self._enrol(person, group, role, HERE, ("usersourcedid", "classsourcedid"))
                else:
                    self._pass_over(role)
            yield from self._row.facts
        yield from self._say_passed_over()


class _FirstVersion(FileSet):
    def facts(self) -> Iterator[Staged]:
        yield self._covered()
        for cells in self._each_row("school", "sisid name", needed="sisid name"):
            if cells:
                self._name_unit(*cells)
            yield from self._row.facts
        yield from self._read_sections()
        yield from self._read_people("student", "student")
        yield from self._read_people("teacher", "staff")
        yield from self._read_guardians()
        yield from self._read_enrolments("studentenrollment", "student")
        yield from self._read_enrolments("teacherroster", "teacher")

    def _read_sections(self) -> Iterator[Staged]:
        month_first = self._is_month_first("section", "termstartdate termenddate")
        terms: dict[str, Session] = {}
        wanted = "sisid schoolsisid sectionname status termstartdate termenddate"
        for cells in self._each_row("section", wanted, needed="sisid sectionname"):
            if cells:
                key, school, title, status, starts, ends = cells
                name = self._row.name(self._heading("sectionname"), title)
                session = terms[starts + ends] = self._session(starts, ends, "", month_first=month_first)
                columns = ("sisid", "sectionname", "termstartdate")
                unit, gone = self._units.get(school, ""), _status(status) == GONE
                self._take_class(key, name, "class", unit, [session.year], columns, gone)
            yield from self._row.facts
        yield from self._take_years(terms)

    def _read_people(self, name: str, kind: str) -> Iterator[Staged]:
        needed = "sisid firstname lastname"
        for cells in self._each_row(name, f"{needed} schoolsisid secondaryemail status", needed=needed):
            if cells:
                key, first, last, school, email, status = cells
                if self._check_id(key, f"{first} {last}", "sisid"):
                    self._people.note(key, kind)
                    unit = self._units.get(school, "")
                    if self._take_person(key, kind, first, last, unit, _status(status), number=key):
                        self._take_contacts(key, email)
            yield from self._row.facts

    def _read_guardians(self) -> Iterator[Staged]:
        """Parents stand by their address: in user.csv with names, in guardianrelationship.csv with their children."""
        for cells in self._each_row("user", "email firstname lastname phone", needed="email"):
            if cells:
                email, first, last, phone = cells
                key = email.lower()
                if self._check_id(key, f"{first} {last}", "email"):
                    self._people.note(key, "guardian")
                    if self._take_person(key, "guardian", first, last):
                        self._take_contacts(key, email, phone)
            yield from self._row.facts
        for cells in self._each_row("guardianrelationship", "sisid email role", needed="sisid email"):
            if cells:
                student, email, role = cells
                if student not in self._people or email.lower() not in self._people:
                    self._wrong("sisid", _("There is no such person in the files."), student, is_fatal=True)
                else:
                    place = self._place("sisid", "email")
                    self._take(StagedGuardianship(student, email.lower(), role[:60], place=place))
            yield from self._row.facts

    def _read_enrolments(self, name: str, role: str) -> Iterator[Staged]:
        for cells in self._each_row(name, "sectionsisid sisid", needed="sectionsisid sisid"):
            if cells:
                self._enrol(cells[1], cells[0], role, HERE, ("sisid", "sectionsisid"))
            yield from self._row.facts


def _status(text: str) -> str:
    return HERE if text.lower() in ("", "active") else GONE
