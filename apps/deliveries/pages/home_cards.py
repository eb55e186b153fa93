"""What Home says of messages: what is going out, which answers are due, what was sent last, and what stands still."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.organizations.home_cards import HomeCard
from apps.organizations.models import Membership
from apps.senders.account_trouble import accounts_in_trouble

from ..engine.tallies import tallies_of
from .answers import summed, totals_of
from .who_may_see import RUNNING, mailings_seen_by

_RUNNING_SHOWN, _ASKED_SHOWN, _RECENT_SHOWN = 20, 5, 5


def running_mailings(membership: Membership) -> list[Mailing]:
    """What waits for its start, is on its way, or was stopped: the first of it, without figures."""
    running = mailings_seen_by(membership).filter(state__in=RUNNING)
    return list(running.order_by("starts_at", "id")[:_RUNNING_SHOWN])


def recent_mailings(membership: Membership) -> list[Mailing]:
    """What is done, the latest first, without figures."""
    return list(mailings_seen_by(membership).filter(state=Mailing.State.DONE)[:_RECENT_SHOWN])


def _running(membership: Membership) -> dict[str, Any] | None:
    running = running_mailings(membership)
    return {"running": _with_tallies(running)} if running else None


def _recent(membership: Membership) -> dict[str, Any]:
    return {"recent": _with_tallies(recent_mailings(membership))}


def _answers_due(membership: Membership) -> dict[str, Any] | None:
    """Open questions of mailings that have begun, with how many answered what, as on the page of the answers."""
    now = timezone.now()
    begun = mailings_seen_by(membership).filter(started_at__isnull=False, question__isnull=False)
    is_open = Q(question__closes_at=None) | Q(question__closes_at__gt=now)
    asked = list(begun.filter(is_open)[:_ASKED_SHOWN])
    totals = totals_of(asked)
    due = [{"mailing": mailing, **summed(totals[mailing.pk])} for mailing in asked]
    return {"answers_due": due} if due else None


def _paused(membership: Membership) -> dict[str, Any] | None:
    """Those that stand still, but for an account in trouble, which is named already."""
    named = {account.pk for account in accounts_in_trouble()}
    stopped = [each for each in running_mailings(membership) if each.state == Mailing.State.STOPPED and each.problem]
    paused = [mailing for mailing in stopped if mailing.waits_for_id not in named]
    return {"paused": paused} if paused else None


def _with_tallies(mailings: list[Mailing]) -> list[Mailing]:
    tallies = tallies_of([mailing.pk for mailing in mailings])
    for mailing in mailings:
        mailing.tally = tallies[mailing.pk]  # type: ignore[attr-defined]
    return mailings


RUNNING_CARD = HomeCard("deliveries/_home_running.html", _running)
ANSWERS_CARD = HomeCard("deliveries/_home_answers_due.html", _answers_due)
RECENT_CARD = HomeCard("deliveries/_home_recent.html", _recent)
PAUSED_CARD = HomeCard("deliveries/_home_paused.html", _paused)
