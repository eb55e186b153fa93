"""Which packet is next: one conditional UPDATE, in turn over the organisations."""

from django.db.models import Count, Q
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.organizations.scoping import without_scope

from .models import Packet
from .sending import LEASE

_TRIES = 8


def claim() -> Packet | None:
    """Lease the next packet that may go out now, of the organisation with the fewest in hand; None when none is due.

    Runs outside every scope: the caller opens that of `packet.organization`.
    """
    with without_scope():
        for packet in _candidates()[:_TRIES]:
            until = timezone.now() + LEASE
            waiting = Packet.objects.filter(pk=packet.pk, state=Packet.State.WAITING)
            if waiting.update(state=Packet.State.LEASED, lease_until=until):
                packet.state, packet.lease_until = Packet.State.LEASED, until
                return packet
    return None


def _candidates():
    now = timezone.now()
    due = Packet.objects.filter(state=Packet.State.WAITING, mailing__state=Mailing.State.SENDING)
    in_hand = dict(
        Packet.objects.filter(state=Packet.State.LEASED)
        .values_list("organization_id")
        .annotate(number=Count("id"))
        .order_by()
    )
    due = due.filter(Q(not_before=None) | Q(not_before__lte=now)).select_related(
        "mailing__organization", "mailing__sender__account", "mailing__question", "organization"
    )
    first = {}
    for organization_id in due.order_by().values_list("organization_id", flat=True).distinct():
        first[organization_id] = due.filter(organization_id=organization_id).order_by("id").first()
    return sorted(
        (packet for packet in first.values() if packet), key=lambda packet: in_hand.get(packet.organization_id, 0)
    )
