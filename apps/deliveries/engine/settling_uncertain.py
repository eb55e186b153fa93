"""Nobody can say whether an uncertain message arrived; a person decides: it did, or it is sent again."""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.core.starting_work import start_on_commit
from apps.core.states import TransitionRefused, move

from ..models import Delivery, Packet


def count_as_sent(mailing: Mailing, delivery_id: int | None = None) -> int:
    """Take the uncertain rows of `mailing`, or the one, for sent; returns how many there were."""
    sent_at = Coalesce("updated_at", Now())
    return _uncertain(mailing, delivery_id).update(state=Delivery.State.SENT, sent_at=sent_at)


@transaction.atomic
def send_again(mailing: Mailing, delivery_id: int | None = None) -> int:
    """Let the uncertain rows of `mailing`, or the one, wait again under the same Message-ID; returns how many.

    What was done goes on at once; what was stopped waits for its "Go on". Raises TransitionRefused while it is being
    sent: a worker may hold a packet of these rows.
    """
    if mailing.state not in (Mailing.State.DONE, Mailing.State.STOPPED):
        raise TransitionRefused(f"{mailing!r} is {mailing.state}")
    # Locked until the end: a "Go on" pressed in this moment waits.
    locked = Mailing.objects.select_for_update(no_key=True).filter(pk=mailing.pk, state=mailing.state)
    if locked.first() is None:
        raise TransitionRefused(f"{mailing!r} is no longer {mailing.state}")
    rows = _uncertain(mailing, delivery_id)
    here = rows.filter(pk__gte=OuterRef("first_id"), pk__lte=OuterRef("last_id"))
    # In hand still, just after a Stop: left alone until its worker has given it back.
    ended = Packet.objects.filter(Exists(here), mailing=mailing).exclude(state=Packet.State.LEASED)
    locked_ids = list(ended.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    packets = Packet.objects.filter(pk__any_of=locked_ids)
    within = packets.filter(first_id__lte=OuterRef("pk"), last_id__gte=OuterRef("pk"))
    number = rows.filter(Exists(within)).update(state=Delivery.State.WAITING, attempts=0, updated_at=timezone.now())
    packets.update(state=Packet.State.WAITING, not_before=None)
    if number and mailing.state == Mailing.State.DONE:
        move(mailing, Mailing.State.SENDING)
        start_on_commit("deliveries.tick")
    return number


def _uncertain(mailing: Mailing, delivery_id: int | None) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(mailing=mailing, not_reached=Delivery.State.UNCERTAIN)
    return rows if delivery_id is None else rows.filter(pk=delivery_id)
