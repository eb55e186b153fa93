"""The rows of a list of people: each with groups, family and addresses, in a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Prefetch, QuerySet

from .models import AcademicYear, ContactPoint, Enrolment, Guardianship, Person


@dataclass
class PersonRow:
    """One line of a list. `family` are the guardians of a student, the students of anybody else."""

    person: Person
    groups: list[str] = field(default_factory=list)
    family: list[Guardianship] = field(default_factory=list)
    emails: list[ContactPoint] = field(default_factory=list)
    phones: list[ContactPoint] = field(default_factory=list)


def with_rows(people: QuerySet[Person], year: AcademicYear | None) -> QuerySet[Person]:
    """`people` with all that rows_of needs: groups of `year` (and groups without a year), family, addresses."""
    groups = Enrolment.objects.select_related("group").order_by("group__kind", "group__name")
    groups = groups.filter(group__year=year) | groups.filter(group__year=None)
    guardians = Guardianship.objects.select_related("guardian").order_by("id")
    students = Guardianship.objects.select_related("student").order_by("id")
    return people.prefetch_related(
        Prefetch("enrolments", groups, to_attr="shown_enrolments"),
        Prefetch("guardianships", guardians, to_attr="shown_guardianships"),
        Prefetch("wardships", students, to_attr="shown_wardships"),
        "contact_points",
        "shown_guardianships__guardian__contact_points",
    )


def rows_of(people: Iterable[Person]) -> list[PersonRow]:
    """Rows for people that came through with_rows."""
    return [_row(person) for person in people]


def _row(person: Person) -> PersonRow:
    is_student = person.kind == Person.Kind.STUDENT
    family = person.shown_guardianships if is_student else person.shown_wardships  # type: ignore[attr-defined]
    points = list(person.contact_points.all())
    if is_student:
        for guardianship in family:
            points += [] if guardianship.restricted else guardianship.guardian.contact_points.all()
    return PersonRow(
        person,
        groups=[enrolment.group.name for enrolment in person.shown_enrolments],  # type: ignore[attr-defined]
        family=family,
        emails=_once(points, ContactPoint.Channel.EMAIL),
        phones=_once(points, ContactPoint.Channel.PHONE),
    )


def _once(points: list[ContactPoint], channel: str) -> list[ContactPoint]:
    """The points of one channel, each address once."""
    return list({point.normalized: point for point in points if point.channel == channel}.values())
