"""A folder of Microsoft School Data Sync (format v2.1), as a ZIP of its CSV files, becomes records of people.

Files used: users, roles, orgs, academicSessions, classes, enrollments, relationships. Passwords and demographics are
not read. See https://learn.microsoft.com/schooldatasync/sds-v2.1-csv-file-format.
"""

import io
import re
import zipfile
from collections import defaultdict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.core.normalizing import normalize_email, normalize_phone

from .checking import NAME_LENGTH
from .reading import FileRefused, read_table
from .records import Membership, PersonRecord, RowProblem, YearDates

MAX_UNPACKED = 200_000_000
_USED = ("users", "roles", "orgs", "academicsessions", "classes", "enrollments", "relationships")
_NEEDED = {"users": ("sourcedid", "givenname", "familyname"), "roles": ("usersourcedid", "role")}
_TEACHING = {"teacher", "professor", "faculty", "instructor", "adjunct", "aide", "proctor"}
Rows = list[tuple[int, dict[str, str]]]


def is_sds(content: bytes) -> bool:
    """Whether a file is a ZIP with a users.csv in it."""
    if content[:4] != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(_stem(name) == "users" for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def read_sds(content: bytes, country: str) -> tuple[list[PersonRecord], list[RowProblem], list[YearDates]]:
    """All people of the folder, what is wrong in it, and its school years. Raises FileRefused."""
    files = _files(content)
    reader = _Folder(files, country)
    return reader.records(), reader.problems, list(reader.years.values())


class _Folder:
    def __init__(self, files: dict[str, Rows], country: str):
        self._files = files
        self._country = country
        self.problems: list[RowProblem] = []
        self.years: dict[str, YearDates] = {}
        self._orgs = {row.get("sourcedid", ""): row.get("name", "") for _n, row in files.get("orgs", [])}
        self._sessions = self._read_sessions()
        self._people: dict[str, PersonRecord] = {}

    def records(self) -> list[PersonRecord]:
        kinds, units = self._kinds()
        for number, row in self._files["users"]:
            record = self._person(number, row, kinds)
            if record:
                record.unit = units.get(record.external_id, "")
                self._people[record.external_id] = record
        self._enrol()
        guardians = self._relate()
        return [record for key, record in self._people.items() if key not in guardians]

    def _person(self, number: int, row: dict[str, str], kinds: dict[str, str]) -> PersonRecord | None:
        before = len(self.problems)
        key = row.get("sourcedid", "")
        if not key:
            self._problem("users", number, "sourcedId", _("The id is missing."))
        if key in self._people:
            self._problem("users", number, "sourcedId", _("The id %(id)s stands twice.") % {"id": key[:40]})
        first, last = row.get("givenname", ""), row.get("familyname", "")
        if not first and not last:
            self._problem("users", number, "givenName", _("This row has no name."))
        if max(len(first), len(last), len(key)) > NAME_LENGTH:
            self._problem("users", number, "familyName", _("The text is too long; 200 characters are the most."))
        record = PersonRecord(number, kinds.get(key, "contact"), first, last, key)
        record.emails = self._contact(number, "email", row.get("email", ""), normalize_email)
        for name in ("phone", "sms"):
            found = self._contact(number, name, row.get(name, ""), lambda text: normalize_phone(text, self._country))
            record.phones += [each for each in found if each[1] not in [kept[1] for kept in record.phones]]
        return record if len(self.problems) == before else None

    def _contact(self, number: int, column: str, text: str, normalize) -> list[tuple[str, str]]:
        if not text:
            return []
        try:
            return [(text, normalize(text))]
        except ValidationError as error:
            self._problem("users", number, column, error.messages[0])
            return []

    def _kinds(self) -> tuple[dict[str, str], dict[str, str]]:
        """User id -> kind and -> name of the organisation, by roles.csv; guardians by relationships.csv."""
        kinds: dict[str, str] = {}
        units: dict[str, str] = {}
        for _number, row in self._files.get("relationships", []):
            kinds[row.get("relationshipusersourcedid", "")] = "guardian"
        for _number, row in self._files["roles"]:
            role = row.get("role", "").lower()
            kinds[row.get("usersourcedid", "")] = "student" if role == "student" else "staff"
            units.setdefault(row.get("usersourcedid", ""), self._orgs.get(row.get("orgsourcedid", ""), ""))
        return kinds, units

    def _enrol(self) -> None:
        classes = {row.get("sourcedid", ""): row for _number, row in self._files.get("classes", [])}
        for number, row in self._files.get("enrollments", []):
            found = classes.get(row.get("classsourcedid", ""))
            person = self._people.get(row.get("usersourcedid", ""))
            if found is None:
                self._problem("enrollments", number, "classSourcedId", _("There is no such class in classes.csv."))
            elif person is None:
                self._problem("enrollments", number, "userSourcedId", _("There is no such person in users.csv."))
            else:
                year = self._sessions.get(found.get("sessionsourcedids", "").split(",")[0].strip(), "")
                role = "teacher" if row.get("role", "").lower() in _TEACHING else "student"
                unit = self._orgs.get(found.get("orgsourcedid", ""), "")
                person.memberships.append(Membership(found.get("title", "")[:NAME_LENGTH], unit, year, "class", role))

    def _relate(self) -> set[str]:
        """Hang guardians on their students; returns the ids of those who came in that way."""
        hung: set[str] = set()
        for number, row in self._files.get("relationships", []):
            student = self._people.get(row.get("usersourcedid", ""))
            guardian = self._people.get(row.get("relationshipusersourcedid", ""))
            if student is None or guardian is None:
                column = "userSourcedId" if student is None else "relationshipUserSourcedId"
                self._problem("relationships", number, column, _("There is no such person in users.csv."))
            elif student is guardian:
                self._problem("relationships", number, "userSourcedId", _("Nobody is his own guardian."))
            else:
                student.guardians.append(_as_guardian(guardian, row.get("relationshiprole", "")))
                hung.add(guardian.external_id)
        return {key for key in hung if self._people[key].kind == "guardian"}

    def _read_sessions(self) -> dict[str, str]:
        """Session id -> name of its school year, such as 2021-22."""
        names: dict[str, str] = {}
        dates: dict[str, list[str]] = defaultdict(list)
        for _number, row in self._files.get("academicsessions", []):
            first = row.get("schoolyear", "")
            if not re.fullmatch(r"[12][0-9]{3}", first):
                continue
            name = f"{first}-{(int(first) + 1) % 100:02d}"
            names[row.get("sourcedid", "")] = name
            if row.get("type", "").lower() == "schoolyear" or name not in dates:
                dates[name] = [row.get("startdate", ""), row.get("enddate", "")]
        self.years = {name: YearDates(name, *dates[name]) for name in dates}
        return names

    def _problem(self, file_name: str, row: int, column: str, message: str) -> None:
        self.problems.append(RowProblem(row, column, message, f"{file_name}.csv"))


def _as_guardian(record: PersonRecord, relation: str) -> PersonRecord:
    guardian = PersonRecord(record.row, record.kind, record.first_name, record.last_name, record.external_id)
    guardian.emails, guardian.phones, guardian.relation = record.emails, record.phones, relation[:60]
    return guardian


def _files(content: bytes) -> dict[str, Rows]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise FileRefused(_("This ZIP unpacks to far more than it should. It is not opened."))
            texts = {_stem(name): archive.read(name) for name in archive.namelist() if _stem(name) in _USED}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        raise FileRefused(_("This ZIP cannot be opened. Make it again.")) from None
    for name in _NEEDED:
        if name not in texts:
            raise FileRefused(_("The ZIP has no %(name)s.csv in it.") % {"name": name})
    return {name: _rows(name, text) for name, text in texts.items()}


def _rows(name: str, content: bytes) -> Rows:
    try:
        table = read_table(content, f"{name}.csv")
    except FileRefused as refusal:
        raise FileRefused(f"{name}.csv: {refusal}") from None
    header = [heading.lower() for heading in table.header]
    missing = [each for each in _NEEDED.get(name, ()) if each not in header]
    if missing:
        words = {"file": f"{name}.csv", "column": ", ".join(missing)}
        raise FileRefused(_("%(file)s has no column %(column)s.") % words)
    return [
        (number, {key: cell.strip() for key, cell in zip(header, cells, strict=False)})
        for number, cells in table.numbered_rows()
    ]


def _stem(name: str) -> str:
    """The name of a file in the ZIP without folders and ending, in lower case; '' unless it is a CSV."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1].lower()
    return base[:-4] if base.endswith(".csv") and "__macosx" not in name.lower() else ""
