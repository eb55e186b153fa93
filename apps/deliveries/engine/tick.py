"""What the clock does, every few seconds: start what is due, take back what a dead worker held, finish what is over."""

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.core.starting_work import start
from apps.organizations.scoping import in_organization, without_scope

from ..models import ConnectionSlots, Packet
from .circuits import try_accounts_that_are_due
from .claiming import LEASE, packets_wait
from .finishing import finish
from .replaying import replay_left_journals


def tick() -> bool:
    """Do what is due in every organisation; True when there is a packet to send now."""
    start_due_mailings()
    replay_left_journals()
    take_back_expired_leases()
    finish_mailings()
    try_accounts_that_are_due()
    return packets_wait()


def start_due_mailings() -> None:
    """Have the mailings fanned out whose start has come, each by a task of its own."""
    with without_scope():
        due = Mailing.objects.filter(state=Mailing.State.PENDING, starts_at__lte=timezone.now())
        ids = list(due.values_list("pk", "organization_id"))
    for mailing_id, organization_id in ids:
        start("deliveries.fan_out", mailing_id, organization_id)


def take_back_expired_leases() -> None:
    """Email whose outcome was never seen waits again, under the same Message-ID; an SMS or a PEC is uncertain."""
    now = timezone.now()
    # one that ends later than any lease can is left from before the clock was set back
    is_over = Q(lease_until__lt=now) | Q(lease_until__gt=now + 2 * LEASE)
    with without_scope():
        expired = Packet.objects.filter(is_over, state=Packet.State.LEASED)
        packets = list(expired.select_related("mailing__organization"))
        ConnectionSlots.objects.filter(Q(until__lt=now) | Q(until__gt=now + 2 * LEASE)).delete()
    for packet in packets:
        with in_organization(packet.mailing.organization):
            packet.take_back()


def finish_mailings() -> None:
    """A mailing none of whose rows is open is done, whether or not a worker came to say so."""
    with without_scope():
        open_packets = Packet.objects.filter(mailing=OuterRef("pk")).exclude(state=Packet.State.DONE)
        over = Mailing.objects.filter(~Exists(open_packets), state=Mailing.State.SENDING)
        mailings = list(over.select_related("organization"))
    for mailing in mailings:
        with in_organization(mailing.organization):
            finish(mailing)
