"""Changes to a person's addresses and family that touch several rows at once."""

from collections import defaultdict

from django.db import transaction
from django.utils import timezone

from apps.core.channels import CONTACT_KINDS, EMAIL
from apps.core.ranking import rank

from .models import Consent, ConsentChange, ContactPoint, Guardianship, Person, Source
from .taking_away import remember_address


def save_by_hand(point: ContactPoint, works_again: bool = False) -> None:
    """Write an address typed by hand: pinned against imports, primary if it is the only one of its kind.

    One that came back stays so, with whomever it stands, unless the person who types it says that it `works_again`.
    """
    point.clean()
    point.source = ContactPoint.Source.HAND
    if point.pk is None or point.purpose != ContactPoint.Purpose.OWN:
        point.is_primary = False
    with transaction.atomic():
        if works_again:
            point.mark_good()
        else:
            point.take_health()
        point.save()
        _settle_primary(point)


def make_primary(point: ContactPoint) -> None:
    """Write to this own address of the person from now on."""
    with transaction.atomic():
        own = ContactPoint.objects.filter(person=point.person_id, channel=point.channel, purpose="own")
        own.filter(is_primary=True).update(is_primary=False)
        own.filter(pk=point.pk).update(is_primary=True)


def delete_contact_point(point: ContactPoint) -> None:
    """Delete an address, for imports too; if it was the primary one, the next own address takes its place."""
    with transaction.atomic():
        remember_address(point)
        point.delete()
        _settle_primary(point)


def _settle_primary(point: ContactPoint) -> None:
    """If the person has no primary own address in the channel of `point`, the first that works becomes it."""
    own = ContactPoint.objects.filter(person=point.person_id, channel=point.channel, purpose="own")
    first = own.order_by(rank("health", ContactPoint.WORST_HEALTH_FIRST).desc(), "pk").first()
    if first and not own.filter(is_primary=True).exists():
        make_primary(first)


def settle_primaries(person: Person) -> None:
    """See to it that a person with own addresses has a primary one in each channel."""
    for channel in CONTACT_KINDS:
        _settle_primary(ContactPoint(person=person, channel=channel))


def set_here(person: Person, is_here: bool) -> None:
    """Note, without saving, that the office says somebody is at the school, or has left: no import changes that."""
    person.active = is_here
    person.left_on = None if is_here else timezone.localdate()
    person.left_source = "" if is_here else Source.HAND


def pin_name(person: Person) -> None:
    """Note, without saving, that the name is typed by hand: imports know the person by the one that it had."""
    person.imported_name = (
        person.imported_name or person.search_name or Person.make_search_name(person.first_name, person.last_name)
    )


def set_sms(point: ContactPoint, can_receive: bool) -> None:
    """Note that a number takes no SMS, a landline for one; or that it does after all."""
    good = {"health": ContactPoint.Health.GOOD, "health_reason": "", "health_since": None}
    not_any_more = {"health": ContactPoint.Health.NO_SMS, "health_reason": "", "health_since": timezone.now()}
    ContactPoint.objects.filter(pk=point.pk).update(**(good if can_receive else not_any_more))


def add_guardian(student: Person, *, first_name: str, last_name: str, email: str, relation: str) -> Person:
    """Give a student a guardian: the one on record with the same address and name, else a new person."""
    point = ContactPoint(channel=EMAIL, value=email)
    if email:
        point.clean()
    name = Person.make_search_name(first_name, last_name)
    with transaction.atomic():
        known = Person.objects.filter(kind=Person.Kind.GUARDIAN, search_name=name)
        guardian = known.filter(contact_points__normalized=point.normalized).first() if email else None
        if guardian is None:
            guardian = Person.objects.create(kind=Person.Kind.GUARDIAN, first_name=first_name, last_name=last_name)
            if email:
                point.person = guardian
                save_by_hand(point)
        Guardianship.objects.get_or_create(student=student, guardian=guardian, defaults={"relation": relation})
    return guardian


def record_consent(person: Person, kind: str, granted: bool, user) -> None:
    """Note that the person agrees to something (a value of Consent.Kind) or no longer does; who said so, and when."""
    word = {"granted": granted, "at": timezone.now(), "by": user, "source": ContactPoint.Source.HAND}
    with transaction.atomic():
        before = Consent.objects.filter(person=person, kind=kind).first()
        Consent.objects.update_or_create(person=person, kind=kind, defaults=word)
        if before is None or before.granted != granted:
            ConsentChange.objects.create(person=person, kind=kind, **word)


def consents_of(person: Person) -> list[dict]:
    """For each kind of consent: what stands now (None: never asked), and its history, newest first."""
    current = {consent.kind: consent for consent in person.consents.select_related("by")}
    changes: dict[str, list[ConsentChange]] = defaultdict(list)
    for change in person.consent_changes.select_related("by"):
        changes[change.kind].append(change)
    return [
        {"kind": kind, "label": label, "consent": current.get(kind), "changes": changes[kind]}
        for kind, label in Consent.Kind.choices
    ]


def restrict(guardianship: Guardianship) -> None:
    """Save a guardianship; from when it is restricted stands with it, until it is not any more."""
    if guardianship.restricted:
        guardianship.restricted_since = guardianship.restricted_since or timezone.localdate()
    else:
        guardianship.restricted_since = None
    guardianship.save()
