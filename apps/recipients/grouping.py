"""Who is in which group: put in, taken out, moved, carried into a new year. Always for a whole set of people."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from apps.organizations.models import Unit

from .models import AcademicYear, Enrolment, Group, Person, Source
from .searching import of_name
from .taking_away import end_enrolments

STUDENT, TEACHER = Enrolment.Role.STUDENT, Enrolment.Role.TEACHER


@dataclass(frozen=True)
class Figures:
    """What hangs on a year, a unit or a group."""

    groups: int = 0
    students: int = 0
    teachers: int = 0
    people: int = 0


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
    return _enrol(people.order_by().values_list("organization_id", "id", Value(group.pk), Value(role)))


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


@transaction.atomic
def copy_groups(source: AcademicYear, target: AcademicYear, with_teachers: bool = False) -> int:
    """Make the groups of `source` in `target`, with their units, where they are missing; how many were made."""
    before = Group.objects.filter(year=target).count()
    groups = Group.objects.filter(year=source)
    copies = [Group(kind=each.kind, name=each.name, unit_id=each.unit_id, year=target) for each in groups]
    Group.objects.bulk_create(copies, ignore_conflicts=True)
    if with_teachers:
        teaching = Enrolment.objects.filter(group__year=source, role=TEACHER, person__active=True)
        teaching = teaching.annotate(copy=Case(*_pairs(source, target), output_field=IntegerField()))
        _enrol(teaching.filter(copy__gt=0).values_list("organization_id", "person_id", "copy", "role"))
    return Group.objects.filter(year=target).count() - before


@transaction.atomic
def move_up(target_of: Mapping[int, int]) -> int:
    """Put the students of each class (its id) into a class of the new year; how many came.

    Who has left the school stays behind. The old classes keep their students: one can still write to a past year.
    """
    if not target_of:
        return 0
    whens = [When(group=source, then=Value(target)) for source, target in target_of.items()]
    rows = Enrolment.objects.filter(group__any_of=list(target_of), role=STUDENT, person__active=True)
    rows = rows.annotate(target=Case(*whens, output_field=IntegerField()))
    return _enrol(rows.values_list("organization_id", "person_id", "target", "role"))


def guess_next(name: str, names: Mapping[str, int]) -> int | None:
    """The class that follows `name` ("5º A" -> "6º A"): the one of `names` with the first number one higher."""
    following = re.sub(r"\d+", lambda number: str(int(number[0]) + 1), name, count=1)
    return names.get(following) if following != name else None


def figures_of_year(year: AcademicYear) -> Figures:
    enrolments = Enrolment.objects.filter(group__year=year)
    return Figures(groups=year.groups.count(), **_by_role(enrolments))


def figures_of_group(group: Group) -> Figures:
    return Figures(groups=1, **_by_role(Enrolment.objects.filter(group=group)))


def figures_of_unit(unit: Unit) -> Figures:
    return Figures(groups=Group.objects.filter(unit=unit).count(), people=Person.objects.filter(unit=unit).count())


@transaction.atomic
def delete_year(year: AcademicYear) -> None:
    """Delete a year with its groups. Nobody of them is deleted."""
    Enrolment.objects.filter(group__year=year).delete()
    year.delete()


def in_the_way(unit: Unit) -> list[str]:
    """Names that two groups would bear if this unit were gone: without a unit there is one of each in a year."""
    others = Group.objects.filter(unit=None, kind=OuterRef("kind"), name=OuterRef("name"))
    same = Q(Exists(others.filter(year=OuterRef("year")))) | Q(Exists(others.filter(year=None)), year=None)
    return list(Group.objects.filter(same, unit=unit).values_list("name", flat=True)[:20])


def _by_role(enrolments: QuerySet[Enrolment]) -> dict[str, int]:
    counted = Count("person", distinct=True)
    return enrolments.aggregate(
        students=Count("person", filter=Q(role=STUDENT), distinct=True),
        teachers=Count("person", filter=Q(role=TEACHER), distinct=True),
        people=counted,
    )


def _pairs(source: AcademicYear, target: AcademicYear) -> list[When]:
    """For each group of `source` the group of `target` with its kind, name and unit."""
    ids = {(each.kind, each.name, each.unit_id): each.pk for each in Group.objects.filter(year=target)}
    groups = Group.objects.filter(year=source)
    pairs = [(each.pk, ids.get((each.kind, each.name, each.unit_id))) for each in groups]
    return [When(group=old, then=Value(new)) for old, new in pairs if new]


def _enrol(rows: QuerySet) -> int:
    """Write enrolments of (organization, person, group, role) in one statement; who is there already stays as he is."""
    sql, parameters = rows.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO recipients_enrolment (organization_id, person_id, group_id, role, source) "
            f"SELECT p.*, '{Source.HAND}' FROM ({sql}) p WHERE true ON CONFLICT DO NOTHING",
            parameters,
        )
        return cursor.rowcount
