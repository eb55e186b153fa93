"""Tries whether a sender account lets us in."""

from django.utils.translation import gettext as _

from apps.channels.email.smtp import check_account
from apps.channels.outcomes import AccountProblem

from .account_trouble import in_words
from .logging_in import smtp_account
from .models import SenderAccount
from .secrets import SecretUnreadable

_PATIENCE = 10  # seconds: somebody waits at the page


class CannotBeTried(Exception):
    """Trying this account would mean sending; the text says what to do instead."""


def try_account(account: SenderAccount) -> str:
    """Connect and log in, and send nothing. What is wrong, as a sentence; empty when all is well.

    Raises CannotBeTried for a mail service: its interface has no way to log in without sending.
    """
    if account.is_service:
        service = account.get_provider_display()
        raise CannotBeTried(
            _("Whether %(service)s takes the key shows only when something is sent. Send yourself a test message.")
            % {"service": service}
        )
    try:
        check_account(smtp_account(account, _PATIENCE))
    except (AccountProblem, SecretUnreadable) as problem:
        return in_words(problem)
    return ""
