"""What Home says of accounts: those by which nothing leaves now."""

from typing import Any

from apps.organizations.home_cards import HomeCard
from apps.organizations.models import Membership
from apps.organizations.permissions import Permission

from .account_trouble import accounts_in_trouble, sentence


def _troubled(membership: Membership) -> dict[str, Any] | None:
    troubled = [(account, sentence(account)) for account in accounts_in_trouble()]
    return {"troubled": troubled, "may_set_up": membership.may(Permission.MANAGE_SENDERS)} if troubled else None


TROUBLED_CARD = HomeCard("senders/_home_troubled.html", _troubled)
