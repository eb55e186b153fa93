"""The panes: groups and target lists, their people, and what is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from apps.core.normalizing import without_accents
from apps.organizations.models import Membership
from apps.recipients.models import ContactPoint, Enrolment, Group, Guardianship, Person
from apps.recipients.searching import of_name
from apps.targetlists.alternatives import as_sets
from apps.targetlists.members import addresses_on, new_static_list, number_of, people_on
from apps.targetlists.models import TargetList
from apps.targetlists.offered import lists_offered_to

from ..channels.registry import channel_of
from ..models import AudienceEntry, Mailing
from .permitted import permitted_groups, permitted_people

SHOWN = 300
_LIST = "list:"
# Panes that are no group of the database: everybody of one kind.
KINDS = {
    "staff": Person.Kind.STAFF,
    "guardians": Person.Kind.GUARDIAN,
    "contacts": Person.Kind.CONTACT,
    "leads": Person.Kind.LEAD,
    "accounts": Person.Kind.ACCOUNT,
}


@dataclass
class PaneGroup:
    """One line of the first pane: `key` is a group's id, a word of KINDS, or `list:` and the id of a target list.

    `number` is None for a list: to count a filter takes its time, and nothing depends on it here.
    """

    key: str
    name: str
    number: int | None
    heading: str = ""


@dataclass
class Pane:
    """The people of the opened group or list, and how many more there are than are shown.

    `addresses`: how many on the list are not on record.
    """

    key: str
    name: str
    people: list[Person] = field(default_factory=list)
    total: int = 0
    addresses: int = 0

    @property
    def is_list(self) -> bool:
        return self.key.startswith(_LIST)

    @property
    def more(self) -> int:
        return self.total - len(self.people)


@dataclass
class Chosen:
    """The third pane. Of many people only the first are shown; `people_number` counts all."""

    groups: list[AudienceEntry]
    lists: list[AudienceEntry]
    left_out: list[AudienceEntry]
    people: list[AudienceEntry]
    addresses: list[AudienceEntry]
    people_number: int
    people_more: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in the pane; typed addresses stand in a place of their own."""
        return not (self.groups or self.lists or self.left_out or self.people)


def groups_of(mailing: Mailing, membership: Membership, search: str = "") -> list[PaneGroup]:
    """The groups of the mailing's year that the member may choose, by unit; then whole kinds; then target lists."""
    groups = permitted_groups(membership).filter(Q(year=mailing.year_id) | Q(year=None)).select_related("unit")
    counted = groups.annotate(number=Count("enrolments", filter=_members(mailing))).order_by(
        "unit__name", "kind", "name"
    )
    lines = [
        PaneGroup(str(group.pk), group.name, group.number, _heading(group))
        for group in counted
        if without_accents(search) in without_accents(group.name)
    ]
    return lines + _kinds(membership, search) + _lists(membership, search)


def pane_of(mailing: Mailing, membership: Membership, key: str, search: str = "") -> Pane | None:
    """The people of one group or list whom the member may write to, those already chosen left out.

    None when there is no such group for this member.
    """
    name, people = _people_of(mailing, membership, key)
    if people is None:
        return None
    target_list = _list_of(membership, key)
    addresses = addresses_on(target_list).count() if target_list else 0
    if search:
        people = people.filter(of_name(search))
    chosen = AudienceEntry.objects.filter(mailing=mailing, person=OuterRef("pk"))
    people = people.filter(~Exists(chosen)).prefetch_related(
        Prefetch("guardianships", Guardianship.objects.select_related("guardian")),
        Prefetch("contact_points", ContactPoint.objects.filter(channel=channel_of(mailing).contact_kind)),
    )
    return Pane(key, name, list(people.order_by("search_name", "id")[:SHOWN]), people.count(), addresses)


def add_people(mailing: Mailing, membership: Membership, ids: Iterable[int]) -> bool:
    """Put people one by one into the chosen pane: those of `ids` whom the member may write to. False when nobody."""
    ids = list(ids)
    if not ids:
        return False
    people = permitted_people(membership).filter(pk__in=ids)
    _add(mailing, people)
    return people.exists()


def add_all(mailing: Mailing, membership: Membership, key: str) -> bool:
    """Put a whole group or list into the chosen pane; of a kind of people, each of them.

    False when it is not his to choose. A list that was left out is chosen then.
    """
    if key.startswith(_LIST):
        return _choose_list(mailing, membership, key, is_excluded=False)
    if key in KINDS:
        people = permitted_people(membership).filter(kind=KINDS[key], active=True)
        _add(mailing, people)
        return people.exists()
    group = permitted_groups(membership).filter(pk=_number(key)).first()
    if group:
        AudienceEntry.objects.get_or_create(mailing=mailing, group=group, person=None, normalized="")
    return group is not None


def leave_out(mailing: Mailing, membership: Membership, key: str) -> bool:
    """Leave everybody on a target list out, whoever else chooses them. False when there is no such list."""
    return _choose_list(mailing, membership, key, is_excluded=True)


def remove(mailing: Mailing, ids: Iterable[int] | None = None) -> None:
    """Take entries out of the chosen pane; all but typed addresses when no ids are given."""
    entries = mailing.entries.all() if ids is not None else mailing.entries.filter(normalized="")
    (entries.filter(pk__in=list(ids)) if ids is not None else entries).delete()


def keep_as_list(mailing: Mailing, membership: Membership, name: str) -> TargetList:
    """A new target list, picked by hand, of everybody in the chosen pane and of the typed addresses.

    Raises ValidationError with a sentence when the name is empty or taken.
    """
    entries = mailing.entries.filter(is_excluded=False)
    members = Enrolment.objects.filter(
        _members(mailing, ""), group__in=entries.filter(group__isnull=False).values("group")
    )
    people = Q(pk__in=entries.filter(person__isnull=False).values("person")) | Q(pk__in=members.values("person"))
    for target_list in TargetList.objects.filter(entries__in=entries).select_related("uploaded"):
        people |= Q(pk__in=people_on(target_list).order_by().values("pk"))
    addresses = entries.exclude(normalized="").values_list("address", flat=True)
    return new_static_list(name, permitted_people(membership).filter(as_sets(people)), addresses, by=membership.user)


def chosen(mailing: Mailing) -> Chosen:
    """The entries of the chosen pane: whole groups with their number of members, lists, people, typed addresses."""
    entries = mailing.entries.select_related("group__unit", "group__year", "person", "target_list").order_by("id")
    groups = list(entries.filter(group__isnull=False))
    numbers = dict(
        Enrolment.objects.filter(_members(mailing, ""), group__in=[entry.group_id for entry in groups])
        .order_by()
        .values_list("group")
        .annotate(number=Count("id"))
    )
    for entry in groups:
        entry.number = numbers.get(entry.group_id, 0)  # type: ignore[attr-defined]
    lists = list(entries.filter(target_list__isnull=False))
    for entry in lists:
        entry.number = number_of(entry.target_list)  # type: ignore[arg-type, attr-defined]
    people = entries.filter(person__isnull=False).order_by("person__search_name")
    addresses = entries.exclude(normalized="")
    number = people.count()
    return Chosen(
        groups,
        [entry for entry in lists if not entry.is_excluded],
        [entry for entry in lists if entry.is_excluded],
        list(people[:SHOWN]),
        list(addresses),
        number,
        max(0, number - SHOWN),
    )


def _add(mailing: Mailing, people: QuerySet[Person]) -> None:
    """One statement, however many they are; who is there already stays there once."""
    sql, parameters = people.order_by().values("organization_id", "id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_audienceentry "
            "(organization_id, mailing_id, person_id, is_excluded, address, normalized) "
            f"SELECT p.organization_id, %s, p.id, false, '', '' FROM ({sql}) p WHERE true ON CONFLICT DO NOTHING",
            [mailing.pk, *parameters],
        )


def _members(mailing: Mailing, prefix: str = "enrolments__") -> Q:
    """Enrolments that count: students, and in a group of staff everybody; former students only when wished."""
    counts = Q(**{f"{prefix}role": Enrolment.Role.STUDENT}) | Q(**{f"{prefix}group__kind": Group.Kind.STAFF})
    return counts if mailing.include_former else counts & Q(**{f"{prefix}person__active": True})


def _people_of(mailing: Mailing, membership: Membership, key: str) -> tuple[str, QuerySet[Person] | None]:
    if key in KINDS:
        return _kind_names()[key], permitted_people(membership).filter(kind=KINDS[key], active=True)
    if key.startswith(_LIST):
        target_list = _list_of(membership, key)
        if target_list is None:
            return "", None
        on_list = people_on(target_list).order_by().values("pk")
        return target_list.name, permitted_people(membership).filter(pk__in=on_list)
    group = permitted_groups(membership).filter(pk=_number(key)).first()
    if group is None:
        return "", None
    enrolments = Enrolment.objects.filter(_members(mailing, ""), group=group)
    return group.name, Person.objects.filter(pk__in=enrolments.values("person"))


def _kinds(membership: Membership, search: str) -> list[PaneGroup]:
    people = permitted_people(membership).filter(active=True, kind__in=KINDS.values()).order_by()
    numbers = dict(people.values_list("kind").annotate(number=Count("id")))
    return [
        PaneGroup(key, name, numbers[KINDS[key]], _("People"))
        for key, name in _kind_names().items()
        if numbers.get(KINDS[key]) and without_accents(search) in without_accents(name)
    ]


def _lists(membership: Membership, search: str) -> list[PaneGroup]:
    plain = without_accents(search)
    return [
        PaneGroup(f"{_LIST}{each.pk}", each.name, None, _("Target lists"))
        for each in lists_offered_to(membership)
        if plain in without_accents(each.name)
    ]


def _list_of(membership: Membership, key: str) -> TargetList | None:
    number = _number(key.removeprefix(_LIST)) if key.startswith(_LIST) else 0
    return next((each for each in lists_offered_to(membership) if each.pk == number), None) if number else None


def _choose_list(mailing: Mailing, membership: Membership, key: str, *, is_excluded: bool) -> bool:
    target_list = _list_of(membership, key)
    if target_list:
        mailing.entries.update_or_create(target_list=target_list, defaults={"is_excluded": is_excluded})
    return target_list is not None


def _kind_names() -> dict[str, str]:
    return {
        "staff": _("All staff"),
        "guardians": _("Guardians one by one"),
        "contacts": _("Contacts"),
        "leads": _("Leads"),
        "accounts": _("Companies"),
    }


def _heading(group: Group) -> str:
    kind = "" if group.kind == Group.Kind.CLASS else str(group.get_kind_display())
    return ", ".join(part for part in (group.unit.name if group.unit else "", kind) if part) or _("Groups")


def _number(key: str) -> int:
    return int(key) if key.isdecimal() and len(key) < 18 else 0
