"""A channel for SMS that lets none out of the house: a file gets a line for each that was handed over.

A worker that includes this module (`celery worker --include bench.fakes`) sends SMS by it.
"""

import asyncio
import os
import time
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from apps.campaigns.channels import registry
from apps.campaigns.channels.channel import OnOutcome, Opener, PreparedRow
from apps.campaigns.channels.email.carriers import SmtpCarrier
from apps.campaigns.channels.email.channel import EmailChannel
from apps.campaigns.channels.email.copies import EmailCopies
from apps.channels.outcomes import Outcome, Result
from apps.senders.models import SenderAccount

_SECONDS_UNTIL_HANDED_OVER = 0.004
_SECONDS_UNTIL_ANSWERED = 0.004


class FileCarrier:
    """Takes as long as a provider's machine next door; each SMS is on file before its answer is known here."""

    is_stopped = False

    def __init__(self, account: SenderAccount, connections: int) -> None:
        self.rows_at_a_time = connections
        self._file = os.open(handed_over(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def deliver(self, copies: EmailCopies, rows: Iterable[PreparedRow], on_outcome: OnOutcome) -> None:
        await asyncio.gather(*(self._hand_over(prepared, on_outcome) for prepared in rows))

    async def close(self) -> None:
        os.close(self._file)

    async def _hand_over(self, prepared: PreparedRow, on_outcome: OnOutcome) -> None:
        await asyncio.sleep(_SECONDS_UNTIL_HANDED_OVER)
        os.write(self._file, b"%.6f %s\n" % (time.time(), prepared.row.normalized.encode()))
        await asyncio.sleep(_SECONDS_UNTIL_ANSWERED)
        on_outcome(Outcome(prepared.key, Result.ACCEPTED, "taken"))


def handed_over() -> Path:
    """The file; a line has the moment and the recipient. One write appends it whole, whoever writes beside."""
    return Path(settings.DATA_DIR) / "handed-over"


def number_handed_over() -> int:
    """How many SMS were handed over by now."""
    return handed_over().read_bytes().count(b"\n") if handed_over().exists() else 0


def read_handed_over() -> list[tuple[float, str]]:
    """The moment and the recipient of every SMS."""
    parts = (line.split(" ") for line in handed_over().read_text().splitlines())
    return [(float(at), recipient) for at, recipient in parts]


class OnceOnly(EmailChannel):
    """What email is made of, and never handed over twice."""

    def __init__(self, code: str, carrier: Opener) -> None:
        self.code = code
        self.carriers = {"smtp": carrier}

    def leaves_once(self, account: SenderAccount) -> bool:
        return True


registry.register(OnceOnly("sms", FileCarrier))
registry.register(OnceOnly("pec", SmtpCarrier))
