"""Everyone is accounted for: how many rows of a mailing are in which state."""

from dataclasses import dataclass

from django.db.models import Count, F

from apps.organizations.scoping import ScopedManager, ScopedQuerySet


@dataclass
class Tally:
    sent: int = 0
    in_flight: int = 0
    waiting: int = 0
    failed: int = 0
    uncertain: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """Everybody, the skipped too."""
        return self.to_send + self.skipped

    @property
    def to_send(self) -> int:
        """Everybody who is to get it: the N of n/N."""
        return self.sent + self.in_flight + self.waiting + self.failed + self.uncertain

    @property
    def open(self) -> int:
        return self.waiting + self.in_flight

    @property
    def done(self) -> int:
        return self.to_send - self.open


class DeliveryQuerySet(ScopedQuerySet):
    def tally(self, mailing_ids) -> dict[int, Tally]:
        """Mailing id -> Tally, for every one of `mailing_ids`, in two queries.

        A row that waits in a packet which a worker has in hand counts as in flight.
        """
        tallies = {mailing_id: Tally() for mailing_id in mailing_ids}
        counted = self.filter(mailing_id__in=tallies).order_by().values_list("mailing_id", "state")
        for mailing_id, state, number in counted.annotate(number=Count("id")):
            setattr(tallies[mailing_id], state, number)
        in_hand = self.filter(mailing_id__in=tallies).in_hand().order_by().values_list("mailing_id")
        for mailing_id, number in in_hand.annotate(number=Count("id")):
            tally = tallies[mailing_id]
            moved = min(number, tally.waiting)  # counted a moment later
            tally.waiting, tally.in_flight = tally.waiting - moved, tally.in_flight + moved
        return tallies

    def in_hand(self) -> "DeliveryQuerySet":
        """The rows that wait in a packet which a worker has in hand now: they are being sent."""
        return self.filter(
            state="waiting",
            mailing__packets__state="leased",
            mailing__packets__first_id__lte=F("id"),
            mailing__packets__last_id__gte=F("id"),
        )


class DeliveryManager(ScopedManager.from_queryset(DeliveryQuerySet)):  # type: ignore[misc]
    """Delivery.objects: scoped, and able to count."""
