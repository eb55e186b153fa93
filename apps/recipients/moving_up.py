"""Into a new school year: the groups of the last one are made in it, and the students of each class move up."""

import re
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Case, IntegerField, Value, When

from .group_members import STUDENT, TEACHER, enrol
from .models import AcademicYear, Enrolment, Group


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
        enrol(teaching.filter(copy__gt=0).values_list("organization_id", "person_id", "copy", "role"))
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
    return enrol(rows.values_list("organization_id", "person_id", "target", "role"))


def guess_next(name: str, names: Mapping[str, int]) -> int | None:
    """The class that follows `name` ("5º A" -> "6º A"): the one of `names` with the first number one higher."""
    following = re.sub(r"\d+", lambda number: str(int(number[0]) + 1), name, count=1)
    return names.get(following) if following != name else None


def _pairs(source: AcademicYear, target: AcademicYear) -> list[When]:
    """For each group of `source` the group of `target` with its kind, name and unit."""
    ids = {(each.kind, each.name, each.unit_id): each.pk for each in Group.objects.filter(year=target)}
    groups = Group.objects.filter(year=source)
    pairs = [(each.pk, ids.get((each.kind, each.name, each.unit_id))) for each in groups]
    return [When(group=old, then=Value(new)) for old, new in pairs if new]
