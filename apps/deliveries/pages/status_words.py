"""What became of a copy, in the words of a school office: a sign, a word, and a sentence with what to do next."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.campaigns.audience.reasons import look_of, sentence, sign_of
from apps.campaigns.channels.channel import StatusWords
from apps.campaigns.channels.registry import channel_of
from apps.campaigns.models import Mailing
from apps.core.dates import moment

from ..models import Delivery, Event


@dataclass(frozen=True)
class Status:
    """`sign` names the drawing, `look` the class (good, idle, needs, bad), `word` and `why` are read by people."""

    sign: str
    look: str
    word: str
    why: str = ""


def hard_returns(rows: Iterable[Delivery]) -> set[int]:
    """The ids of those that came back because the address itself does not work; no query where none came back."""
    back = [row.pk for row in rows if row.state == Delivery.State.BOUNCED]
    events = Event.objects.filter(delivery__in=back, is_hard=True)
    return set(events.values_list("delivery", flat=True)) if back else set()


def status_of(
    delivery: Delivery, mailing: Mailing, is_hard: bool = False, in_words: Callable[[datetime], str] = moment
) -> Status:
    """The status of one row of the log. `is_hard`: it is among `hard_returns`; `in_words` says when it was."""
    state = delivery.State
    is_in_hand = delivery.state == state.WAITING and getattr(delivery, "is_in_hand", False)
    shown = state.IN_FLIGHT if is_in_hand else state(delivery.state)
    word, words = str(shown.label), channel_of(mailing).status_words
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
            return Status("flight", "good", word, str(words.in_flight))
        case state.SENT:
            return Status("sent", "good", word, _accepted(delivery, words, in_words))
        case state.DELIVERED:
            return Status("good", "good", word, _delivered(delivery, words, in_words))
        case state.BOUNCED:
            return Status("back", "bad", word, _came_back(delivery, is_hard))
        case state.UNCERTAIN:
            why = _(
                "The connection broke after it was handed over. It may have arrived; it is not sent again by itself."
            )
            return Status("uncertain", "needs", word, why)
    return Status("bad", "bad", word, words.refused % {"reply": delivery.server_reply})


def _accepted(delivery: Delivery, words: StatusWords, in_words: Callable[[datetime], str]) -> str:
    if delivery.sent_at is None:
        return str(words.accepted)
    return words.accepted_at % {"when": in_words(delivery.sent_at)}


def _delivered(delivery: Delivery, words: StatusWords, in_words: Callable[[datetime], str]) -> str:
    return words.delivered_at % {"when": in_words(delivery.updated_at) if delivery.updated_at else ""}


def _came_back(delivery: Delivery, is_hard: bool) -> str:
    reply = {"reply": delivery.server_reply.rstrip(" .") or _("No reason was given")}
    return _("%(reply)s: marked [ko].") % reply if is_hard else _("%(reply)s. The address is kept.") % reply
