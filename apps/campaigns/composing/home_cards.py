"""What Home says of drafts: those that could not start, or that lost a list."""

from typing import Any

from apps.organizations.home_cards import HomeCard
from apps.organizations.models import Membership
from apps.organizations.permissions import SENDING

from ..models import Mailing
from .drafts import mailings_of

_SHOWN = 5


def _changed_drafts(membership: Membership) -> dict[str, Any] | None:
    """Those that the member may write on."""
    if not membership.may_any(SENDING):
        return None
    changed = mailings_of(membership).filter(state=Mailing.State.DRAFT).exclude(problem="")
    drafts = list(changed.order_by("-updated_at")[:_SHOWN])
    return {"changed_drafts": drafts} if drafts else None


CHANGED_DRAFTS_CARD = HomeCard("campaigns/_home_changed_drafts.html", _changed_drafts)
