"""Send one test copy: the same letter by the same way as a recipient's, counted nowhere."""

from django.utils.translation import gettext as _

from apps.campaigns import audience
from apps.campaigns.audience import AudienceRow
from apps.campaigns.models import TestSend
from apps.channels.email.smtp import send_all
from apps.channels.outcomes import AccountProblem, Result
from apps.senders.logging_in import smtp_account
from apps.senders.secrets import SecretUnreadable

from .letters import LetterMaker
from .sending import in_words


def send_test_copy(test_send: TestSend) -> None:
    """Send the copy and write on `test_send` what became of it. A second call for the same row does nothing."""
    if test_send.state != TestSend.State.WAITING:
        return
    try:
        accepted, reply = _send(test_send)
    except AccountProblem as problem:
        accepted, reply = False, in_words(problem)
    except SecretUnreadable:
        accepted, reply = False, _("The password of the sender account cannot be read any more.")
    test_send.state = TestSend.State.SENT if accepted else TestSend.State.FAILED
    test_send.server_reply = reply[:1000]
    test_send.save(update_fields=["state", "server_reply"])


def _send(test_send: TestSend) -> tuple[bool, str]:
    letters = LetterMaker(test_send.mailing)
    row = _row_to_show(test_send)
    (prepared,) = letters.prepare([row])
    envelopes = [letters.envelope(prepared)._replace(recipient=test_send.address)]
    for outcome in send_all(smtp_account(letters.sender.account), envelopes):
        return outcome.result == Result.ACCEPTED, outcome.reply
    return False, ""


def _row_to_show(test_send: TestSend) -> AudienceRow:
    """The recipient whose values are shown: the chosen one, else the first, else the office's own address."""
    wanted = test_send.as_address
    rows = audience.getting(test_send.mailing, search=wanted, limit=20) if wanted else []
    chosen = [row for row in rows if row.normalized == wanted] or audience.getting(test_send.mailing, limit=1)
    return chosen[0] if chosen else AudienceRow(None, "", test_send.address, test_send.address.lower(), "")
