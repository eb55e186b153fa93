"""Filter by groups, years and families."""

from collections.abc import Callable
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.recipients.models import AcademicYear, Enrolment, Group, Guardianship, Person
from apps.recipients.posted_ids import posted_ids

from .condition_fields import CONTAINS, IS, IS_NOT, NOT_CONTAINS, Field, Operator, Takes, yes_or_no
from .person_fields import exists, unit_choices, unless

SCHOOL, FAMILY = _("Groups and years"), _("Family")
MAX_CHOICES = 3_000
_FEW = 3
_AT_LEAST = Operator("at_least", _("at least"), Takes.NUMBER)
_AT_MOST = Operator("at_most", _("at most"), Takes.NUMBER)
_EXACTLY = Operator("exactly", _("exactly"), Takes.NUMBER)


def group_choices() -> list[tuple[str, Any, Any]]:
    """The groups of the newest years, under the year and unit they belong to."""
    groups = Group.objects.select_related("year", "unit").order_by("-year__starts_on", *Group.BY_PLACE)
    return [(str(group.pk), group.name, _place(group)) for group in groups[:MAX_CHOICES]]


def group_names(values: list[str]) -> dict[str, str]:
    groups = Group.objects.filter(pk__in=posted_ids(values)).select_related("year", "unit")
    return {str(group.pk): f"{group.name} ({_place(group)})" if _place(group) else group.name for group in groups}


def _place(group: Group) -> str:
    return ", ".join(str(part) for part in (group.unit, group.year) if part)


def _year_choices() -> list[tuple[str, Any, Any]]:
    return [(str(year.pk), year.name, "") for year in AcademicYear.objects.all()]


def _teacher_choices() -> list[tuple[str, Any, Any]]:
    teaching = Enrolment.objects.filter(person=OuterRef("pk"), role=Enrolment.Role.TEACHER)
    teachers = Person.objects.filter(Exists(teaching)).order_by("search_name", "id")[:MAX_CHOICES]
    return [(str(person.pk), person.sorted_name, "") for person in teachers]


def _teacher_names(values: list[str]) -> dict[str, str]:
    return {str(person.pk): person.full_name for person in Person.objects.filter(pk__in=posted_ids(values))}


def _enrolled(column: str, **further: Any):
    """A function for people enrolled where `column` of the enrolment is one of the values."""

    def function(operator: str, values: list[str]) -> Q:
        enrolments = Enrolment.objects.filter(**{f"{column}__in": values}, **further)
        return unless(operator, exists(enrolments))

    return function


def _in_role(operator: str, roles: list[str]) -> Q:
    """Whoever teaches a group, or is a student of one: the members of a group of staff are neither."""
    enrolments = Enrolment.objects.filter(role__in=roles).exclude(group__kind=Group.Kind.STAFF)
    return unless(operator, exists(enrolments))


def _in_groups(groups: Callable[[Any], QuerySet[Group]], **further: Any):
    """As _enrolled(), by what `groups` makes of the value."""

    def function(operator: str, value: Any) -> Q:
        enrolments = Enrolment.objects.filter(group__in=groups(value).values("pk"), **further)
        return unless(operator, exists(enrolments))

    return function


def _guardian_of(groups: Callable[[Any], QuerySet[Group]]):
    """People who look after a student of these groups and may be contacted about that student.

    Whoever has left is no student of this year's groups any more; of those of years that are over he is one still.
    """

    def function(operator: str, value: Any) -> Q:
        chosen = groups(value)
        # Not "whose student is active", for which PostgreSQL would join everybody on record: who has left are few.
        has_left = Exists(Person.objects.filter(pk=OuterRef("student"), active=False))
        condition = exists(_pairs_of(chosen).filter(~has_left), of_person="guardian")
        over = _that_are_over(chosen)
        if over.exists():
            condition |= exists(_pairs_of(over), of_person="guardian")
        return unless(operator, condition)

    return function


def _pairs_of(groups: QuerySet[Group]) -> QuerySet[Guardianship]:
    enrolments = Enrolment.objects.filter(
        group__in=groups.values("pk"), role=Enrolment.Role.STUDENT, person=OuterRef("student")
    )
    return Guardianship.objects.filter(Exists(enrolments), restricted=False)


def _that_are_over(groups: QuerySet[Group]) -> QuerySet[Group]:
    current = AcademicYear.current()
    return groups.filter(year__starts_on__lt=current.starts_on) if current else groups.none()


def _by_ids(values: list[str]) -> QuerySet[Group]:
    return Group.objects.filter(pk__in=values)


def _of_years(values: list[str]) -> QuerySet[Group]:
    return Group.objects.filter(year__in=values)


def _of_units(values: list[str]) -> QuerySet[Group]:
    """Of this school year, and the standing groups: a unit of years ago is not where one is."""
    return Group.objects.filter(Q(year=None) | Q(year=AcademicYear.current()), unit__in=values)


def _of_kinds(values: list[str]) -> QuerySet[Group]:
    return Group.objects.filter(Q(year=None) | Q(year=AcademicYear.current()), kind__in=values)


def _called(text: str) -> QuerySet[Group]:
    return Group.objects.filter(Q(year=None) | Q(year=AcademicYear.current()), name__icontains=text)


def _taught_by(values: list[str]) -> QuerySet[Group]:
    teaching = Enrolment.objects.filter(person__in=values, role=Enrolment.Role.TEACHER)
    return Group.objects.filter(pk__in=teaching.values("group"))


def _has_guardian(operator: str, _value: None) -> Q:
    return unless(operator, exists(Guardianship.objects.all(), of_person="student"))


def _restricted(operator: str, _value: None) -> Q:
    return unless(operator, exists(Guardianship.objects.filter(restricted=True), of_person="guardian"))


def _children(operator: str, number: int) -> Q:
    """Students at the school now, whom the person looks after."""
    if operator == _AT_MOST.name:
        return ~_at_least(number + 1)
    return _at_least(number) if operator == _AT_LEAST.name else _at_least(number) & ~_at_least(number + 1)


def _at_least(number: int) -> Q:
    if number == 0:
        return Q(pk__gt=0)
    pairs = Guardianship.objects.filter(student__active=True)
    if number <= _FEW:
        return exists(_with_others(pairs, number), of_person="guardian")
    many = pairs.order_by().values("guardian").annotate(number=Count("student")).filter(number__gte=number)
    return exists(pairs.filter(guardian__in=many.values("guardian")), of_person="guardian")


def _with_others(pairs: QuerySet[Guardianship], number: int) -> QuerySet[Guardianship]:
    """Those of `pairs` after which as many of the same guardian follow that there are `number` of them.

    Few are found so in half the time that it takes to count all children of everybody.
    """
    found = pairs
    for _place in range(number - 1):
        found = pairs.filter(Exists(found.filter(guardian=OuterRef("guardian"), pk__gt=OuterRef("pk"))))
    return found


FIELDS = (
    Field("group", _("group"), SCHOOL, (IS, IS_NOT), _enrolled("group"), group_choices, group_names),
    Field("group_name", _("name of a group of this year"), SCHOOL, (CONTAINS, NOT_CONTAINS), _in_groups(_called)),
    Field(
        "group_kind",
        _("in a group of this year that is a"),
        SCHOOL,
        (IS, IS_NOT),
        _in_groups(_of_kinds),
        lambda: [(value, label, "") for value, label in Group.Kind.choices],
    ),
    Field("group_unit", _("unit of a group of this year"), SCHOOL, (IS, IS_NOT), _in_groups(_of_units), unit_choices),
    Field("year", _("in a group of the year"), SCHOOL, (IS, IS_NOT), _in_groups(_of_years), _year_choices),
    Field(
        "role",
        _("role in a group"),
        SCHOOL,
        (IS, IS_NOT),
        _in_role,
        lambda: [(value, label, "") for value, label in Enrolment.Role.choices],
    ),
    Field(
        "teaches",
        _("teaches group"),
        SCHOOL,
        (IS, IS_NOT),
        _enrolled("group", role=Enrolment.Role.TEACHER),
        group_choices,
        group_names,
    ),
    Field(
        "taught_by",
        _("student of teacher"),
        SCHOOL,
        (IS, IS_NOT),
        _in_groups(_taught_by, role=Enrolment.Role.STUDENT),
        _teacher_choices,
        _teacher_names,
    ),
    Field(
        "guardian_group",
        _("guardian of a student in group"),
        FAMILY,
        (IS, IS_NOT),
        _guardian_of(_by_ids),
        group_choices,
        group_names,
    ),
    Field(
        "guardian_unit",
        _("guardian of a student in unit"),
        FAMILY,
        (IS, IS_NOT),
        _guardian_of(_of_units),
        unit_choices,
    ),
    Field(
        "guardian_year",
        _("guardian of a student in the year"),
        FAMILY,
        (IS, IS_NOT),
        _guardian_of(_of_years),
        _year_choices,
    ),
    Field("children", _("children at the school"), FAMILY, (_AT_LEAST, _AT_MOST, _EXACTLY), _children),
    Field("has_guardian", _("student with a guardian on record"), FAMILY, yes_or_no(_("yes"), _("no")), _has_guardian),
    Field(
        "restricted",
        _("not to be contacted about some student"),
        FAMILY,
        yes_or_no(_("yes"), _("no")),
        _restricted,
        is_private=True,
    ),
)
