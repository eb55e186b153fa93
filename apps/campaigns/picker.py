"""The two panes: groups and people on the left, what is chosen on the right."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from apps.core.normalizing import without_accents
from apps.organizations.models import Membership
from apps.recipients.models import ContactPoint, Enrolment, Group, Guardianship, Person

from .models import AudienceEntry, Mailing
from .permitted import permitted_groups, permitted_people

SHOWN = 300
# Panes that are no group of the database: everybody of one kind.
KINDS = {"staff": Person.Kind.STAFF, "guardians": Person.Kind.GUARDIAN, "contacts": Person.Kind.CONTACT}


@dataclass
class PaneGroup:
    """One line of the first pane: `key` is a group's id or a word of KINDS."""

    key: str
    name: str
    number: int
    heading: str = ""


@dataclass
class Pane:
    """The people of the opened group, and how many more there are than are shown."""

    key: str
    name: str
    people: list[Person] = field(default_factory=list)
    total: int = 0

    @property
    def more(self) -> int:
        return self.total - len(self.people)


@dataclass
class Chosen:
    """The third pane. Of many people only the first are shown; `people_number` counts all."""

    groups: list[AudienceEntry]
    people: list[AudienceEntry]
    addresses: list[AudienceEntry]
    people_number: int
    people_more: int


def groups_of(mailing: Mailing, membership: Membership, search: str = "") -> list[PaneGroup]:
    """The groups of the mailing's year that the member may choose, by unit; then staff, guardians, contacts."""
    groups = permitted_groups(membership).filter(Q(year=mailing.year_id) | Q(year=None)).select_related("unit")
    counted = groups.annotate(number=Count("enrolments", filter=_members(mailing))).order_by(
        "unit__name", "kind", "name"
    )
    lines = [
        PaneGroup(str(group.pk), group.name, group.number, _heading(group))
        for group in counted
        if without_accents(search) in without_accents(group.name)
    ]
    return lines + _kinds(membership, search)


def pane_of(mailing: Mailing, membership: Membership, key: str, search: str = "") -> Pane | None:
    """The people of one group, those already chosen left out; None when there is no such group for this member."""
    name, people = _people_of(mailing, membership, key)
    if people is None:
        return None
    if search:
        people = people.filter(search_name__contains=without_accents(search))
    chosen = AudienceEntry.objects.filter(mailing=mailing, person=OuterRef("pk"))
    people = people.filter(~Exists(chosen)).prefetch_related(
        Prefetch("guardianships", Guardianship.objects.select_related("guardian")),
        Prefetch("contact_points", ContactPoint.objects.filter(channel="email")),
    )
    return Pane(key, name, list(people.order_by("search_name", "id")[:SHOWN]), people.count())


def add_people(mailing: Mailing, membership: Membership, ids: Iterable[int]) -> bool:
    """Put people one by one into the chosen pane: those of `ids` whom the member may write to. False when nobody."""
    ids = list(ids)
    if not ids:
        return False
    people = permitted_people(membership).filter(pk__in=ids)
    _add(mailing, people)
    return people.exists()


def add_all(mailing: Mailing, membership: Membership, key: str) -> bool:
    """Put a whole group into the chosen pane; of a kind of people, each of them. False when it is not his to choose."""
    if key in KINDS:
        people = permitted_people(membership).filter(kind=KINDS[key], active=True)
        _add(mailing, people)
        return people.exists()
    group = permitted_groups(membership).filter(pk=_number(key)).first()
    if group:
        AudienceEntry.objects.get_or_create(mailing=mailing, group=group, person=None, normalized="")
    return group is not None


def remove(mailing: Mailing, ids: Iterable[int] | None = None) -> None:
    """Take entries out of the chosen pane; all groups and people when no ids are given. Typed addresses stay."""
    entries = mailing.entries.all() if ids is not None else mailing.entries.filter(normalized="")
    (entries.filter(pk__in=list(ids)) if ids is not None else entries).delete()


def chosen(mailing: Mailing) -> Chosen:
    """The entries of the chosen pane: whole groups with their number of members, people, typed addresses."""
    entries = mailing.entries.select_related("group__unit", "group__year", "person").order_by("id")
    groups = list(entries.filter(group__isnull=False))
    numbers = dict(
        Enrolment.objects.filter(_members(mailing, ""), group__in=[entry.group_id for entry in groups])
        .order_by()
        .values_list("group")
        .annotate(number=Count("id"))
    )
    for entry in groups:
        entry.number = numbers.get(entry.group_id, 0)  # type: ignore[attr-defined]
    people = entries.filter(person__isnull=False).order_by("person__search_name")
    addresses = entries.exclude(normalized="")
    number = people.count()
    return Chosen(groups, list(people[:SHOWN]), list(addresses), number, max(0, number - SHOWN))


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


def _kind_names() -> dict[str, str]:
    return {"staff": _("All staff"), "guardians": _("Guardians one by one"), "contacts": _("Contacts")}


def _heading(group: Group) -> str:
    kind = "" if group.kind == Group.Kind.CLASS else str(group.get_kind_display())
    return ", ".join(part for part in (group.unit.name if group.unit else "", kind) if part) or _("Groups")


def _number(key: str) -> int:
    return int(key) if key.isdecimal() and len(key) < 18 else 0
