"""Stop a mailing and let it go on: the rows stay as they are, and the split is exact."""

from apps.campaigns.models import Mailing
from apps.core.starting_work import start_on_commit
from apps.core.states import move


def stop(mailing: Mailing) -> None:
    """Stop sending; a worker in the middle of a packet stops within a few messages.

    Raises TransitionRefused if the mailing is not being sent.
    """
    move(mailing, Mailing.State.STOPPED, problem="")


def resume(mailing: Mailing) -> None:
    """Send what still waits. Raises TransitionRefused if the mailing is not stopped."""
    move(mailing, Mailing.State.SENDING, problem="")
    start_on_commit("deliveries.tick")
