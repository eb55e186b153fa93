"""OneRoster 1.1 and 1.2 CSV, as a ZIP or a folder. Passwords and demographics are not read.

See https://www.imsglobal.org/oneroster-v11-final-csv-tables and
https://www.imsglobal.org/spec/oneroster/v1p2/bind/csv.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .cells import read_kind
from .facts import GONE, HERE, Remark, Staged, StagedFamily, StagedGuardianship
from .file_sets import FileSet, Session, listed
from .finding_columns import find_columns, plain_heading
from .opening import Files
from .refusing import FileRefused

_USED = ("users", "roles", "orgs", "academicsessions", "classes", "enrollments")
_SIGNS = ("agentsourcedids", "enableduser", "orgsourcedids", "primaryorgsourcedid", "usermasteridentifier")
# Kinds of organisation above a school: nobody is in one of them as in a unit.
_ABOVE = {"district", "local", "state", "national"}
_SAYS_GONE = {"tobedeleted", "inactive", "deleted"}
_TEACHING = {"teacher", "aide", "proctor", "administrator"}
# Of the roles of 1.1 and 1.2 those that are no word of a table; the others read_kind() knows.
_STAFF = {"districtadministrator", "siteadministrator", "systemadministrator"}
_UNKNOWN_ROLES_NAMED = 20
_OF_FAMILIES = ("student", "guardian")


def is_oneroster(files: Files) -> bool:
    """Whether a folder has a manifest, or a users.csv with columns that only OneRoster has."""
    if "manifest" in files:
        return True
    return "users" in files and bool(find_columns(files.table("users").header, _SIGNS))


def read_oneroster(files: Files, *, mapping: dict, dialect: dict, options: dict, country: str) -> Iterator[Staged]:
    """Yield the facts of a folder. Raises FileRefused."""
    yield from _OneRoster(files, country, options).facts()


class _OneRoster(FileSet):
    # The year of OneRoster is the one in which the school year ends.
    _year_offset = -1

    def __init__(self, files: Files, country: str, options: dict):
        super().__init__(files, country, options)
        # How many have each role that is not known, and the row of the first.
        self._unknown_roles: dict[str, tuple[int, int]] = {}
        # Of changes: students whose row names no guardian, and the row of the first; which guardians name students.
        self._without_guardians, self._students_name = (0, 0), False
        self._naming_guardians: list[str] = []
        self._without_role = (0, 0)
        self._kinds_on_record = options.get("kinds", tuple)

    def facts(self) -> Iterator[Staged]:
        complaints = self._read_manifest()
        if "users" not in self._files and not self._is_delta:
            raise FileRefused(_("There is no %(name)s in it.") % {"name": "users.csv"})
        yield self._covered()
        yield from complaints
        yield from self._read_units()
        sessions, mistakes = self._read_sessions()
        yield from mistakes
        yield from self._take_years(sessions)
        yield from self._read_classes(sessions)
        yield from self._note_kinds()
        yield from self._read_users()
        yield from self._read_enrolments()

    def _read_manifest(self) -> list[Remark]:
        """Learn which files hold everything and which only changes; says what does not agree with the files."""
        modes: dict[str, tuple[int, str]] = {}
        if "manifest" in self._files:
            for number, cells in self._files.table("manifest").rows():
                name, mode = ([*map(str.strip, cells), "", ""])[:2]
                if name.lower().startswith("file."):
                    modes[plain_heading(name[5:])] = (number, mode.lower())
        if any(modes.get(name, (0, ""))[1] == "delta" for name in _USED):
            self._coverage = "delta"
        elif any(modes.get(name, (0, ""))[1] == "bulk" for name in _USED):
            self._coverage = "bulk"
        complaints = []
        for name in _USED:
            number, mode = modes.get(name, (0, ""))
            is_there = name in self._files
            if is_there == (mode in ("bulk", "delta")) or not mode:
                continue
            words = {"file": f"{name}.csv", "mode": mode[:20]}
            message = (
                _("%(file)s is there, though the manifest says “%(mode)s”. It is read.")
                if is_there
                else _("%(file)s is missing, though the manifest says “%(mode)s”.")
            )
            shown = self._files.shown_name("manifest")
            complaints.append(Remark(number, "value", message % words, shown, mode[:300]))
        return complaints

    def _read_units(self) -> Iterator[Staged]:
        for cells in self._each_row("orgs", "sourcedid status name type"):
            if cells:
                key, _status, name, kind = cells
                if key and kind.lower() not in _ABOVE:
                    self._name_unit(key, name)
            yield from self._row.facts

    def _unit(self, ids: str) -> str:
        return next((self._units[each] for each in listed(ids) if each in self._units), "")

    def _read_sessions(self) -> tuple[dict[str, Session], list[Staged]]:
        """Terms are few: they are kept, for a term may stand before the year to which it belongs."""
        sessions: dict[str, Session] = {}
        facts: list[Staged] = []
        month_first = self._is_month_first("academicsessions", "startdate enddate")
        for cells in self._each_row("academicsessions", _SESSION):
            if cells:
                key, status, kind, starts, ends, parent, school_year = cells
                session = self._session(starts, ends, school_year, month_first=month_first)
                session.parent, session.is_year = parent, kind.lower() == "schoolyear"
                if key and status.lower() not in _SAYS_GONE:
                    sessions[key] = session
            facts += self._row.facts
        for session in sessions.values():
            session.year = _year_above(session, sessions)
        return sessions, facts

    def _read_classes(self, sessions: dict[str, Session]) -> Iterator[Staged]:
        for cells in self._each_row("classes", _CLASS, needed="sourcedid"):
            if cells:
                self._read_class(cells, sessions)
            yield from self._row.facts

    def _read_class(self, cells: list[str], sessions: dict[str, Session]) -> None:
        key, status, title, kind, code, school, terms = cells
        name = self._row.name(self._heading("title"), title or code)
        years = [sessions[term].year for term in listed(terms) if term in sessions]
        kind = "subject" if kind.lower() == "scheduled" else "class"
        columns = ("sourcedid", "title", "termsourcedids")
        self._take_class(key, name, kind, self._unit(school), years, columns, status.lower() in _SAYS_GONE)

    def _note_kinds(self) -> Iterator[Staged]:
        """Read the roles alone first: who is whose guardian depends on what both of them are.

        In 1.1 they stand with the users. Their mistakes are told when the users are read. A file of changes need not
        repeat the role of somebody on record; who has none is what the enrolments say.
        """
        if self._is_delta:
            for key, kind in self._kinds_on_record():
                self._people.note(key, kind)
        for cells in self._each_row("roles", "usersourcedid status role", needed="usersourcedid role"):
            if cells:
                key, status, role = cells
                if key and status.lower() not in _SAYS_GONE:
                    self._people.note(key, self._kind_of(role))
            yield from self._row.facts
        yield from self._say_unknown_roles()
        are_all_known = True
        for cells in self._each_row("users", "sourcedid role", needed="sourcedid"):
            if cells and cells[0]:
                self._people.note(cells[0], self._kind_of(cells[1]))
                are_all_known &= bool(self._people.kind(cells[0]))
        yield from self._say_unknown_roles()
        if not are_all_known:
            self._note_kinds_of_enrolments()

    def _note_kinds_of_enrolments(self) -> None:
        """Their mistakes are told when the enrolments are read."""
        for cells in self._each_row("enrollments", "usersourcedid role status", needed="usersourcedid"):
            if cells and cells[0] and cells[2].lower() not in _SAYS_GONE and not self._people.kind(cells[0]):
                role = cells[1].lower()
                self._people.note(cells[0], "student" if role == "student" else "staff" if role in _TEACHING else "")

    def _kind_of(self, role: str) -> str:
        """The value of Person.Kind: a contact for a role that is not known, which is counted; "" for no role."""
        # Schools add roles of their own as ext:librarian.
        word = role.lower().removeprefix("ext:")
        kind = "staff" if word in _STAFF else read_kind(word)
        if word and not kind:
            role = role if role in self._unknown_roles or len(self._unknown_roles) < _UNKNOWN_ROLES_NAMED else "…"
            number, row = self._unknown_roles.get(role, (0, self._row.row))
            self._unknown_roles[role] = (number + 1, row)
        return kind or ("contact" if word else "")

    def _say_unknown_roles(self) -> Iterator[Remark]:
        """One line for each, at its first row: nobody is taken for staff by a word that may mean anything."""
        for role, (number, row) in self._unknown_roles.items():
            message = ngettext(
                "%(number)s row has the role “%(role)s”, not known here: whoever has no other becomes a contact.",
                "%(number)s rows have the role “%(role)s”, not known here: whoever has no other becomes a contact.",
                number,
            )
            said = message % {"number": number, "role": role[:40]}
            yield Remark(row, self._heading("role"), said, self._row.file, role[:300])
        self._unknown_roles = {}

    def _read_users(self) -> Iterator[Staged]:
        row = self._row
        for cells in self._each_row("users", _USER, needed="sourcedid"):
            if cells:
                self._read_user(cells)
            yield from row.facts
        yield from self._say_families()
        yield from self._say_without_role()

    def _read_user(self, cells: list[str]) -> None:
        key, status, units, unit, first, last, email, phone, sms, agents = cells
        kind = self._people.kind(key)
        gone = GONE if status.lower() in _SAYS_GONE else HERE
        if self._is_delta and gone == GONE and key and not first and not last:
            # Of whom is to be deleted a file of changes need not say more than the number.
            self._take_person(key, kind or "contact", "", "", "", gone, number=key)
            return
        if not self._check_id(key, f"{first} {last}"):
            return
        unit = self._unit(unit) or self._unit(units)
        if not kind and gone == HERE:
            number, row = self._without_role
            self._without_role = (number + 1, row or self._row.row)
        if not self._take_person(key, kind or "contact", first, last, unit, gone, number=key):
            return
        self._take_contacts(key, email, phone, sms)
        named = listed(agents)
        for agent in named:
            self._relate(key, kind, agent)
        if self._is_delta and gone == HERE and kind in _OF_FAMILIES:
            self._note_family(key, kind, bool(named))

    def _note_family(self, key: str, kind: str, names_somebody: bool) -> None:
        """Guardians stand with the students, or students with the guardians: an empty cell says nothing."""
        if names_somebody and kind == "student":
            self._students_name = True
            self._take(StagedFamily(key))
        elif names_somebody:
            self._naming_guardians.append(key)
        elif kind == "student":
            number, row = self._without_guardians
            self._without_guardians = (number + 1, row or self._row.row)

    def _say_families(self) -> Iterator[Staged]:
        """What the rows of all users together say: where only guardians name students, they name all of theirs."""
        number, row = self._without_guardians
        if not self._students_name:
            yield from map(StagedFamily, self._naming_guardians)
        if number and (self._students_name or not self._naming_guardians):
            message = ngettext(
                "%(number)s student has no guardian here. Those on record stay; a whole roster takes them away.",
                "%(number)s students have no guardian here. Those on record stay; a whole roster takes them away.",
                number,
            )
            yield Remark(row, self._heading("agentsourcedids"), message % {"number": number}, self._row.file)

    def _say_without_role(self) -> Iterator[Remark]:
        number, row = self._without_role
        if number:
            message = ngettext(
                "%(number)s person has no role: taken for a contact, without guardians.",
                "%(number)s people have no role: taken for contacts, without guardians.",
                number,
            )
            yield Remark(row, self._heading("sourcedid"), message % {"number": number}, self._row.file)

    def _relate(self, key: str, kind: str, agent: str) -> None:
        """A student names the guardians, or a guardian the students: which it is, their kinds tell."""
        other = self._people.kind(agent)
        if agent == key:
            self._wrong("agentsourcedids", _("Nobody is his own guardian."), agent)
        elif agent not in self._people and not self._is_delta:
            self._wrong("agentsourcedids", _("There is no such person in users.csv."), agent)
        elif kind == other and kind in ("student", "guardian"):
            words = {"id": agent[:40]}
            self._wrong(
                "agentsourcedids", _("%(id)s is a person of the same kind: neither is the guardian.") % words, agent
            )
        elif kind == "student":
            self._take(StagedGuardianship(key, agent, place=self._place("sourcedid", "agentsourcedids")))
        elif other == "student" or kind == "guardian":
            self._take(StagedGuardianship(agent, key, place=self._place("agentsourcedids", "sourcedid")))

    def _read_enrolments(self) -> Iterator[Staged]:
        for cells in self._each_row("enrollments", _ENROLMENT, needed="classsourcedid usersourcedid"):
            if cells:
                key, group, person, role, status = cells
                role = role.lower()
                if role in _TEACHING or role == "student" or not role:
                    gone = GONE if status.lower() in _SAYS_GONE else HERE
                    role = "student" if role in ("student", "") else "teacher"
                    self._enrol(person, group, role, gone, ("usersourcedid", "classsourcedid"), key)
                else:
                    self._pass_over(role)
            yield from self._row.facts
        yield from self._say_passed_over()


_SESSION = "sourcedid status type startdate enddate parentsourcedid schoolyear"
_CLASS = "sourcedid status title classtype classcode schoolsourcedid termsourcedids"
_USER = "sourcedid status orgsourcedids primaryorgsourcedid givenname familyname email phone sms agentsourcedids"
_ENROLMENT = "sourcedid classsourcedid usersourcedid role status"


def _year_above(session: Session, sessions: dict[str, Session]) -> str:
    """The year of the school year to which a term belongs, by its parents; a loop of parents ends."""
    above: Session | None = session
    for _step in range(10):
        if above is None:
            break
        if above.is_year:
            return above.year
        above = sessions.get(above.parent)
    return session.year
