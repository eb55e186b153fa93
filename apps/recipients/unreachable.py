"""The students of a year whose families no email reaches, class by class."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from django.db.models import Count, Q, QuerySet

from apps.core.exports import in_portions
from apps.organizations.models import Unit

from .models import AcademicYear, Enrolment, Group, Person
from .posted_ids import posted_id, posted_ids
from .reaching import out_of_reach, with_reach

SHOWN = 300


@dataclass
class ClassCount:
    """A class (None: no class in this year), how many students it has, and how many of them are out of reach."""

    group: Group | None
    students: int
    out: int
    rows: list[Person] = field(default_factory=list)


@dataclass
class Asked:
    """Which students: of a year, perhaps of one unit or one class, perhaps some of them by their ids."""

    year: AcademicYear | None
    unit: Unit | None = None
    group: Group | None = None
    chosen: list[int] = field(default_factory=list)

    @property
    def is_current(self) -> bool:
        return self.year == AcademicYear.current()

    def enrolments(self) -> QuerySet[Enrolment]:
        """Students in the classes of the year; of the current year without those who have left."""
        found = Enrolment.objects.filter(
            group__year=self.year, group__kind=Group.Kind.CLASS, role=Enrolment.Role.STUDENT
        )
        found = found.filter(person__active=True) if self.is_current else found
        found = found.filter(group__unit=self.unit) if self.unit else found
        found = found.filter(group=self.group) if self.group else found
        return found.filter(person__any_of=self.chosen) if self.chosen else found

    def without_class(self) -> QuerySet[Person]:
        """Students of today who are in no class of the current year."""
        if self.group or not self.is_current:
            return Person.objects.none()
        classes = Enrolment.objects.filter(
            group__year=self.year, group__kind=Group.Kind.CLASS, role=Enrolment.Role.STUDENT
        )
        # Not "there is no enrolment of his": SQLite would read all enrolments again for each student.
        found = Person.objects.filter(kind=Person.Kind.STUDENT, active=True).exclude(pk__in=classes.values("person"))
        found = found.filter(unit=self.unit) if self.unit else found
        return found.filter(pk__any_of=self.chosen) if self.chosen else found


def counts(asked: Asked) -> list[ClassCount]:
    """The classes with somebody out of reach, by unit and name; last who is in no class."""
    per_class = asked.enrolments().order_by().values("group")
    numbers = {
        row["group"]: ClassCount(None, row["students"], row["out"])
        for row in per_class.annotate(students=Count("id"), out=Count("id", filter=out_of_reach("person")))
        if row["out"]
    }
    found = []
    for group in Group.objects.filter(pk__any_of=list(numbers)).select_related("unit").order_by("unit__name", "name"):
        numbers[group.pk].group = group
        found.append(numbers[group.pk])
    others = asked.without_class()
    out = others.filter(out_of_reach()).count()
    return [*found, ClassCount(None, others.count(), out)] if out else found


def number_out_of_reach(asked: Asked) -> int:
    """How many students that are; one of two classes counts once."""
    in_classes = asked.enrolments().filter(out_of_reach("person")).order_by().values("person").distinct()
    return in_classes.count() + asked.without_class().filter(out_of_reach()).count()


def students_out_of_reach(asked: Asked) -> Iterator[tuple[Group | None, Person]]:
    """Class and student, in the order of `counts`; a student of two classes comes twice. Each student has `reach`."""
    enrolments = asked.enrolments().filter(out_of_reach("person")).select_related("person", "group__unit")
    ordered = enrolments.order_by("group__unit__name", "group__name", "group_id", "person__search_name", "person_id")
    for portion in in_portions(ordered.iterator(chunk_size=500)):
        with_reach(each.person for each in portion)
        yield from ((each.group, each.person) for each in portion)
    for people in in_portions(asked.without_class().filter(out_of_reach()).iterator(chunk_size=500)):
        yield from ((None, person) for person in with_reach(people))


def filled(classes: list[ClassCount], rows: Iterable[tuple[Group | None, Person]]) -> list[ClassCount]:
    """The classes with their first rows, as many as `rows` has; those without any are left out."""
    of_class = {each.group.pk if each.group else None: each for each in classes}
    for key, pairs in groupby(rows, key=lambda pair: pair[0].pk if pair[0] else None):
        if key in of_class:
            of_class[key].rows += [person for _group, person in pairs]
    return [each for each in classes if each.rows]


def asked_for(query) -> Asked:
    """What the query string asks for (`year`, `unit`, `group`, `student`), each of which may be missing or empty.

    Raises ObjectDoesNotExist for a year, unit or class that is not there: nobody is to print letters to a whole school
    by the address of a class that has been deleted.
    """
    asked_year = query.get("year")
    year = AcademicYear.objects.get(pk=posted_id(asked_year)) if asked_year else AcademicYear.current()
    unit = Unit.objects.get(pk=posted_id(query["unit"])) if query.get("unit") else None
    classes = Group.objects.filter(kind=Group.Kind.CLASS).select_related("year")
    group = classes.get(pk=posted_id(query["group"])) if query.get("group") else None
    chosen = posted_ids(query.getlist("student"))
    if group and group.year:
        return Asked(group.year, None, group, chosen)
    return Asked(year, unit, None, chosen)


def classes_of(asked: Asked) -> QuerySet[Group]:
    """The classes one may choose from."""
    condition = Q(unit=asked.unit) if asked.unit else Q()
    found = Group.objects.filter(condition, year=asked.year, kind=Group.Kind.CLASS)
    return found.select_related("unit").order_by("unit__name", "name")
