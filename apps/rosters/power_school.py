"""The export of contacts from PowerSchool: a contact in several rows, one for each number, address or student.

What concerns the contact alone stands in its first row only, and in some exports the name too. See
https://ps.powerschool-docs.com/pssis-admin/latest/export-contacts.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.normalizing import split_name

from .cells import RowFacts
from .facts import GONE, HERE, Coverage, Remark, Staged, StagedGuardianship, StagedPerson, StagedPlaces
from .finding_columns import find_columns, plain_heading
from .opening import Files
from .refusing import FileRefused

_COLUMNS = ["contactid", "firstname", "lastname", "phonenumber", "emailaddress", "studentnumber", "studentname"]
_COLUMNS += ["relationshiptype", "contactisactive"]
_SPELLINGS = {
    "contactid": ("contactid", "personid", "newcontactidentifier"),
    "phonenumber": ("phonenumberasentered", "phonenumber", "phone"),
    "emailaddress": ("emailaddress", "email"),
    "studentnumber": ("studentnumber",),
    "studentname": ("studentname", "studentfullname"),
    "relationshiptype": ("relationshiptype", "relationship", "originalcontacttype"),
    "contactisactive": ("contactisactive", "associationisactive", "relationshipisactive"),
}
_NO = {"0", "no", "false", "n"}
_WITHHOLDING = {"iscustodial", "custodial", "receivesmail", "receivesmailings", "liveswith"}


def is_contacts_export(header: list[str]) -> bool:
    """Whether a table has a contact's id and a student's number side by side."""
    plain = {plain_heading(heading) for heading in header}
    return bool(plain & set(_SPELLINGS["contactid"])) and "studentnumber" in plain


def read_power_school(files: Files, *, mapping: dict, dialect: dict, options: dict, country: str) -> Iterator[Staged]:
    """Yield the facts of an export. It does not have everybody unless the options say so. Raises FileRefused."""
    table = files.only_table(dialect.get("encoding", ""), dialect.get("delimiter", ""))
    places = _find_places(table.header)
    yield Coverage("bulk" if options.get("coverage") == "bulk" else "delta")
    reader, width = _Contacts([*table.header, ""], places, country), len(table.header)
    yield reader.places
    withheld = _Withheld(table.header)
    for number, cells in table.rows():
        withheld.note(number, cells)
        yield from reader.read(number, cells, width)
    yield from withheld.remarks()


def _find_places(header: list[str]) -> list[int]:
    plain = [plain_heading(heading) for heading in header]
    found = find_columns(header, _COLUMNS)
    for name, spellings in _SPELLINGS.items():
        place = next((plain.index(each) for each in spellings if each in plain), None)
        if place is not None:
            found[name] = place
    missing = [name for name in ("contactid", "lastname") if name not in found]
    if missing:
        raise FileRefused(_("The file has no column %(column)s.") % {"column": ", ".join(missing)})
    return [found.get(name, len(header)) for name in _COLUMNS]


class _Withheld:
    """Columns by which the school's own system keeps mail from a contact. Bedel does not act on them: it says so."""

    def __init__(self, header: list[str]):
        plain = [plain_heading(heading) for heading in header]
        self._places = {place: header[place] for place, name in enumerate(plain) if name in _WITHHOLDING}
        self._found: dict[int, tuple[int, int]] = {}

    def note(self, number: int, cells: list[str]) -> None:
        for place in self._places:
            if place < len(cells) and cells[place].strip().lower() in _NO:
                rows, first = self._found.get(place, (0, number))
                self._found[place] = (rows + 1, first)

    def remarks(self) -> Iterator[Remark]:
        for place, (rows, first) in self._found.items():
            message = ngettext(
                "%(rows)s row says no here, and the contact gets mail all the same. Mark on the student’s record who"
                " must not be contacted.",
                "%(rows)s rows say no here, and the contacts get mail all the same. Mark on the students’ records who"
                " must not be contacted.",
                rows,
            )
            yield Remark(first, self._places[place][:255], message % {"rows": rows})


class _Contacts:
    """Fills what stands empty in a row with what stood in the rows before it, as long as the contact is the same."""

    def __init__(self, header: list[str], places: list[int], country: str):
        self._header, self._places = header, places
        self.places = StagedPlaces(0, "", self._heading(5), self._heading(0))
        self._row = RowFacts(country)
        self._contact = ("", "", "")
        self._told: set[tuple[str, str]] = set()  # what was said of the contact at hand

    def read(self, number: int, cells: list[str], width: int) -> list[Staged]:
        self._row.begin(number)
        if len(cells) != width and (len(cells) < width or any(map(str.strip, cells[width:]))):
            numbers = {"cells": len(cells), "names": width}
            message = _("This row has %(cells)s cells; the first row has %(names)s names.") % numbers
            self._row.mistake("", message, is_fatal=True)
        else:
            cells = [*cells[:width], ""]
            self._read([cells[place].strip() for place in self._places])
        return self._row.facts

    def _read(self, cells: list[str]) -> None:
        contact, first, last, phone, email, student, student_name, relation, active = cells
        row = self._row
        if not self._take_contact(contact, first, last):
            return
        key = f"contact-{self._contact[0]}"
        if phone and self._is_new("phone", phone):
            row.add_phones(key, self._heading(3), phone)
        if email and self._is_new("email", email):
            row.add_emails(key, self._heading(4), email)
        if not student or not self._is_new("student", student):
            return
        student = row.name(self._heading(5), student)
        first, last = split_name(row.name(self._heading(6), student_name))
        if row.is_left_out():
            return
        # Whom the export does not name is on record already, or comes with another file.
        if first or last:
            row.facts.append(StagedPerson(student, "student", student, "", first, last, row=row.row))
        status = GONE if active.lower() in _NO else HERE
        row.facts.append(StagedGuardianship(student, key, relation[:60], status, self.places.at(row.row)))

    def _take_contact(self, contact: str, first: str, last: str) -> bool:
        """Go on with the contact of the rows before, or begin the next one."""
        row, before = self._row, self._contact
        if contact in ("", before[0]):
            if not before[0]:
                row.mistake(self._heading(0), _("The id is missing."), is_fatal=True)
                return False
            if contact or not (first or last) or (first, last) == before[1:]:
                return True
            row.mistake(self._heading(0), _("The id is missing."), is_fatal=True)
            return False
        first, last = row.name(self._heading(1), first), row.name(self._heading(2), last)
        self._contact, self._told = ("", "", ""), set()
        if not first and not last:
            row.mistake("", _("This row has no name."), is_fatal=True)
        if row.is_left_out():
            return False
        self._contact = (contact, first, last)
        # Contacts and students are numbered each for themselves.
        key = f"contact-{contact}"
        row.facts.append(StagedPerson(key, "guardian", key, "", first, last, row=row.row))
        return True

    def _is_new(self, what: str, text: str) -> bool:
        self._told, before = self._told | {(what, text)}, len(self._told)
        return len(self._told) > before

    def _heading(self, number: int) -> str:
        return self._header[self._places[number]]
