"""Send one test copy: the same copy by the same way as a recipient's, counted nowhere."""

import asyncio

from apps.campaigns.audience import audience
from apps.campaigns.audience.audience import AudienceRow
from apps.campaigns.channels.channel import Carrier, Copies, PreparedRow
from apps.campaigns.channels.registry import account_of, channel_of
from apps.campaigns.models import TestSend
from apps.channels.outcomes import AccountProblem, Outcome, Result
from apps.senders.account_trouble import in_words
from apps.senders.secrets import SecretUnreadable


def send_test_copy(test_send: TestSend) -> None:
    """Send the copy and write on `test_send` what became of it. A second call for the same row does nothing."""
    if test_send.state != TestSend.State.WAITING:
        return
    try:
        accepted, reply = _send(test_send)
    except (AccountProblem, SecretUnreadable) as problem:
        accepted, reply = False, in_words(problem)
    test_send.state = TestSend.State.SENT if accepted else TestSend.State.FAILED
    test_send.server_reply = reply[:1000]
    test_send.save(update_fields=["state", "server_reply"])


def _send(test_send: TestSend) -> tuple[bool, str]:
    mailing = test_send.mailing
    channel = channel_of(mailing)
    carrier = channel.open_carrier(account_of(mailing), connections=1)
    copies = channel.copies(mailing)
    rows = copies.prepare([_row_to_show(test_send)._replace(address=test_send.address)])
    outcome = asyncio.run(_outcome(carrier, copies, rows))
    return outcome.result == Result.ACCEPTED, outcome.reply


async def _outcome(carrier: Carrier, copies: Copies, rows: list[PreparedRow]) -> Outcome:
    """What became of `rows`, which is always a single one."""
    outcomes: list[Outcome] = []
    try:
        await carrier.deliver(copies, rows, outcomes.append)
    finally:
        await carrier.close()
    return outcomes[0]


def _row_to_show(test_send: TestSend) -> AudienceRow:
    """The recipient whose values are shown: the chosen one, else the first, else the office's own address."""
    wanted = test_send.as_address
    rows = audience.getting(test_send.mailing, search=wanted, limit=20) if wanted else []
    chosen = [row for row in rows if row.normalized == wanted] or audience.getting(test_send.mailing, limit=1)
    return chosen[0] if chosen else AudienceRow(None, "", test_send.address, test_send.address.lower(), "")
