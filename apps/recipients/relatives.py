"""A person's family as it stands on his page: guardians, students, siblings, and the addresses of all of them."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .models import ContactPoint, Guardianship, Person


@dataclass(frozen=True)
class Reached:
    """One address or number, and whose it is: a guardian by name and relation, or the person of the page."""

    point: ContactPoint
    whose: str
    relation: str = ""
    is_restricted: bool = False


def family_of(person: Person) -> dict[str, Any]:
    """What the page shows of a family, in a handful of queries."""
    pairs = person.guardianships.select_related("guardian").order_by("guardian__search_name", "pk")
    guardianships = list(pairs.prefetch_related("guardian__contact_points"))
    wardships = person.wardships.select_related("student").order_by("student__search_name", "pk")
    reached = [Reached(point, person.full_name, _whose(point)) for point in person.contact_points.all()]
    for pair in guardianships:
        for point in pair.guardian.contact_points.all():
            reached.append(Reached(point, pair.guardian.full_name, pair.relation, pair.restricted))
    siblings = siblings_of(person) if guardianships else []
    return {"reached": reached, "guardianships": guardianships, "wardships": wardships, "siblings": siblings}


def siblings_of(student: Person) -> list[Person]:
    """The other students of the same guardians, by name."""
    guardians = Guardianship.objects.filter(student=student).values("guardian")
    others = Guardianship.objects.filter(guardian__in=guardians).exclude(student=student).values("student")
    return list(Person.objects.filter(pk__in=others, active=True).order_by("search_name", "pk"))


def _whose(point: ContactPoint) -> str:
    if point.purpose == ContactPoint.Purpose.COMMUNICATION:
        return _("for communication")
    return _("own") if point.is_primary else _("own, not written to")
