"""What became of a copy, in the words of a school office: a sign, a word, and a sentence with what to do next."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.campaigns.audience.reasons import look_of, sentence, sign_of
from apps.campaigns.channels.registry import channel_of
from apps.campaigns.models import Mailing
from apps.core.dates import moment

from ..models import Delivery


@dataclass(frozen=True)
class Status:
    """`sign` names the drawing, `look` the class (good, idle, needs, bad), `word` and `why` are read by people."""

    sign: str
    look: str
    word: str
    why: str = ""


def status_of(delivery: Delivery, mailing: Mailing) -> Status:
    """The status of one row of the log."""
    state = delivery.State
    is_in_hand = delivery.state == state.WAITING and getattr(delivery, "is_in_hand", False)
    shown = state.IN_FLIGHT if is_in_hand else state(delivery.state)
    word = str(shown.label)
    match shown:
        case state.SKIPPED:
            why = sentence(delivery.reason, channel_of(mailing))
            return Status(sign_of(delivery.reason), look_of(delivery.reason), word, why)
        case state.WAITING if mailing.is_paused:
            return Status("wait", "needs", word, _("The sender account cannot send now. It goes out when that works."))
        case state.WAITING if mailing.state == Mailing.State.STOPPED:
            return Status("stopped", "needs", str(Mailing.State.STOPPED.label), _("Not sent: the message was stopped."))
        case state.WAITING:
            why = (
                _("Put off: %(reply)s. It is tried again.") % {"reply": delivery.server_reply}
                if delivery.attempts
                else ""
            )
            return Status("wait", "idle", word, why)
        case state.IN_FLIGHT:
            return Status("flight", "good", word, _("Being handed to the mail server."))
        case state.SENT:
            when = {"when": moment(delivery.sent_at)}
            return Status("sent", "good", word, _("Accepted by the mail server, %(when)s.") % when)
        case state.UNCERTAIN:
            why = _(
                "The connection broke after it was handed over. It may have arrived; it is not sent again by itself."
            )
            return Status("uncertain", "needs", word, why)
    return Status("bad", "bad", word, _("Refused by the server: %(reply)s") % {"reply": delivery.server_reply})
