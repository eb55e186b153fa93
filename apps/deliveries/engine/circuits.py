"""An account that cannot send: its mailings pause with the reason, and go on by themselves when it works again.

The circuit of an account opens with the first failure; while it is open, nothing is claimed for it. When its time has
come, the account is tried: if it lets us in, the circuit closes. Each failure in a row doubles the wait.
"""

import logging
from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.core.starting_work import start, start_on_commit
from apps.organizations.scoping import without_scope
from apps.senders.checking import can_be_tried, try_account
from apps.senders.models import Sender, SenderAccount

logger = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
_TIME_TO_TRY = timedelta(minutes=3)


def open_circuit(account_id: int, problem: str) -> None:
    """Note that nothing can leave by an account of the open scope, and pause the mailings that leave by it."""
    account = SenderAccount.objects.get(pk=account_id)
    now = timezone.now()
    wait = min(FIRST_WAIT * 2 ** min(account.failures, 10), LONGEST_WAIT)
    changes = {"problem": problem, "retry_at": now + wait, "failures": F("failures") + 1}
    if SenderAccount.objects.filter(pk=account_id, problem="").update(problem_since=now, **changes):
        logger.warning("account %s of organisation %s: %s", account_id, account.organization_id, problem)
    senders = Sender.objects.filter(account=account_id)  # no join, see claiming._lease
    running = Mailing.objects.filter(state=Mailing.State.SENDING, sender__in=senders)
    running.update(state=Mailing.State.STOPPED, problem=problem, waits_for=account_id)


def close_circuit(account_id: int, mended: bool = False) -> None:
    """Let mail leave again by an account of the open scope: the mailings that waited for it go on.

    `mended`: a person has changed the account, so that its earlier failures say nothing any more.
    """
    changes = {"failures": 0} if mended else {}
    SenderAccount.objects.filter(pk=account_id).update(problem="", problem_since=None, retry_at=None, **changes)
    waiting = Mailing.objects.filter(state=Mailing.State.STOPPED, waits_for=account_id)
    if waiting.update(state=Mailing.State.SENDING, problem="", waits_for=None):
        start_on_commit("deliveries.tick")


def note_success(account_id: int) -> None:
    """Mail has left by the account: the next failure is a first one again."""
    SenderAccount.objects.filter(pk=account_id, failures__gt=0).update(failures=0)


def try_again(account_id: int) -> None:
    """Try an account whose circuit is open, without sending: close the circuit, or leave it open for longer."""
    account = SenderAccount.objects.filter(pk=account_id).exclude(problem="").first()
    if account is None:
        return
    problem = try_account(account) if can_be_tried(account) else ""
    if not problem:
        close_circuit(account_id)
        return
    wait = min(FIRST_WAIT * 2 ** min(account.failures, 10), LONGEST_WAIT)
    failed = {"problem": problem, "retry_at": timezone.now() + wait, "failures": F("failures") + 1}
    SenderAccount.objects.filter(pk=account_id).update(**failed)
    Mailing.objects.filter(state=Mailing.State.STOPPED, waits_for=account_id).update(problem=problem)


def try_accounts_that_are_due() -> None:
    """Have every account tried whose time has come, in every organisation."""
    now = timezone.now()
    # one that lies further ahead than any wait is left from before the clock was set back
    has_come = Q(retry_at__lte=now) | Q(retry_at__gt=now + LONGEST_WAIT * 2)
    with without_scope():
        due = SenderAccount.objects.exclude(problem="").filter(has_come)
        for account_id, organization_id in list(due.values_list("id", "organization_id")):
            later = now + _TIME_TO_TRY  # if nobody comes to try it, it is due again
            if SenderAccount.objects.filter(has_come, pk=account_id).update(retry_at=later):
                start("deliveries.try_account", account_id, organization_id)
