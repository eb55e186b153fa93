"""Stop a mailing and let it go on: the rows stay as they are, and the split is exact."""

from apps.campaigns.models import Mailing
from apps.core.starting_work import start_on_commit
from apps.core.states import TransitionRefused, move

from .circuits import close_circuit


def stop(mailing: Mailing) -> None:
    """Stop sending; a worker in the middle of a packet stops within a few messages.

    One that has paused by itself, and would go on by itself, stays. Raises TransitionRefused if it is not being sent.
    """
    if mailing.state == Mailing.State.STOPPED and mailing.waits_for_id:
        Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.STOPPED).update(problem="", waits_for=None)
        mailing.problem, mailing.waits_for = "", None
        return
    move(mailing, Mailing.State.STOPPED, problem="", waits_for=None)


def resume(mailing: Mailing) -> None:
    """Send what still waits; an account in trouble is tried at once. Raises TransitionRefused if it is not stopped."""
    if mailing.state != Mailing.State.STOPPED:
        raise TransitionRefused(f"{mailing!r} is {mailing.state}")
    move(mailing, Mailing.State.SENDING, problem="", waits_for=None)
    if mailing.sender is not None and mailing.sender.account.problem:
        close_circuit(mailing.sender.account_id)
    start_on_commit("deliveries.tick")
