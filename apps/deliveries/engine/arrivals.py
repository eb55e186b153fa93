"""What is heard of a copy after it has left: that it was delivered, or that it came back. In any order, and twice.

Each function is called with a row that is locked, and an event about it that is written already. A report is proof
that whoever tells it had the copy, also where the record of its acceptance is still on its way; what was refused at
once stays failed, and what was skipped skipped. Where reports contradict each other a hard return stands, else what
happened last.
"""

from apps.core.states import move

from ..models import DeliveredCount, Delivery, Event, Packet
from .dead_addresses import mark_dead

State = Delivery.State
RETURNS = (Event.Kind.BOUNCED, Event.Kind.REJECTED)


def has_left(delivery: Delivery, event: Event) -> None:
    """Something was heard of it: nobody could say whether it had left, now it has."""
    if delivery.state == State.UNCERTAIN:
        move(delivery, State.SENT, sent_at=event.at)


def was_delivered(delivery: Delivery, event: Event) -> None:
    """It lies in the mailbox, or on the phone."""
    if not _may_become(delivery, State.DELIVERED) or _return_stands(delivery, event):
        return
    said = {"server_reply": event.detail} if delivery.state == State.BOUNCED else {}
    move(delivery, State.DELIVERED, **_times(delivery, event), **said)
    DeliveredCount.add(delivery, 1)


def came_back(delivery: Delivery, event: Event) -> None:
    """It came back, or whoever had accepted it gave it up. A hard return marks the address, whatever the row says."""
    if event.is_hard:
        mark_dead(delivery.normalized, event.detail)
    before, said = delivery.state, {"server_reply": event.detail, **_times(delivery, event)}
    if before == State.BOUNCED and event.is_hard:  # until now only the mailbox was full
        Delivery.objects.filter(pk=delivery.pk, state=before).update(**said)
    if not _may_become(delivery, State.BOUNCED) or _arrival_stands(delivery, event):
        return
    move(delivery, State.BOUNCED, **said)
    if before == State.DELIVERED:
        DeliveredCount.add(delivery, -1)


def _may_become(delivery: Delivery, state: str) -> bool:
    """Whether that is declared; and of what waits, whether it can have left: somebody has held its packet."""
    if delivery.state != State.WAITING:
        return state in Delivery.TRANSITIONS[delivery.state]
    packets = Packet.objects.filter(mailing=delivery.mailing_id, first_id__lte=delivery.pk, last_id__gte=delivery.pk)
    return packets.exclude(leased_by="").exists()


def _return_stands(delivery: Delivery, arrival: Event) -> bool:
    returns = Event.objects.filter(delivery=delivery, kind__in=RETURNS)
    return returns.filter(is_hard=True).exists() or returns.filter(at__gte=arrival.at).exists()


def _arrival_stands(delivery: Delivery, returned: Event) -> bool:
    arrivals = Event.objects.filter(delivery=delivery, kind=Event.Kind.DELIVERED)
    return not returned.is_hard and arrivals.filter(at__gt=returned.at).exists()


def _times(delivery: Delivery, event: Event) -> dict:
    return {"updated_at": event.at, "sent_at": delivery.sent_at or event.at}
