"""Whom a member may write to: everybody, the students of his groups, or staff. The audience asks the same again."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.organizations.models import Membership
from apps.organizations.permissions import Permission
from apps.recipients.models import Enrolment, Group, Guardianship, Person


def may_write_to_anybody(membership: Membership) -> bool:
    """Whether typed addresses and files of addresses are open to this member."""
    return membership.may(Permission.SEND_TO_ALL)


def whom_only(membership: Membership) -> str:
    """A sentence for the member who asked for more: whom he may write to."""
    own, staff = membership.may(Permission.SEND_TO_MY_SUBJECTS), membership.may(Permission.SEND_TO_STAFF)
    if own and staff:
        return _("You may write to people of your own groups and to staff only.")
    return _("You may write to people of your own groups only.") if own else _("You may write to staff only.")


def permitted_groups(membership: Membership) -> QuerySet[Group]:
    """The groups whose members this member may choose."""
    if membership.may(Permission.SEND_TO_ALL):
        return Group.objects.all()
    condition = Q(kind=Group.Kind.STAFF) if membership.may(Permission.SEND_TO_STAFF) else Q(pk=None)
    if membership.may(Permission.SEND_TO_MY_SUBJECTS):
        condition |= Q(pk__in=_taught_by(membership))
    return Group.objects.filter(condition)


def permitted_people(membership: Membership) -> QuerySet[Person]:
    """The people this member may choose one by one."""
    if membership.may(Permission.SEND_TO_ALL):
        return Person.objects.all()
    condition = Q(kind=Person.Kind.STAFF) if membership.may(Permission.SEND_TO_STAFF) else Q(pk=None)
    if membership.may(Permission.SEND_TO_MY_SUBJECTS):
        mine = Enrolment.objects.filter(group__in=_taught_by(membership), role=Enrolment.Role.STUDENT).values("person")
        theirs = Guardianship.objects.filter(student__in=mine, restricted=False).values("guardian")
        condition |= Q(kind=Person.Kind.STUDENT, pk__in=mine) | Q(kind=Person.Kind.GUARDIAN, pk__in=theirs)
    return Person.objects.filter(condition)


def _taught_by(membership: Membership) -> QuerySet:
    teaching = Enrolment.objects.filter(person__membership=membership, role=Enrolment.Role.TEACHER)
    return teaching.values("group")
