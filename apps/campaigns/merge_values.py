"""What the tags of a mailing become for each recipient: a few queries for a whole page or packet of rows."""

from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from django.utils import formats, timezone, translation
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from apps.recipients.models import AcademicYear, Enrolment, Group, Person

from .audience import AudienceRow
from .models import Mailing


def values_for(mailing: Mailing, rows: Sequence[AudienceRow]) -> list[dict[str, str]]:
    """For each of `rows`, in their order, the value of every tag that does not depend on the row's public links."""
    people = Person.objects.in_bulk({i for row in rows for i in (row.person_id, *row.about_ids) if i})
    groups = _classes(mailing, {i for row in rows for i in row.about_ids})
    return [_values(mailing, row, people, groups) for row in rows]


def language_of(mailing: Mailing, row: AudienceRow) -> str:
    """The language in which Bedel's own words reach this recipient: his own if known, else the organisation's."""
    return row.language if row.language in dict(settings.LANGUAGES) else mailing.organization.language


def _values(
    mailing: Mailing, row: AudienceRow, people: dict[int, Person], groups: dict[int, list[str]]
) -> dict[str, str]:
    person = people.get(row.person_id) if row.person_id else None
    first_name, _space, last_name = row.name.partition(" ")
    about = [people[i] for i in row.about_ids if i in people]
    with translation.override(language_of(mailing, row)):
        return {
            **row.variables,
            "first_name": person.first_name if person else first_name,
            "last_name": person.last_name if person else last_name,
            "name": person.full_name if person else row.name,
            "student_first_name": _and([student.first_name for student in about]),
            "student_name": _and([student.full_name for student in about]),
            "students": _and([student.full_name for student in about]),
            "group": _and(sorted({name for student in about for name in groups.get(student.pk, [])})),
            "school": mailing.organization.name,
            "sender": mailing.sender.name if mailing.sender else "",
            "today": formats.date_format(timezone.localdate(), "DATE_FORMAT"),
            "school_year": _year_name(mailing),
        }


def _classes(mailing: Mailing, students: set[int]) -> dict[int, list[str]]:
    """The names of each student's classes in the mailing's year (or the current one)."""
    names: dict[int, list[str]] = defaultdict(list)
    enrolments = Enrolment.objects.filter(
        person_id__in=students, role=Enrolment.Role.STUDENT, group__kind=Group.Kind.CLASS
    ).filter(group__year=mailing.year_id or AcademicYear.current())
    for student_id, name in enrolments.values_list("person_id", "group__name"):
        names[student_id].append(name)
    return names


def _year_name(mailing: Mailing) -> str:
    year = mailing.year or AcademicYear.current()
    return year.name if year else ""


def _and(names: list[str]) -> str:
    return get_text_list(names, _("and"))
