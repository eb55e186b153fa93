"""Which adapter carries what: by the channel of a mailing and the kind of its account."""

from collections.abc import Callable, Iterable
from typing import Protocol

from apps.campaigns.models import Mailing
from apps.channels.email.smtp import Envelope, SmtpAccount, SmtpChannel
from apps.channels.outcomes import AccountProblem, Outcome, gettext_noop
from apps.senders.models import SenderAccount


class Adapter(Protocol):
    """Something that messages leave by, driven by an event loop."""

    @property
    def is_stopped(self) -> bool:
        """Whether it has met a problem of the account, and sends no more."""

    async def deliver(self, envelopes: Iterable[Envelope], on_outcome: Callable[[Outcome], None]) -> None:
        """Send each, one outcome each. Raises AccountProblem: what has no outcome then was not handed over."""

    async def close(self) -> None:
        """Let go of connections."""


Opener = Callable[[SenderAccount, int], Adapter]


def open_adapter(channel: str, account: SenderAccount, connections: int) -> Adapter:
    """What carries a mailing of `channel` by `account`, over so many connections at most.

    Raises SecretUnreadable, and AccountProblem when the account cannot carry such messages.
    """
    opener = ADAPTERS.get(channel)
    if opener is None:
        raise AccountProblem(
            gettext_noop("The account “%(name)s” cannot send this kind of message."), name=account.name
        )
    return opener(account, connections)


def smtp_account(account: SenderAccount) -> SmtpAccount:
    """What the adapter needs to know of a sender account. Raises SecretUnreadable."""
    return SmtpAccount(account.host, account.port, account.security, account.username, account.password)


def _open_smtp(account: SenderAccount, connections: int) -> Adapter:
    limit = account.messages_per_connection
    return SmtpChannel(smtp_account(account), connections=connections, messages_per_connection=limit)


ADAPTERS: dict[str, Opener] = {Mailing.Channel.EMAIL: _open_smtp, Mailing.Channel.PEC: _open_smtp}
