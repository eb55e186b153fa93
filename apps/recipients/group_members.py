"""Who is in which group: put in, taken out, moved to another. Always for a whole set of people."""

from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet, Value

from .models import Enrolment, Group, Person, Source
from .searching import of_name
from .taking_away import end_enrolments

STUDENT, TEACHER = Enrolment.Role.STUDENT, Enrolment.Role.TEACHER


def members(group: Group, role: str = STUDENT) -> QuerySet[Person]:
    """Who is in the group in this role, by name; those who have left the school too."""
    return Person.objects.filter(Exists(Enrolment.objects.filter(group=group, role=role, person=OuterRef("pk"))))


def who_may_come(group: Group, role: str, search: str = "", source: Group | None = None) -> QuerySet[Person]:
    """Who is at the school and could be put into the group: staff as its teachers, students as its students.

    `search`: as `searching.of_name`. `source`: only who is in that group.
    """
    kind = Person.Kind.STAFF if role == TEACHER or group.kind == Group.Kind.STAFF else Person.Kind.STUDENT
    people = Person.objects.filter(kind=kind, active=True)
    people = people.filter(~Exists(Enrolment.objects.filter(group=group, role=role, person=OuterRef("pk"))))
    people = people.filter(of_name(search)) if search else people
    if source:
        people = people.filter(Exists(Enrolment.objects.filter(group=source, person=OuterRef("pk"))))
    return people


def put_in(group: Group, role: str, people: QuerySet[Person]) -> int:
    """Put `people` into the group, in one statement; how many were not there before."""
    return enrol(people.order_by().values_list("organization_id", "id", Value(group.pk), Value(role)))


def take_out(group: Group, role: str, ids: Iterable[int]) -> int:
    """Take these people out of the group; how many were in it."""
    return end_enrolments(Enrolment.objects.filter(group=group, role=role, person__any_of=list(ids)))


@transaction.atomic
def move(group: Group, target: Group, ids: Iterable[int]) -> int:
    """Move students to another group; who is there already only leaves this one. How many have left this one."""
    leaving = Enrolment.objects.filter(group=group, role=STUDENT, person__any_of=list(ids))
    there = Enrolment.objects.filter(group=target, role=STUDENT, person=OuterRef("person"))
    moving = list(leaving.filter(~Exists(there)).values_list("organization_id", "person_id"))
    number = end_enrolments(leaving)
    come = [Enrolment(organization_id=each, person_id=person, group=target, role=STUDENT) for each, person in moving]
    Enrolment.objects.bulk_create(come, ignore_conflicts=True)
    return number


def targets_of(group: Group) -> QuerySet[Group]:
    """Where students of the group can be moved: groups of the same kind and year."""
    same = Group.objects.filter(kind=group.kind, year=group.year_id).exclude(pk=group.pk)
    return same.select_related("unit").order_by("unit__name", "name")


def enrol(rows: QuerySet) -> int:
    """Write enrolments of (organization, person, group, role) in one statement; who is there already stays as he is."""
    sql, parameters = rows.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO recipients_enrolment (organization_id, person_id, group_id, role, source) "
            f"SELECT p.*, '{Source.HAND}' FROM ({sql}) p WHERE true ON CONFLICT DO NOTHING",
            parameters,
        )
        return cursor.rowcount
