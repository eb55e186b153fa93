"""What Home says of people: addresses that came back, and students whom nothing reaches."""

from typing import Any

from apps.core.channels import EMAIL
from apps.organizations.home_cards import HomeCard
from apps.organizations.models import Membership
from apps.organizations.permissions import Permission

from .models import ContactPoint
from .people_lists import people_found


def _failed_addresses(membership: Membership) -> dict[str, Any] | None:
    if not membership.may(Permission.VIEW_PEOPLE):
        return None
    failed = ContactPoint.objects.filter(channel=EMAIL, health=ContactPoint.Health.FAILED).count()
    return {"failed_addresses": failed, "may_correct": membership.may(Permission.MANAGE_PEOPLE)} if failed else None


def _unreachable(membership: Membership) -> dict[str, Any] | None:
    if not membership.may(Permission.VIEW_PEOPLE):
        return None
    unreachable = people_found("students", show="unreachable").count()
    return {"unreachable": unreachable} if unreachable else None


FAILED_ADDRESSES_CARD = HomeCard("recipients/_home_failed_addresses.html", _failed_addresses)
UNREACHABLE_CARD = HomeCard("recipients/_home_unreachable.html", _unreachable)
