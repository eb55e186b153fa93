"""From a draft to a mailing that waits for its start, and back."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.core.starting_work import start_on_commit
from apps.core.states import move

from ..models import Mailing
from .checking import Obstacle, obstacles


class NotReady(Exception):
    """The mailing cannot be sent as it is; `obstacles` say why."""

    def __init__(self, found: list[Obstacle]):
        super().__init__("; ".join(obstacle.sentence for obstacle in found))
        self.obstacles = found


def schedule(mailing: Mailing, starts_at: datetime | None = None) -> None:
    """Let a draft start at `starts_at`, or as soon as the organisation's hold is over.

    Raises NotReady with the obstacles, and TransitionRefused when it is no draft any more.
    """
    hold = timedelta(minutes=mailing.organization.hold_minutes)
    with transaction.atomic():
        # What counts is the draft as it stands now, whatever another window has saved since the page was shown.
        mailing.refresh_from_db(from_queryset=Mailing.objects.select_for_update())
        found = obstacles(mailing)
        if found:
            raise NotReady(found)
        move(mailing, Mailing.State.PENDING, starts_at=starts_at or timezone.now() + hold, problem="")
        start_on_commit("deliveries.tick")


def take_back(mailing: Mailing, problem: str = "") -> None:
    """Make a mailing that has not started a draft again, by hand or for a problem.

    Raises TransitionRefused when it has started.
    """
    move(mailing, Mailing.State.DRAFT, starts_at=None, problem=problem)
