"""Make one person of two who are the same: everything of the one moves to the other, in one transaction.

The apps above register what they move, in their apps.py. Where both have what may stand only once, one of the two rows
stays and takes over what the other knew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.core.registry import Registry

from .duplicates import move_known_apart
from .family import settle_primaries
from .former_numbers import take_over_numbers
from .merged_records import remember_merged
from .models import (
    Consent,
    ConsentChange,
    ContactPoint,
    Enrolment,
    Guardianship,
    ImportConflict,
    Note,
    NoteFolder,
    Person,
    Source,
    TakenAway,
)

# What is counted before a merge: what it is called, the model, and its field that names a person.
Figure = tuple[Any, type[models.Model], str]


@dataclass(frozen=True)
class Part:
    """What an app brings: `move(kept, gone)`, called inside the transaction of every merge, and what is counted."""

    move: Callable[[Person, Person], None]
    figures: tuple[Figure, ...] = ()


PARTS: Registry[Part] = Registry()

# What the two may differ in; of each the office chooses whose stays. What belongs together is chosen together.
FIELDS: dict[str, tuple[str, ...]] = {
    "kind": ("kind",),
    "first_name": ("first_name",),
    "last_name": ("last_name",),
    "language": ("language",),
    "unit": ("unit_id",),
    "external_id": ("external_id", "import_source_id"),
    "document": ("document",),
    "active": ("active", "left_on", "left_source"),
}


def figures_of(kept: Person, gone: Person) -> list[tuple[Any, tuple[int, int]]]:
    """How many groups, notes, messages ... each of the two has; without what neither has."""
    found = []
    for label, model, field in (figure for part in PARTS.values() for figure in part.figures):
        rows = model._default_manager.filter(**{f"{field}__in": (kept, gone)}).order_by()
        counted = dict(rows.values_list(field).annotate(number=Count("pk")))
        if counted:
            found.append((label, (counted.get(kept.pk, 0), counted.get(gone.pk, 0))))
    return found


def move_rows(
    model: type[models.Model],
    field: str,
    kept: Person,
    gone: Person,
    once: tuple[str, ...] = (),
    among: Q | None = None,
    first: Callable[[QuerySet, QuerySet], None] | None = None,
) -> None:
    """Let `field` of the rows of `model` name `kept` instead of `gone`.

    A person may have only one row (of those `among` which a constraint counts) with equal columns `once`: where both
    have it, `first(rows that go, rows of kept)` may save what is worth it, then the row of `gone` is deleted.
    """
    rows = model._default_manager.filter(**{field: gone})
    if once:
        counted = model._default_manager.filter(among or Q(), **{field: kept})
        same = counted.filter(**{name: OuterRef(name) for name in once})
        going = rows.filter(among or Q()).filter(Exists(same))
        if first:
            first(going, counted)
        going.delete()
    rows.update(**{field: kept})


@transaction.atomic
def merge(kept: Person, gone: Person, of_gone: set[str], user: Any) -> Person:
    """Move everything from `gone` to `kept`, and delete `gone`. `of_gone` names the FIELDS whose values come from it.

    What both knew differently, and is not chosen, stands in a note afterwards. Raises ValidationError with a sentence
    when the two cannot be one person.
    """
    locked = Person.objects.select_for_update().order_by("pk").in_bulk([kept.pk, gone.pk])
    if len(locked) != 2:
        raise ValidationError(_("One of the two is not on record any more."))
    kept, gone = locked[kept.pk], locked[gone.pk]
    _check_two(kept, gone)
    _write_down(kept, gone, of_gone, user)
    imported_name = _imported_name(kept, gone, of_gone)
    take_over_numbers(kept, gone, (gone if "external_id" in of_gone else kept).external_id)
    for part in PARTS.values():
        part.move(kept, gone)
    membership = kept.membership_id or gone.membership_id
    remember_merged(kept, gone)
    Person.objects.filter(pk=gone.pk).delete()
    for column in (column for name in of_gone for column in FIELDS[name]):
        setattr(kept, column, getattr(gone, column))
    kept.membership_id = membership
    name = Person.make_search_name(kept.first_name, kept.last_name)
    kept.imported_name = "" if imported_name == name and not kept.imported_name else imported_name
    kept.save()
    settle_primaries(kept)
    return kept


def _imported_name(kept: Person, gone: Person, of_gone: set[str]) -> str:
    """The folded name under which imports know them: of the one that an import brought, if it is one alone.

    If it brought both, it is that of the one whose number stays.
    """
    brought = [each for each in (gone, kept) if _is_imported(each)]
    numbered = gone if "external_id" in of_gone and gone.external_id else kept
    known = brought[0] if len(brought) == 1 else numbered
    return known.imported_name or known.search_name


def _is_imported(person: Person) -> bool:
    points = ContactPoint.objects.filter(person=person, source=Source.IMPORT)
    return person.import_source_id is not None or points.exists()


def _check_two(kept: Person, gone: Person) -> None:
    if Guardianship.objects.filter(Q(student=kept, guardian=gone) | Q(student=gone, guardian=kept)).exists():
        raise ValidationError(_("One is a guardian of the other: they are two people."))
    if kept.membership_id and gone.membership_id:
        raise ValidationError(_("Both log in, each with a login of their own: they cannot be merged."))


def preferred(kept: Person, gone: Person) -> set[str]:
    """The fields that only `gone` has a value for; and the kind of whoever logs in."""
    logs_in = {"kind"} if gone.membership_id and not kept.membership_id else set()
    return logs_in | {
        name for name, columns in FIELDS.items() if getattr(gone, columns[0]) and not getattr(kept, columns[0])
    }


def shown_value(person: Person, name: str) -> str:
    """What a field of FIELDS says, for people to read."""
    if name == "active":
        return str(_("at the school now")) if person.active else str(_("no longer here"))
    if name in ("kind", "language"):
        return str(getattr(person, f"get_{name}_display")())
    return str(getattr(person, name) or "")


def _write_down(kept: Person, gone: Person, of_gone: set[str], user: Any) -> None:
    lines = [_("Merged with %(name)s.") % {"name": gone.full_name}]
    for name in FIELDS:
        lost = shown_value(kept if name in of_gone else gone, name)
        if lost and shown_value(kept, name) != shown_value(gone, name):
            label = str(Person._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            lines.append(f"{label}: {lost}")
    lines += _lost_relations(kept, gone)
    folder = NoteFolder.objects.get_or_create(name=_("Merged"))[0]
    Note.objects.create(person=kept, folder=folder, text="\n".join(lines)[:5000], by=user)


def _lost_relations(kept: Person, gone: Person) -> list[str]:
    """What a guardian of both, or a student of both, is called at the one who goes, where it is something else."""
    lines = []
    for own, other in (("student", "guardian"), ("guardian", "student")):
        relation = Guardianship.objects.filter(**{own: kept, other: OuterRef(other)}).exclude(relation="")
        pairs = Guardianship.objects.filter(**{own: gone}).exclude(relation="").select_related(other)
        pairs = pairs.annotate(stays=Subquery(relation.values("relation")[:1])).exclude(stays=None)
        lines += [f"{getattr(pair, other).full_name}: {pair.relation}" for pair in pairs if pair.stays != pair.relation]
    return lines


def _move_own(kept: Person, gone: Person) -> None:
    _move_points(kept, gone)
    move_rows(Guardianship, "student", kept, gone, ("guardian",), first=_keep_guardianship("guardian"))
    move_rows(Guardianship, "guardian", kept, gone, ("student",), first=_keep_guardianship("student"))
    move_rows(Enrolment, "person", kept, gone, ("group", "role"), first=_keep_hand("group", "role"))
    move_rows(Consent, "person", kept, gone, ("kind",), first=_keep_latest)
    move_rows(ConsentChange, "person", kept, gone)
    move_rows(Note, "person", kept, gone)
    move_rows(ImportConflict, "person", kept, gone, ("channel", "purpose", "normalized"))
    move_known_apart(kept, gone)
    move_rows(TakenAway, "person", kept, gone, ("guardian",), among=Q(guardian__isnull=False))
    move_rows(TakenAway, "person", kept, gone, ("group", "role"), among=Q(group__isnull=False))
    move_rows(TakenAway, "guardian", kept, gone, ("person",))


def _move_points(kept: Person, gone: Person) -> None:
    """What is primary stays so; the other's comes beside it, or takes the place where there is none."""
    primary = ContactPoint.objects.filter(person=kept, purpose="own", is_primary=True)
    of_gone = ContactPoint.objects.filter(person=gone, is_primary=True)
    of_gone.filter(channel__in=list(primary.values_list("channel", flat=True))).update(is_primary=False)
    move_rows(ContactPoint, "person", kept, gone, ("channel", "purpose", "normalized"), first=_keep_health)


def _keep_health(going: QuerySet, counted: QuerySet) -> None:
    """The same address: it has come back if it came back for either, and is pinned if either pinned it."""
    columns = ("channel", "purpose", "normalized")
    failed = going.exclude(health=ContactPoint.Health.GOOD).filter(**_same(*columns)).order_by("health_since", "pk")
    values = {name: Subquery(failed.values(name)[:1]) for name in ("health", "health_reason", "health_since")}
    counted.filter(Exists(failed)).exclude(health=ContactPoint.Health.FAILED).update(**values)
    _keep_hand(*columns)(going, counted)


def _same(*columns: str) -> dict[str, OuterRef]:
    return {name: OuterRef(name) for name in columns}


def _keep_hand(*columns: str) -> Callable[[QuerySet, QuerySet], None]:
    def keep(going: QuerySet, counted: QuerySet) -> None:
        """What was typed by hand for either was typed by hand."""
        counted.filter(Exists(going.filter(source=Source.HAND, **_same(*columns)))).update(source=Source.HAND)

    return keep


def _keep_guardianship(other: str) -> Callable[[QuerySet, QuerySet], None]:
    def keep(going: QuerySet, counted: QuerySet) -> None:
        """Restricted if either was, since the earlier day; and the relation that only one says, or typed by hand."""
        same = going.filter(**_same(other)).order_by("pk")
        counted.filter(Exists(same.filter(restricted=True)), restricted=False).update(
            restricted=True, restricted_since=None
        )
        dated = same.filter(restricted=True, restricted_since__isnull=False)
        earlier = Exists(dated.filter(restricted_since__lt=OuterRef("restricted_since")))
        since = Subquery(dated.values("restricted_since")[:1])
        counted.filter(Q(restricted_since=None) & Exists(dated) | earlier).update(restricted_since=since)
        named = same.exclude(relation="")
        by_hand = Q(source=Source.IMPORT) & Exists(named.filter(source=Source.HAND))
        relation = Subquery(named.values("relation")[:1])
        counted.filter(Q(relation="") & Exists(named) | by_hand).update(relation=relation)
        _keep_hand(other)(going, counted)

    return keep


def _keep_latest(going: QuerySet, counted: QuerySet) -> None:
    """Of two words about the same the later counts."""
    later = going.filter(kind=OuterRef("kind"), at__gt=OuterRef("at"))
    values = {name: Subquery(later.values(name)[:1]) for name in ("granted", "at", "source", "by")}
    counted.filter(Exists(later)).update(**values)


OWN = Part(
    _move_own,
    (
        (_lazy("Guardians"), Guardianship, "student"),
        (_lazy("Looks after"), Guardianship, "guardian"),
        (_lazy("Groups"), Enrolment, "person"),
        (_lazy("Notes"), Note, "person"),
    ),
)
