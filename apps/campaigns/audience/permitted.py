"""Whom a member may write to: everybody, the students of his groups, or staff.

Twice: as querysets for the panes, and in the SQL of the audience, which asks again, so that no form gets around it.
"""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.organizations.models import Membership
from apps.organizations.permissions import Permission
from apps.recipients.models import Enrolment, Group, Guardianship, Person

from ..models import Mailing


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


@dataclass(frozen=True)
class PermittedSql:
    """Conditions that say whether the member who wrote a mailing may write to a person (p), or to any address."""

    person: str
    address: str
    writer_id: int | None  # his own record: the parameter `writer` of the condition


def permitted_sql(mailing: Mailing) -> PermittedSql:
    """The conditions for whoever wrote `mailing`; one query."""
    membership = Membership.objects.select_related("role", "person").filter(user=mailing.created_by_id).first()
    writer_id = getattr(getattr(membership, "person", None), "pk", None)
    if membership and membership.may(Permission.SEND_TO_ALL):
        return PermittedSql("1 = 1", "1 = 1", writer_id)
    may_staff = membership and membership.may(Permission.SEND_TO_STAFF)
    may_own = membership and membership.may(Permission.SEND_TO_MY_SUBJECTS)
    conditions = ["p.kind = 'staff'"] if may_staff else []
    conditions += [_IN_MY_GROUPS] if may_own and writer_id else []
    return PermittedSql(f"({' OR '.join(conditions)})" if conditions else "1 = 0", "1 = 0", writer_id)


# Of my groups: their students, and whoever looks after one of these and is not kept from it.
_MY_STUDENTS = """SELECT theirs.person_id FROM recipients_enrolment mine
    JOIN recipients_enrolment theirs ON theirs.group_id = mine.group_id AND theirs.role = 'student'
    WHERE mine.organization_id = %(organization)s AND mine.person_id = %(writer)s AND mine.role = 'teacher'"""
_IN_MY_GROUPS = f"""(p.kind = 'student' AND p.id IN ({_MY_STUDENTS})
    OR p.kind = 'guardian' AND p.id IN (SELECT g.guardian_id FROM recipients_guardianship g
        WHERE g.organization_id = %(organization)s AND NOT g.restricted AND g.student_id IN ({_MY_STUDENTS})))"""
