"""How the family of a student is written to by email, and what stands in the way where it is not.

The same rules as those of a mailing: a guardian's primary address unless he is restricted, the student's own primary
one, the communication addresses; none of a restricted guardian, and none that came back, with whomever it stands.
An address whose owner has unsubscribed leads to the family all the same: that it gets nothing is a choice, and nothing
to be mended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from apps.core.channels import EMAIL

from .models import ContactPoint, Guardianship, Person

_COMMUNICATION = ContactPoint.Purpose.COMMUNICATION


@dataclass(frozen=True)
class Obstacle:
    """One reason: whom it is about (empty: the family), the address if there is one, and why it is of no use."""

    who: str
    address: str
    why: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.who, " ".join(filter(None, (self.address, self.why)))) if part)


@dataclass
class Reach:
    """The addresses that work, and what is missing."""

    addresses: list[str] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)


def out_of_reach(student: str = "pk") -> Q:
    """The condition that no address leads to the family; `student` names the column with the student's id."""
    own = _used().filter(~Exists(_failed()))
    of_guardian = own.filter(person=OuterRef("guardian"), purpose=ContactPoint.Purpose.OWN)
    of_guardian = of_guardian.filter(~Exists(_of_restricted(OuterRef(OuterRef("student")))))
    guardians = Guardianship.objects.filter(student=OuterRef(student), restricted=False).filter(Exists(of_guardian))
    of_student = own.filter(person=OuterRef(student)).filter(~Exists(_of_restricted(OuterRef("person"))))
    return ~Exists(of_student) & ~Exists(guardians)


def with_reach(students: Iterable[Person]) -> list[Person]:
    """The same students, each with `reach`; a handful of queries, however many they are."""
    students = list(students)
    emails = Prefetch("contact_points", _used().annotate(fails=Exists(_failed())), to_attr="emails")
    pairs = Guardianship.objects.order_by("pk").prefetch_related(Prefetch("guardian", _with(emails)))
    prefetch_related_objects(students, emails, Prefetch("guardianships", pairs, to_attr="pairs"))
    for student in students:
        student.reach = _reach(student)  # type: ignore[attr-defined]
    return students


def _used() -> QuerySet[ContactPoint]:
    """The addresses that a mailing writes to."""
    return ContactPoint.objects.filter(Q(is_primary=True) | Q(purpose=_COMMUNICATION), channel=EMAIL)


def _failed() -> QuerySet[ContactPoint]:
    return ContactPoint.objects.filter(
        channel=EMAIL, normalized=OuterRef("normalized"), health=ContactPoint.Health.FAILED
    )


def _of_restricted(student: OuterRef) -> QuerySet[ContactPoint]:
    """The same address with somebody who must not be contacted about the student."""
    pairs = Guardianship.objects.filter(guardian=OuterRef("person"), restricted=True, student=OuterRef(student))
    return ContactPoint.objects.filter(Exists(pairs), channel=EMAIL, normalized=OuterRef("normalized"))


def _with(emails: Prefetch) -> QuerySet[Person]:
    return Person.objects.prefetch_related(emails)


def _reach(student) -> Reach:
    reach = Reach()
    barred = {point.normalized for pair in student.pairs if pair.restricted for point in pair.guardian.emails}
    if not student.pairs:
        reach.obstacles.append(Obstacle("", "", _("No guardian on record.")))
    for pair in student.pairs:
        own = [point for point in pair.guardian.emails if point.purpose != _COMMUNICATION]
        if pair.restricted:
            reach.obstacles.append(Obstacle(pair.guardian.full_name, "", _("restricted, gets nothing")))
        elif not own:
            reach.obstacles.append(Obstacle(pair.guardian.full_name, "", _("no email address")))
        else:
            _weigh(reach, pair.guardian.full_name, own, barred)
    for point in student.emails:
        whose = _("communication") if point.purpose == _COMMUNICATION else _("the student's own")
        _weigh(reach, whose, [point], barred)
    return reach


def _weigh(reach: Reach, who: str, points: list, barred: set[str]) -> None:
    for point in points:
        if point.normalized in barred:
            reach.obstacles.append(Obstacle(who, point.value, _("is also of somebody who is restricted")))
        elif point.fails:
            reach.obstacles.append(Obstacle(who, f"[ko] {point.value}", _came_back(point)))
        elif point.value not in reach.addresses:
            reach.addresses.append(point.value)


def _came_back(point: ContactPoint) -> str:
    if not point.health_since:
        return _("came back")
    local = timezone.localtime(point.health_since)
    date = formats.date_format(local, "j M" if local.year == timezone.localdate().year else "j M Y")
    sentence = _("came back on %(date)s: %(reason)s") if point.health_reason else _("came back on %(date)s")
    return sentence % {"date": date, "reason": point.health_reason}
