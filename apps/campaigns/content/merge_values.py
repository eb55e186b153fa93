"""What the tags of a mailing become for each recipient: a few queries for a whole page or packet of rows."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils import formats, timezone, translation
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from apps.core.fetching import fetch
from apps.core.message_parts import CarriedPart, OwnAttachment
from apps.core.normalizing import split_name
from apps.recipients.models import AcademicYear, Enrolment, Group, Person

from ..audience.audience import AudienceRow
from ..models import Mailing
from .parts import carried_parts

_LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read for some rows: first and last names by the id of the person, classes by that of the student.

    `parts`: each part of the message, with what it has read itself.
    """

    people: dict[int, tuple[str, str]]
    classes: dict[int, list[str]]
    parts: Sequence[tuple[CarriedPart, Any]]


class MergeValues:
    """The values of the tags of one mailing, and of the tokens of its parts."""

    def __init__(self, mailing: Mailing):
        self._mailing = mailing
        self.parts = carried_parts(mailing)
        self._constants: dict[str, dict[str, str]] = {}

    def load(self, rows: Sequence[AudienceRow]) -> Loaded:
        """Read what the values of `rows` need: two queries, and those of its parts."""
        students = {i for row in rows for i in row.about_ids}
        people = Person.objects.filter(pk__any_of=students | {row.person_id for row in rows if row.person_id})
        rows_of_people = fetch(people.order_by().values_list("id", "first_name", "last_name"))
        names = {i: (first, last) for i, first, last in rows_of_people}
        of_parts = [(part, part.load(rows)) for part in self.parts]
        return Loaded(names, self._classes(students), of_parts)

    def constants(self, language: str) -> dict[str, str]:
        """The values that are the same for everybody who reads `language`."""
        if language not in self._constants:
            with translation.override(language):
                self._constants[language] = {
                    "school": self._mailing.organization.name,
                    "sender": self._mailing.sender.name if self._mailing.sender else "",
                    "today": formats.date_format(timezone.localdate(), "DATE_FORMAT"),
                    "school_year": self._year.name if self._year else "",
                }
        return self._constants[language]

    @cached_property
    def _year(self) -> AcademicYear | None:
        return self._mailing.year or AcademicYear.current()

    def _classes(self, students: set[int]) -> dict[int, list[str]]:
        """The names of each student's classes in the mailing's year (or the current one)."""
        names: dict[int, list[str]] = defaultdict(list)
        enrolments = Enrolment.objects.filter(
            person__any_of=students, role=Enrolment.Role.STUDENT, group__kind=Group.Kind.CLASS, group__year=self._year
        )
        for student_id, name in fetch(enrolments.order_by().values_list("person_id", "group__name")):
            names[student_id].append(name)
        return names

    def own(self, row: AudienceRow, loaded: Loaded) -> dict[str, str]:
        """The values of one recipient alone. Asks no database."""
        names = loaded.people.get(row.person_id) if row.person_id else None
        if names is None:
            first_name, last_name = split_name(row.name)
            name = row.name
        else:
            first_name, last_name = names
            name = f"{first_name} {last_name}".strip()
        about = students_of(row, loaded)
        students = self._and([f"{first} {last}".strip() for first, last in about.values()], row)
        values = {
            **row.variables,
            "first_name": first_name,
            "last_name": last_name,
            "name": name,
            "student_first_name": self._and([first for first, _last in about.values()], row),
            "student_name": students,
            "students": students,
            "group": self._and(_classes_of(row, loaded), row),
        }
        for part, read in loaded.parts:
            values.update(part.values(row, about, read))
        return values

    def attachments(self, row: AudienceRow, loaded: Loaded) -> list[OwnAttachment]:
        """The files that one recipient alone gets. Asks no database, and opens none of them."""
        return [each for part, read in loaded.parts for each in part.attachments(row, read)]

    def _and(self, names: list[str], row: AudienceRow) -> str:
        if len(names) < 2:
            return names[0] if names else ""
        with translation.override(language_of(self._mailing, row)):
            return get_text_list(names, _("and"))


def values_for(mailing: Mailing, rows: Sequence[AudienceRow]) -> list[dict[str, str]]:
    """For each of `rows`, in their order, the value of every tag but that of the unsubscribe link."""
    values = MergeValues(mailing)
    loaded = values.load(rows)
    return [{**values.own(row, loaded), **values.constants(language_of(mailing, row))} for row in rows]


def language_of(mailing: Mailing, row: AudienceRow) -> str:
    """The language in which Bedel's own words reach this recipient: his own if known, else the organisation's."""
    return row.language if row.language in _LANGUAGES else mailing.organization.language


def students_of(row: AudienceRow, loaded: Loaded) -> dict[int, tuple[str, str]]:
    """First and last name of each student a row is about, by id, as far as they are still there."""
    return {i: loaded.people[i] for i in row.about_ids if i in loaded.people}


def _classes_of(row: AudienceRow, loaded: Loaded) -> list[str]:
    ids = [i for i in row.about_ids if i in loaded.people]
    if len(ids) == 1:
        return sorted(loaded.classes.get(ids[0], ()))
    return sorted({name for i in ids for name in loaded.classes.get(i, ())})
