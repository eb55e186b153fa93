"""Tries whether a sender account lets us in."""

from django.utils.translation import gettext as _

from apps.channels.email.smtp import SmtpAccount, check_account
from apps.channels.outcomes import AccountProblem

from .access_tokens import access_token
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
        check_account(_as_it_logs_in(account))
    except AccountProblem as problem:
        return str(problem)
    except SecretUnreadable:
        return _("What is stored to log in cannot be read any more. Type it again.")
    return ""


def _as_it_logs_in(account: SenderAccount) -> SmtpAccount:
    """Raises AccountProblem where no access token is given, and SecretUnreadable."""
    token = access_token(account) if account.authentication == SenderAccount.Authentication.OAUTH2 else ""
    return SmtpAccount(
        account.host,
        account.port,
        account.security,
        account.username,
        account.password,
        timeout=_PATIENCE,
        access_token=token,
    )
