"""What mail services report afterwards: each report becomes an Event once, and what it means for the row is done.

anymail reads the reports of all services into one vocabulary and brings them by its signal; esp_hook_views opens the
scope of the organisation first, so that a report can never reach the rows of another one.
"""

import hashlib
import json
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.db import transaction
from django.utils import timezone

from apps.channels.email.esp import METADATA
from apps.channels.outcomes import shortened
from apps.targetlists.opting_out import opt_out

from ..engine.arrivals import RETURNS, came_back, has_left, was_delivered
from ..engine.dead_addresses import says_dead
from ..models import Delivery, Event

_KINDS = {
    EventType.DELIVERED: Event.Kind.DELIVERED,
    EventType.DEFERRED: Event.Kind.DEFERRED,
    EventType.BOUNCED: Event.Kind.BOUNCED,
    EventType.REJECTED: Event.Kind.REJECTED,
    EventType.FAILED: Event.Kind.REJECTED,
    EventType.COMPLAINED: Event.Kind.COMPLAINED,
    EventType.UNSUBSCRIBED: Event.Kind.UNSUBSCRIBED,
    EventType.OPENED: Event.Kind.OPENED,
    EventType.CLICKED: Event.Kind.CLICKED,
}
_WANTS_NO_MORE = (Event.Kind.COMPLAINED, Event.Kind.UNSUBSCRIBED)
# Without a reply code: Postmark and Brevo call it a hard bounce, Mailjet says what is wrong.
_HARD = {
    ("Type", "HardBounce"),
    ("event", "hard_bounce"),
    ("error", "user unknown"),
    ("error", "invalid domain"),
    ("error", "no mail host"),
}
_LONGEST_ID = 200


def heard(event: AnymailTrackingEvent, **_signal: Any) -> None:
    """Write one report, in the scope of the organisation whose service made it.

    Told twice it is written once. Reports about deliveries that do not exist here, and of kinds that say nothing about
    a delivery, are ignored.
    """
    kind = _KINDS.get(event.event_type)
    delivery_id = _delivery_id(event)
    if kind is None or delivery_id is None:
        return
    with transaction.atomic():
        found = Delivery.objects.select_for_update(of=("self",)).select_related("mailing").filter(pk=delivery_id)
        delivery = found.first()
        if delivery is None:
            return
        at, words = event.timestamp or timezone.now(), _words(event)
        if timezone.is_naive(at):
            at = timezone.make_aware(at, timezone.get_default_timezone())
        heard_of = {"at": at, "detail": words, "is_hard": kind in RETURNS and _is_hard(event, words)}
        written, is_new = Event.objects.get_or_create(
            delivery=delivery, kind=kind, external_id=_external_id(event), defaults=heard_of
        )
        if is_new:
            _act(delivery, written)


def _act(delivery: Delivery, event: Event) -> None:
    if event.kind in RETURNS:
        came_back(delivery, event)
    elif event.kind == Event.Kind.DELIVERED:
        was_delivered(delivery, event)
    else:
        has_left(delivery, event)
    if event.kind in _WANTS_NO_MORE:
        mailing = delivery.mailing
        opt_out(delivery.normalized, commercial=mailing.commercial, source="service", channel=mailing.channel)


def _delivery_id(event: AnymailTrackingEvent) -> int | None:
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    number = str(metadata.get(METADATA, ""))
    return int(number) if number.isdecimal() and len(number) <= 18 else None


def _external_id(event: AnymailTrackingEvent) -> str:
    """The service's own name of the report; where it gives none, a digest of all it said."""
    raw = _raw(event)
    # Mailgun's token, which anymail takes, is new whenever the same event is told again.
    name = shortened(str(_part(raw, "event-data").get("id") or event.event_id or ""))
    if name and len(name) <= _LONGEST_ID:
        return name
    return hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()


def _words(event: AnymailTrackingEvent) -> str:
    """What the recipient's server or the service said. Never the link that was clicked: it holds a family's token."""
    raw = _raw(event)
    status = _part(_part(raw, "event-data"), "delivery-status")
    text = str(event.mta_response or event.description or raw.get("error") or "")
    codes = (status.get("code"), status.get("enhanced-code"), raw.get("status"))
    missing = [str(code) for code in codes if code and str(code) not in text]
    return shortened(" ".join([*missing, text]))


def _is_hard(event: AnymailTrackingEvent, words: str) -> bool:
    raw = _raw(event)
    named = any(raw.get(name) == value for name, value in _HARD)
    return named or event.reject_reason == RejectReason.INVALID or says_dead(words)


def _raw(event: AnymailTrackingEvent) -> dict:
    return event.esp_event if isinstance(event.esp_event, dict) else {}


def _part(raw: dict, name: str) -> dict:
    part = raw.get(name)
    return part if isinstance(part, dict) else {}
