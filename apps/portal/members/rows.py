"""The members of an organisation as the settings show them: what each may do, and which person on record each is."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from apps.campaigns.models import Mailing
from apps.core.channels import EMAIL
from apps.organizations.models import Membership
from apps.organizations.roles import writes_to, writes_to_own_groups_alone
from apps.recipients.models import AcademicYear, ContactPoint, Enrolment, Person
from apps.recipients.searching import of_name


@dataclass(frozen=True)
class Member:
    """A membership with the words around it; `groups` are those taught in the present year."""

    membership: Any
    person: Person | None
    groups: int
    writes_to: list[str]
    warning: str


def members(search: str = "") -> QuerySet[Membership]:
    """Everybody's memberships, by name; with a search those whose name, login or name on record has all its words."""
    found = Membership.objects.select_related("user", "role", "person").annotate(groups=_groups_taught())
    for word in search.replace(",", " ").split():
        on_record = of_name(word, "person__search_name")
        found = found.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word) | on_record)
    return found


def _groups_taught() -> Coalesce:
    year = AcademicYear.current()
    taught = Enrolment.objects.filter(person__membership=OuterRef("pk"), role=Enrolment.Role.TEACHER)
    # Groups without a year are of staff: they have no students.
    taught = taught.filter(group__year=year) if year else taught.none()
    number = taught.order_by().values("person__membership").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), 0)


def in_words(membership: Any) -> Member:
    """What the pages say of one that comes from members()."""
    person = person_of(membership)
    warning = _warning(membership, person) if writes_to_own_groups_alone(membership.role) else ""
    return Member(membership, person, membership.groups, writes_to(membership.role), warning)


def person_of(membership: Membership) -> Person | None:
    try:
        return membership.person
    except ObjectDoesNotExist:
        return None


def _warning(membership: Any, person: Person | None) -> str:
    if person is None:
        return _("Reaches no students: nobody on record is this member.")
    return "" if membership.groups else _("Reaches no students: teaches no group in the present year.")


def choose_person(membership: Membership, person: Person | None) -> bool:
    """Say which person on record a member is, or that he is none; False if that person is another member by now."""
    try:
        with transaction.atomic():
            Person.objects.filter(membership=membership).update(membership=None)
            if person and not Person.objects.filter(pk=person.pk, membership=None).update(membership=membership):
                raise IntegrityError("The person is another member.")
    except IntegrityError:
        return False
    return True


def likely_people(membership: Membership) -> QuerySet[Person]:
    """The staff who have the member's login for an address, or bear his name."""
    points = ContactPoint.objects.filter(channel=EMAIL, normalized=membership.user.email)
    return staff().filter(Q(pk__in=points.values("person")) | of_name(membership.user.name))


def staff() -> QuerySet[Person]:
    """The people who can be members: those of the staff who are at the school now."""
    return Person.objects.filter(kind=Person.Kind.STAFF, active=True).select_related("membership__user")


def figures(membership: Membership) -> dict[str, int]:
    """What stays when a membership ends: drafts, messages that wait for their start, and those that have left."""
    written = Mailing.objects.filter(created_by=membership.user_id).order_by()
    numbers = dict(written.values_list("state").annotate(number=Count("pk")))
    drafts, pending = numbers.pop(Mailing.State.DRAFT, 0), numbers.pop(Mailing.State.PENDING, 0)
    return {"drafts": drafts, "pending": pending, "sent": sum(numbers.values())}
