"""Find whom to put on a list: people of all kinds mixed, by kind, group, and any part of a name, address or number."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.organizations.models import Membership
from apps.recipients.models import AcademicYear, Group, Person
from apps.recipients.posted_ids import posted_id

from .conditions import where
from .models import TargetList, TargetListMember

MEMBERS = "members"
KINDS = {
    "": _("Everybody"),
    "student": _("Students"),
    "guardian": _("Guardians"),
    "staff": _("Staff"),
    "contact": _("Contacts"),
    "lead": _("Leads"),
    "account": _("Companies"),
    MEMBERS: _("Members of the portal"),
}


@dataclass(frozen=True)
class Search:
    """What was asked for. Whatever makes no sense counts as not asked."""

    text: str = ""
    kind: str = ""
    group: str = ""
    guardians: bool = False
    former: bool = False

    @classmethod
    def asked(cls, data: Any) -> "Search":
        """From the parameters q, kind, group, of (`guardians`: of the group's students) and former."""
        kind, group = data.get("kind", ""), posted_id(data.get("group"))
        return cls(
            text=data.get("q", "").replace("\0", "").strip()[:200],
            kind=kind if kind in KINDS else "",
            group=str(group) if group else "",
            guardians=data.get("of") == "guardians",
            former=data.get("former") == "yes",
        )

    @property
    def people(self) -> QuerySet[Person]:
        """The people found, in no order."""
        found = Person.objects.all() if self.former else Person.objects.filter(active=True)
        if self.kind == MEMBERS:
            found = found.filter(membership__isnull=False)
        elif self.kind:
            found = found.filter(kind=self.kind)
        if self.group:
            found = found.filter(self._in_group())
        return found.filter(self._by_text()) if self.text else found

    def _in_group(self) -> Q:
        field = "guardian_group" if self.guardians else "group"
        if not Group.objects.filter(pk=self.group).exists():
            return Q(pk=0)
        return where({"field": field, "operator": "is", "value": [self.group]})

    def _by_text(self) -> Q:
        fields = ("name", "address")
        return where({"any": [{"field": field, "operator": "contains", "value": self.text} for field in fields]})


def groups_to_choose() -> QuerySet[Group]:
    """The groups of the current year, and the standing ones."""
    this_year = Group.objects.filter(Q(year=AcademicYear.current()) | Q(year=None))
    return this_year.select_related("unit").order_by(*Group.BY_PLACE)


def with_membership(people: QuerySet[Person], target_list: TargetList) -> QuerySet[Person]:
    """`people`, each with `is_listed`: whether one is on this list already."""
    member = TargetListMember.objects.filter(list=target_list.pk, person=OuterRef("pk"))
    return people.annotate(is_listed=Exists(member)).prefetch_related("contact_points")


def members_without_person(search: Search) -> QuerySet[Membership]:
    """Members of the portal who are nobody on record: they come onto a list by the address they log in with."""
    if search.kind != MEMBERS or search.group:
        return Membership.objects.none()
    found = Membership.objects.filter(person__isnull=True, user__is_active=True).select_related("user")
    if search.text:
        found = found.filter(Q(user__name__icontains=search.text) | Q(user__email__icontains=search.text))
    return found.order_by("user__email")
