"""What Home says of imports: nights that failed, and what a person has to decide."""

from typing import Any

from apps.organizations.home_cards import HomeCard
from apps.organizations.models import Membership
from apps.organizations.permissions import Permission

from ..conflicts import number_to_decide
from ..failed_runs import failed_by_the_clock


def _failed(membership: Membership) -> dict[str, Any] | None:
    failed = failed_by_the_clock() if membership.may(Permission.MANAGE_PEOPLE) else []
    return {"failed_imports": failed} if failed else None


def _conflicts(membership: Membership) -> dict[str, Any] | None:
    conflicts = number_to_decide() if membership.may(Permission.MANAGE_PEOPLE) else 0
    return {"conflicts": conflicts} if conflicts else None


FAILED_CARD = HomeCard("imports/_home_failed.html", _failed)
CONFLICTS_CARD = HomeCard("imports/_home_conflicts.html", _conflicts)
