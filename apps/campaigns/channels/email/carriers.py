"""What carries emails: a mail server, or a mail service."""

import asyncio
from collections.abc import Iterable, Iterator

from apps.channels.email.addresses import UnsendableAddress
from apps.channels.email.esp import SERVICES, EspAccount, EspChannel
from apps.channels.email.esp_regions import EUROPEAN_ADDRESSES
from apps.channels.email.own_attachments import UnsendableAttachment
from apps.channels.email.smtp import Envelope, SmtpChannel
from apps.channels.outcomes import Outcome, Result
from apps.senders.logging_in import smtp_account
from apps.senders.models import SenderAccount

from ..channel import OnOutcome, Opener, PreparedRow
from .copies import EmailCopies

_ROWS_A_REQUEST = 500


class SmtpCarrier:
    """A mail server, over several connections."""

    def __init__(self, account: SenderAccount, connections: int) -> None:
        limit = account.messages_per_connection
        self._channel = SmtpChannel(smtp_account(account), connections=connections, messages_per_connection=limit)
        self.rows_at_a_time = connections

    @property
    def is_stopped(self) -> bool:
        return self._channel.is_stopped

    async def deliver(self, copies: EmailCopies, rows: Iterable[PreparedRow], on_outcome: OnOutcome) -> None:
        await self._channel.deliver(_envelopes(copies, rows, on_outcome), on_outcome)

    async def close(self) -> None:
        await self._channel.close()


class EspCarrier:
    """A mail service: a request of its API takes many copies."""

    rows_at_a_time = _ROWS_A_REQUEST
    is_stopped = False

    def __init__(self, account: SenderAccount, connections: int) -> None:
        address = EUROPEAN_ADDRESSES.get(account.provider, "") if account.in_europe else ""
        domain = account.provider_domain
        self._channel = EspChannel(EspAccount(account.provider, account.password, domain=domain, api_url=address))

    async def deliver(self, copies: EmailCopies, rows: Iterable[PreparedRow], on_outcome: OnOutcome) -> None:
        loop = asyncio.get_running_loop()

        def send() -> None:
            for mail, recipients in copies.batches(rows):
                for outcome in self._channel.send(mail, recipients):
                    loop.call_soon_threadsafe(on_outcome, outcome)

        await asyncio.to_thread(send)
        await asyncio.sleep(0)

    async def close(self) -> None:
        return


def _envelopes(copies: EmailCopies, rows: Iterable[PreparedRow], on_outcome: OnOutcome) -> Iterator[Envelope]:
    """Envelopes as they are asked for; what has an impossible address, or a file that cannot be read, fails alone."""
    for row in rows:
        try:
            yield copies.envelope(row)
        except UnsendableAddress as error:
            on_outcome(Outcome(row.key, Result.REFUSED, str(error)))
        except UnsendableAttachment as error:
            on_outcome(error.outcome(row.key))


# By the provider of the account.
CARRIERS: dict[str, Opener] = {"smtp": SmtpCarrier, **dict.fromkeys(SERVICES, EspCarrier)}
