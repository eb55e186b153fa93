"""What hangs on a year, a unit or a group, and goes with it or stands in the way when it is deleted."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from apps.organizations.models import Unit

from .group_members import STUDENT, TEACHER
from .group_uses import Going, tell
from .models import AcademicYear, Enrolment, Group, Person


@dataclass(frozen=True)
class Figures:
    """What hangs on a year, a unit or a group."""

    groups: int = 0
    students: int = 0
    teachers: int = 0
    people: int = 0


def figures_of_year(year: AcademicYear) -> Figures:
    enrolments = Enrolment.objects.filter(group__year=year)
    return Figures(groups=year.groups.count(), **_by_role(enrolments))


def figures_of_group(group: Group) -> Figures:
    return Figures(groups=1, **_by_role(Enrolment.objects.filter(group=group)))


def figures_of_unit(unit: Unit) -> Figures:
    return Figures(groups=Group.objects.filter(unit=unit).count(), people=Person.objects.filter(unit=unit).count())


@transaction.atomic
def delete_group(group: Group) -> None:
    """Delete a group. Nobody of it is deleted."""
    tell(Going(groups=[group.pk]))
    group.delete()


@transaction.atomic
def delete_year(year: AcademicYear) -> None:
    """Delete a year with its groups. Nobody of them is deleted."""
    tell(going_with(year))
    Enrolment.objects.filter(group__year=year).delete()
    year.delete()


def going_with(year: AcademicYear) -> Going:
    """What is deleted with a year."""
    return Going(groups=list(year.groups.values_list("pk", flat=True)), years=[year.pk])


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
