"""Follows a mailing from the moment it was posted, by looking at its row, and says when it was where."""

import time
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.deliveries.models import Delivery
from apps.organizations.scoping import in_organization
from bench.servers import BenchProblem
from bench.workers import Crew

_PAUSE = 0.05
_OPEN = ("pending", "sending")


@dataclass(frozen=True)
class Course:
    """The moments of a mailing, and how many of its messages were sent."""

    posted: datetime
    fanned_out: datetime
    first_sent: datetime
    last_sent: datetime
    finished: datetime
    sent: int

    @property
    def sending_seconds(self) -> float:
        """From the moment its rows stood in the database until the last of them was marked as sent.

        That moment is seen by looking again and again; of a few messages the first may have left before one looks.
        """
        return max(1e-6, (self.last_sent - min(self.fanned_out, self.first_sent)).total_seconds())

    @property
    def total_seconds(self) -> float:
        """From the moment it was posted until it was done."""
        return (self.finished - self.posted).total_seconds()


def follow(mailing: Mailing, posted: datetime, crew: Crew, everybody: bool = True) -> Course:
    """Wait until the mailing is done. Raises BenchProblem when it stops, or (`everybody`) leaves somebody unsent."""
    fanned_out = wait_while(mailing, ("pending",), crew)
    wait_while(mailing, _OPEN, crew)
    with in_organization(mailing.organization):
        mailing.refresh_from_db()
        states = states_of(mailing)
        if mailing.state != "done" or (everybody and set(states) - {"sent", "skipped"}):
            raise BenchProblem(f"The mailing is {mailing.state} with {states}: {mailing.problem}\n{crew.last_words()}")
        sent = mailing.deliveries.filter(state="sent").aggregate(first=Min("sent_at"), last=Max("sent_at"))
    assert mailing.finished_at is not None
    return Course(posted, fanned_out, sent["first"], sent["last"], mailing.finished_at, states.get("sent", 0))


def is_open(mailing: Mailing) -> bool:
    """Whether the mailing waits for its start or is being sent."""
    with in_organization(mailing.organization):
        return Mailing.objects.filter(pk=mailing.pk, state__in=_OPEN).exists()


def number_sent(mailing: Mailing) -> int:
    """How many of its messages are marked as sent."""
    with in_organization(mailing.organization):
        return mailing.deliveries.filter(state="sent").count()


def halt(mailing: Mailing) -> None:
    """Let nothing more of it leave: its figures are known, and the workers are to end."""
    with in_organization(mailing.organization):
        Mailing.objects.filter(pk=mailing.pk, state="sending").update(state="stopped")


def wait_while(mailing: Mailing, states: tuple[str, ...], crew: Crew) -> datetime:
    """Return the moment when the mailing was first seen in none of `states`. Raises BenchProblem if a worker died."""
    with in_organization(mailing.organization):
        while Mailing.objects.filter(pk=mailing.pk, state__in=states).exists():
            crew.check()
            time.sleep(_PAUSE)
    return timezone.now()


def states_of(mailing: Mailing) -> dict[str, int]:
    """How many rows of the mailing are in which state."""
    with in_organization(mailing.organization):
        rows = Delivery.objects.filter(mailing=mailing).order_by().values_list("state").annotate(number=Count("id"))
        return dict(rows)
