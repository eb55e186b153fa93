"""Tries whether a sender account lets us in."""

from django.utils.translation import gettext as _

from apps.channels.email.smtp import SmtpAccount, check_account
from apps.channels.outcomes import AccountProblem

from .models import SenderAccount
from .secrets import SecretUnreadable

_PATIENCE = 10  # seconds: somebody waits at the page


def try_account(account: SenderAccount) -> str:
    """Connect and log in, and send nothing. What is wrong, as a sentence; empty when all is well."""
    try:
        password = account.password
    except SecretUnreadable:
        return _("The stored password cannot be read any more. Type it again.")
    plain = SmtpAccount(account.host, account.port, account.security, account.username, password, timeout=_PATIENCE)
    try:
        check_account(plain)
    except AccountProblem as problem:
        return str(problem)
    return ""
