"""What the clock does, every few seconds: start what is due, take back what a dead worker held, finish what is over."""

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.organizations.scoping import in_organization, without_scope

from .fan_out import fan_out
from .models import Delivery, Packet
from .sending import finish


def tick() -> bool:
    """Do what is due in every organisation; True when there is a packet to send now."""
    start_due_mailings()
    take_back_expired_leases()
    finish_mailings()
    return packets_wait()


def start_due_mailings() -> None:
    """Fan out the mailings whose start has come."""
    with without_scope():
        due = list(
            Mailing.objects.filter(state="pending", starts_at__lte=timezone.now()).select_related("organization")
        )
    for mailing in due:
        with in_organization(mailing.organization):
            fan_out(mailing)


def take_back_expired_leases() -> None:
    """Email whose outcome was never seen waits again, under the same Message-ID."""
    with without_scope():
        expired = Packet.objects.filter(state=Packet.State.LEASED, lease_until__lt=timezone.now())
        packets = list(expired.select_related("organization"))
    for packet in packets:
        with in_organization(packet.organization):
            packet.give_back()


def finish_mailings() -> None:
    """A mailing none of whose rows is open is done, whether or not a worker came to say so."""
    with without_scope():
        still_open = Delivery.objects.filter(mailing=OuterRef("pk"), state__in=Delivery.OPEN)
        over = list(Mailing.objects.filter(~Exists(still_open), state="sending").select_related("organization"))
    for mailing in over:
        with in_organization(mailing.organization):
            finish(mailing)


def packets_wait() -> bool:
    """Whether a packet of a running mailing may be sent now."""
    now = timezone.now()
    with without_scope():
        due = Packet.objects.filter(state=Packet.State.WAITING, mailing__state=Mailing.State.SENDING)
        return due.filter(Q(not_before=None) | Q(not_before__lte=now)).exists()
