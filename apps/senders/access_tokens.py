"""Keeps the access token of an account that logs in by OAuth 2, and fetches the next one in time."""

from datetime import timedelta

from django.utils import timezone

from apps.channels.email.oauth2 import Token, refresh_access_token
from apps.channels.outcomes import AccountProblem

from .models import SenderAccount

# A login with a token that runs out in the same moment would be refused.
MARGIN = timedelta(seconds=60)
_KEPT = ["encrypted_access_token", "access_token_until", "encrypted_refresh_token"]


def access_token(account: SenderAccount) -> str:
    """The access token with which `account` logs in now: the stored one while it holds, else a new one, stored.

    Needs the open scope of the account's organisation. Raises AccountProblem when the service gives none, and
    secrets.SecretUnreadable.
    """
    account.refresh_from_db(fields=_KEPT)
    if not _holds(account):
        _fetch(account)
    return account.access_token


def _holds(account: SenderAccount) -> bool:
    until = account.access_token_until
    return bool(account.encrypted_access_token) and until is not None and until > timezone.now() + MARGIN


def _fetch(account: SenderAccount) -> None:
    sent = account.encrypted_refresh_token
    try:
        token = refresh_access_token(
            account.oauth_token_url, account.oauth_client_id, account.client_secret, account.refresh_token
        )
    except AccountProblem:
        # Another worker may have been faster, and with its new token our refresh token ended.
        account.refresh_from_db(fields=_KEPT)
        if not _holds(account):
            raise
        return
    _store(account, token, sent)


def _store(account: SenderAccount, token: Token, sent: str) -> None:
    """Write the new tokens, unless somebody has typed another refresh token meanwhile: that one is newer."""
    if token.refresh_token != account.refresh_token:
        account.refresh_token = token.refresh_token
    account.access_token = token.access_token
    account.access_token_until = timezone.now() + timedelta(seconds=token.expires_in)
    unchanged = SenderAccount.objects.filter(pk=account.pk, encrypted_refresh_token=sent)
    unchanged.update(**{name: getattr(account, name) for name in _KEPT})
