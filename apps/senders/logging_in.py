"""How a sender account logs in to its mail server: with its password, or with an access token."""

from apps.channels.email.smtp import SmtpAccount

from .access_tokens import access_token
from .models import SenderAccount


def smtp_account(account: SenderAccount, timeout: float = 30) -> SmtpAccount:
    """What the SMTP adapter needs to know of `account`. May ask for a new access token: over the network, and waiting.

    Needs the open scope of the account's organisation. Raises AccountProblem where no access token is given, and
    secrets.SecretUnreadable.
    """
    token = access_token(account) if account.authentication == SenderAccount.Authentication.OAUTH2 else ""
    return SmtpAccount(
        account.host,
        account.port,
        account.security,
        account.username,
        account.password,
        timeout=timeout,
        access_token=token,
    )
