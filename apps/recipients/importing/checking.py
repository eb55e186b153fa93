"""From rows of text to records of people, with every mistake named by row and column. Knows no database."""

from collections.abc import Callable, Iterator

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.core.normalizing import normalize_email, normalize_phone, without_accents

from .reading import Table
from .records import Membership, PersonRecord, RowProblem

NAME_LENGTH = 200
_YES = {"yes", "y", "true", "1", "si", "sí", "x", "tak", "ja", "verdadero", "vero"}
_NO = {"no", "n", "false", "0", "nie", "nej", "falso", ""}
_KINDS = {
    "student": ("student", "alumno", "alumna", "alumne", "studente", "alunno", "alunna", "uczen", "elev", "pupil"),
    "staff": (
        "staff",
        "teacher",
        "profesor",
        "profesora",
        "professor",
        "docente",
        "pas",
        "nauczyciel",
        "larare",
        "personal",
    ),
    "contact": ("contact", "contacto", "contacte", "contatto", "kontakt", "other"),
    "guardian": ("guardian", "parent", "padre", "madre", "tutor", "genitore", "rodzic", "vardnadshavare"),
}
_LANGUAGES = {
    "en": ("en", "english", "ingles"),
    "es": ("es", "spanish", "espanol", "castellano"),
    "ca": ("ca", "catalan", "catala", "valenciano", "valencia"),
    "it": ("it", "italian", "italiano"),
    "pl": ("pl", "polish", "polski"),
    "sv": ("sv", "swedish", "svenska"),
}


class RowChecker:
    """Checks the rows of one table under one mapping (a field per column; see columns.FIELDS)."""

    def __init__(self, table: Table, mapping: list[str], *, country: str, year: str, default_kind: str = "student"):
        self._header = table.header
        self._mapping = mapping
        self._country = country
        self._year = year
        self._default_kind = default_kind
        self._seen_ids: dict[str, int] = {}

    def check(self, number: int, cells: list[str]) -> tuple[PersonRecord | None, list[RowProblem]]:
        """The record of one row, or None with what is wrong in it."""
        self._problems: list[RowProblem] = []
        values: dict[str, str] = {}
        communication: list[str] = []
        if len(cells) < len(self._header):
            wanted = {"cells": len(cells), "names": len(self._header)}
            self._problem(number, "", _("This row has %(cells)s cells; the first row has %(names)s names.") % wanted)
        for place, field_name in enumerate(self._mapping):
            text = cells[place].strip() if place < len(cells) else ""
            if not field_name or not text:
                continue
            self._check_text(number, place, field_name, text)
            if field_name == "communication":
                communication.append(text)
            values[field_name] = text
        record = self._record(number, values, communication)
        return (None, self._problems) if self._problems else (record, [])

    def _record(self, row: int, values: dict[str, str], communication: list[str]) -> PersonRecord:
        first, last = _names(values)
        if not first and not last:
            self._problem(row, "", _("This row has no name."))
        record = PersonRecord(row, self._kind(row, values), first, last, values.get("external_id", ""))
        self._check_repeated(row, record.external_id)
        record.unit = values.get("unit", "")
        record.language = self._choice(row, values, "language", _LANGUAGES)
        record.commercial = self._yes_or_no(row, values)
        record.emails = self._addresses(row, "email", values)
        record.phones = self._phones(row, "phone", values)
        for text in communication:
            record.communication += self._addresses(row, "communication", {"communication": text})
        if values.get("group"):
            role = "teacher" if record.kind == "staff" else "student"
            record.memberships.append(Membership(values["group"], record.unit, self._year, "class", role))
        record.guardians = [each for key in ("guardian1", "guardian2") if (each := self._guardian(row, key, values))]
        return record

    def _guardian(self, row: int, key: str, values: dict[str, str]) -> PersonRecord | None:
        own = {name.removeprefix(f"{key}_"): text for name, text in values.items() if name.startswith(f"{key}_")}
        if not own:
            return None
        first, last = _names(own)
        guardian = PersonRecord(row, "guardian", first, last, relation=own.get("relation", ""))
        guardian.emails = self._addresses(row, f"{key}_email", values)
        guardian.phones = self._phones(row, f"{key}_phone", values)
        if not first and not last:
            if not guardian.emails and not guardian.phones:
                return None
            self._problem(row, self._heading(f"{key}_email"), _("A guardian has an address or number, but no name."))
        return guardian

    def _check_text(self, row: int, place: int, field_name: str, text: str) -> None:
        if len(text) > NAME_LENGTH and "email" not in field_name and field_name != "communication":
            message = _("The text has %(number)s characters; 200 are the most.") % {"number": len(text)}
            self._problem(row, self._header[place], message)
        elif any(ord(character) < 32 and character not in "\n\t\r" for character in text):
            self._problem(row, self._header[place], _("The text has invisible characters in it."))

    def _check_repeated(self, row: int, external_id: str) -> None:
        if external_id and external_id in self._seen_ids:
            first = {"row": self._seen_ids[external_id], "number": external_id[:40]}
            self._problem(
                row, self._heading("external_id"), _("The number %(number)s stands in row %(row)s already.") % first
            )
        if external_id:
            self._seen_ids.setdefault(external_id, row)

    def _addresses(self, row: int, name: str, values: dict[str, str]) -> list[tuple[str, str]]:
        return self._each(row, name, values, normalize_email)

    def _phones(self, row: int, name: str, values: dict[str, str]) -> list[tuple[str, str]]:
        return self._each(row, name, values, lambda text: normalize_phone(_unmangled(text), self._country))

    def _each(self, row: int, name: str, values: dict, normalize: Callable[[str], str]) -> list[tuple[str, str]]:
        found = []
        for text in filter(None, (part.strip() for part in values.get(name, "").replace(";", ",").split(","))):
            try:
                found.append((text[:254], normalize(text)))
            except ValidationError as error:
                self._problem(row, self._heading(name), error.messages[0])
        return found

    def _kind(self, row: int, values: dict[str, str]) -> str:
        return self._choice(row, values, "kind", _KINDS) or self._default_kind

    def _choice(self, row: int, values: dict[str, str], name: str, words: dict[str, tuple[str, ...]]) -> str:
        text = without_accents(values.get(name, ""))
        if not text:
            return ""
        for value, names in words.items():
            if text in names:
                return value
        self._problem(row, self._heading(name), _("“%(text)s” is not understood here.") % {"text": text[:40]})
        return ""

    def _yes_or_no(self, row: int, values: dict[str, str]) -> bool | None:
        if "commercial" not in values:
            return None
        text = values["commercial"].strip().lower()
        if text not in _YES | _NO:
            self._problem(
                row, self._heading("commercial"), _("“%(text)s” is neither yes nor no.") % {"text": text[:40]}
            )
        return text in _YES

    def _heading(self, field_name: str) -> str:
        return self._header[self._mapping.index(field_name)] if field_name in self._mapping else ""

    def _problem(self, row: int, column: str, message: str) -> None:
        self._problems.append(RowProblem(row, column[:255], message[:500]))


def checked_rows(table: Table, checker: RowChecker) -> Iterator[tuple[PersonRecord | None, list[RowProblem]]]:
    """Each row of the table, checked, in its order."""
    for number, cells in table.numbered_rows():
        yield checker.check(number, cells)


def _names(values: dict[str, str]) -> tuple[str, str]:
    first, last = values.get("first_name", ""), values.get("last_name", "")
    if values.get("last_name_2"):
        last = f"{last} {values['last_name_2']}".strip()
    full = values.get("full_name", "")
    if full and not first and not last:
        if "," in full:
            last, _comma, first = (part.strip() for part in full.partition(","))
        else:
            first, _space, last = full.partition(" ")
    return first, last.strip()


def _unmangled(text: str) -> str:
    """A number as it was before a spreadsheet took it for a quantity: 6.00123456E8, 600123456.0."""
    try:
        quantity = float(text)
    except ValueError:
        return text
    if text.endswith(".0"):
        return text[:-2]
    mantissa, _e, exponent = text.lower().partition("e")
    digits = sum(1 for character in mantissa if character.isdigit())
    # With fewer digits than the number has places, the spreadsheet has cut it: then it is left as it is, and refused.
    return str(int(quantity)) if exponent.lstrip("+").isdigit() and digits == int(exponent) + 1 else text
