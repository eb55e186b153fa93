"""What carries the letters of a mailing: which adapter, by its channel and the kind of its account."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from apps.campaigns.models import Mailing
from apps.channels.email.addresses import UnsendableAddress
from apps.channels.email.esp import EspAccount, EspChannel
from apps.channels.email.esp_regions import EUROPEAN_ADDRESSES
from apps.channels.email.smtp import Envelope, SmtpChannel
from apps.channels.outcomes import AccountProblem, Outcome, Result, gettext_noop
from apps.senders.logging_in import smtp_account
from apps.senders.models import SenderAccount

from .copies import LetterMaker, PreparedRow

OnOutcome = Callable[[Outcome], None]
_ROWS_A_REQUEST = 500


class Adapter(Protocol):
    """Something that letters leave by, driven by an event loop."""

    # How many rows it has in hand at a time: so many are noted as in flight before they are handed over.
    rows_at_a_time: int

    @property
    def is_stopped(self) -> bool:
        """Whether it has met a problem of the account, and sends no more."""

    async def deliver(self, letters: LetterMaker, rows: Iterable[PreparedRow], on_outcome: OnOutcome) -> None:
        """Send the letter of each row, one outcome each. Raises AccountProblem: the others were not handed over."""

    async def close(self) -> None:
        """Let go of connections."""


class SmtpAdapter:
    """A mail server, over several connections."""

    def __init__(self, account: SenderAccount, connections: int) -> None:
        limit = account.messages_per_connection
        self._channel = SmtpChannel(smtp_account(account), connections=connections, messages_per_connection=limit)
        self.rows_at_a_time = connections

    @property
    def is_stopped(self) -> bool:
        return self._channel.is_stopped

    async def deliver(self, letters: LetterMaker, rows: Iterable[PreparedRow], on_outcome: OnOutcome) -> None:
        await self._channel.deliver(_envelopes(letters, rows, on_outcome), on_outcome)

    async def close(self) -> None:
        await self._channel.close()


class EspAdapter:
    """A mail service: a request of its API takes many letters."""

    rows_at_a_time = _ROWS_A_REQUEST
    is_stopped = False

    def __init__(self, account: SenderAccount, connections: int) -> None:
        address = EUROPEAN_ADDRESSES.get(account.provider, "") if account.in_europe else ""
        domain = account.provider_domain
        self._channel = EspChannel(EspAccount(account.provider, account.password, domain=domain, api_url=address))

    async def deliver(self, letters: LetterMaker, rows: Iterable[PreparedRow], on_outcome: OnOutcome) -> None:
        loop = asyncio.get_running_loop()

        def send() -> None:
            for mail, recipients in letters.batches(rows):
                for outcome in self._channel.send(mail, recipients):
                    loop.call_soon_threadsafe(on_outcome, outcome)

        await asyncio.to_thread(send)
        await asyncio.sleep(0)

    async def close(self) -> None:
        return


Opener = Callable[[SenderAccount, int], Adapter]


def open_adapter(mailing: Mailing, connections: int) -> Adapter:
    """What carries a mailing, over so many connections at most.

    Raises SecretUnreadable, and AccountProblem when its account cannot carry such messages.
    """
    assert mailing.sender is not None  # the check page lets no mailing through without
    account = mailing.sender.account
    opener = ADAPTERS.get((mailing.channel, account.is_service))
    if opener is None:
        raise AccountProblem(
            gettext_noop("The account “%(name)s” cannot send this kind of message."), name=account.name
        )
    return opener(account, connections)


def _envelopes(letters: LetterMaker, rows: Iterable[PreparedRow], on_outcome: OnOutcome) -> Iterator[Envelope]:
    """Envelopes as they are asked for; an address that no server could take is refused here, alone."""
    for row in rows:
        try:
            yield letters.envelope(row)
        except UnsendableAddress as error:
            on_outcome(Outcome(row.key, Result.REFUSED, str(error)))


# By the channel of the mailing, and whether the account is one of a mail service.
ADAPTERS: dict[tuple[str, bool], Opener] = {
    (Mailing.Channel.EMAIL, False): SmtpAdapter,
    (Mailing.Channel.EMAIL, True): EspAdapter,
    (Mailing.Channel.PEC, False): SmtpAdapter,
}
