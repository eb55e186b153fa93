"""Changes of addresses and numbers by hand: what is corrected works again, and one own address is always the primary."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.normalizing import normalize_email, normalize_phone

from .models import ContactPoint, Person


def normalized_form(channel: str, value: str, country: str) -> str:
    """How `value` is recognised again. Raises ValidationError with a sentence when it cannot be written to."""
    if channel == ContactPoint.Channel.EMAIL:
        return normalize_email(value)
    if not value.strip():
        raise ValidationError(_("The number is empty."))
    return normalize_phone(value, country)


def already_there(person: Person, channel: str, purpose: str, normalized: str, but: ContactPoint | None = None) -> bool:
    """Whether the person has this address for this purpose, apart from `but`."""
    same = person.contact_points.filter(channel=channel, purpose=purpose, normalized=normalized)
    return same.exclude(pk=but.pk if but else None).exists()


@transaction.atomic
def write(point: ContactPoint, value: str, purpose: str) -> ContactPoint:
    """Save `point` (new or on record) with what was typed: a changed value is pinned by hand, and works until it fails.

    Raises ValidationError when the value cannot be written to.
    """
    before = (point.value, point.normalized)
    point.value, point.purpose = value.strip(), purpose
    point.clean()
    if point.normalized != before[1]:
        point.health, point.health_reason, point.health_since = ContactPoint.Health.GOOD, "", None
    if point.value != before[0]:
        point.source = ContactPoint.Source.HAND
    if purpose != ContactPoint.Purpose.OWN or point.pk is None:
        point.is_primary = False
    point.save()
    settle_primary(point.person, point.channel)
    point.refresh_from_db()
    return point


@transaction.atomic
def remove(point: ContactPoint) -> None:
    """Delete an address; another own one becomes the primary."""
    person, channel = point.person, point.channel
    point.delete()
    settle_primary(person, channel)


@transaction.atomic
def make_primary(point: ContactPoint) -> None:
    """Let an own address be the one that is written to."""
    own = point.person.contact_points.filter(channel=point.channel, purpose=ContactPoint.Purpose.OWN)
    own.update(is_primary=False)
    own.filter(pk=point.pk).update(is_primary=True)


def try_again(point: ContactPoint) -> None:
    """Take `[ko]` off an address that is known to work again."""
    point.health, point.health_reason, point.health_since = ContactPoint.Health.GOOD, "", None
    point.save(update_fields=["health", "health_reason", "health_since"])


def settle_primary(person: Person, channel: str) -> None:
    """If no own address of the channel is primary, the first that works becomes it."""
    own = person.contact_points.filter(channel=channel, purpose=ContactPoint.Purpose.OWN)
    if not own.filter(is_primary=True).exists():
        # "good" sorts after "failed".
        first = own.order_by("-health", "id").first()
        if first:
            own.filter(pk=first.pk).update(is_primary=True)
