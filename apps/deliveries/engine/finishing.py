"""A mailing is over when none of its rows is open, never because a loop came to its end."""

from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.core.states import TransitionRefused, move

from ..models import Delivery, Packet


def finish(mailing: Mailing) -> bool:
    """Mark a mailing as done when none of its rows is open; True if it was this call that did."""
    if Packet.objects.filter(mailing=mailing).exclude(state=Packet.State.DONE).exists():
        return False
    if mailing.deliveries.filter(state__in=Delivery.OPEN).exists():
        return False
    try:
        move(mailing, Mailing.State.DONE, finished_at=timezone.now(), problem="", waits_for=None)
    except TransitionRefused:
        return False
    return True
