"""Tries whether a sender account lets us in."""

from django.utils.translation import gettext as _

from apps.channels.email.smtp import check_account
from apps.channels.outcomes import AccountProblem

from .account_trouble import in_words
from .logging_in import smtp_account
from .models import SenderAccount
from .providers import provider as provider_called
from .secrets import SecretUnreadable

_PATIENCE = 10  # seconds: somebody waits at the page


class CannotBeTried(Exception):
    """Trying this account would mean sending; the text says what to do instead."""


def can_be_tried(account: SenderAccount) -> bool:
    """Whether it shows without sending that `account` works."""
    return provider_called(account.provider).trial is not None


def try_account(account: SenderAccount) -> str:
    """Connect and log in, and send nothing. What is wrong, as a sentence; empty when all is well.

    Raises CannotBeTried where that is not possible: a mail service has no way to log in without sending.
    """
    provider = provider_called(account.provider)
    if provider.trial is None:
        raise CannotBeTried(
            _("Whether %(service)s takes the key shows only when something is sent. Send yourself a test message.")
            % {"service": provider.label}
        )
    return provider.trial(account)


def try_mail_server(account: SenderAccount) -> str:
    """Connect to a mail server, log in, and send nothing. What is wrong, as a sentence; empty when all is well."""
    try:
        check_account(smtp_account(account, _PATIENCE))
    except (AccountProblem, SecretUnreadable) as problem:
        return in_words(problem)
    return ""
