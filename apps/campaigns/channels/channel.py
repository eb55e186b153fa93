"""What a channel is: the one object that knows what email, SMS or PEC need, so that nobody else has to ask."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.channels.outcomes import AccountProblem, Outcome, gettext_noop
from apps.core.channels import ContactKind
from apps.core.typed_addresses import TypedAddress, read_typed
from apps.organizations.models import Membership, Organization
from apps.senders.models import SenderAccount
from apps.senders.providers import Provider
from apps.senders.sender_kinds import SenderKind

if TYPE_CHECKING:
    from ..models import Mailing

OnOutcome = Callable[[Outcome], None]


class PreparedRow(NamedTuple):
    """One recipient's row with all that its copy needs; what `content` is, the channel's copies alone know.

    `goes_alone`: where others share a request it has one of its own, which takes its time.
    """

    key: int
    row: Any  # audience.AudienceRow
    content: Any
    goes_alone: bool = False


class Copies(Protocol):
    """Makes the copies of one mailing: what is the same for all is prepared once."""

    def prepare(self, rows: Sequence[Any]) -> list[PreparedRow]:
        """Read all that the copies of `rows` (AudienceRow) need: some queries for all of them."""


class Carrier(Protocol):
    """What copies leave by, driven by an event loop."""

    # How many rows it has in hand at a time: so many are noted as in flight before they are handed over.
    rows_at_a_time: int

    @property
    def is_stopped(self) -> bool:
        """Whether it has met a problem of the account, and sends no more."""

    async def deliver(self, copies: Any, rows: Iterable[PreparedRow], on_outcome: OnOutcome) -> None:
        """Send the copy of each row, one outcome each. Raises AccountProblem: the others were not handed over."""

    async def close(self) -> None:
        """Let go of connections."""


class CannotCarry(AccountProblem):
    """The account works, but not for this kind of message: nothing is wrong with what else leaves by it."""


Opener = Callable[[SenderAccount, int], Carrier]
# A text of a message that may have tags in it, and what it is written in (see core.merge_tags).
Source = tuple[str, Literal["html", "text", "header", "url"]]


class Preview(NamedTuple):
    """A copy as one recipient gets it, for looking at it; `html` is empty where the channel has none.

    `own_files`: the names of the files that this recipient alone gets.
    """

    subject: str
    html: str
    text: str
    own_files: Sequence[str] = ()


class StatusWords(NamedTuple):
    """What the log says of a copy. `%(when)s` is a time, `%(reply)s` what the other side said."""

    in_flight: Any = gettext_lazy("Being handed over.")
    accepted: Any = gettext_lazy("Accepted.")
    accepted_at: Any = gettext_lazy("Accepted, %(when)s.")
    delivered_at: Any = gettext_lazy("Delivered, %(when)s.")
    refused: Any = gettext_lazy("Refused: %(reply)s")


class Channel:
    """One way by which messages leave. A subclass per channel; its attributes are facts, its methods do the work."""

    code: str
    label: Any  # its name on pages, translated when it is shown
    icon = "envelope"
    # Which contact points it uses (ContactPoint.channel), and which health of theirs keeps a copy from leaving for
    # which reason: values of ContactPoint.Health and of audience.reasons.Reason; of several the first counts.
    contact_kind: str
    bad_health: Mapping[str, str] = {"failed": "failed_address"}
    # What a member needs besides a right to send, and which module of the organisation turns it on; empty: nothing.
    permission = ""
    module = ""
    # A kind of contact point that it brings with it.
    contact_kinds: Sequence[ContactKind] = ()
    # What a sender of it is, and the providers that carry it, where they are not known to `senders` already; and how
    # to open a carrier, by the provider of the account.
    sender_kind: SenderKind | None = None
    providers: Sequence[Provider] = ()
    carriers: Mapping[str, Opener] = {}
    # The second step: its page, and a ModelForm of Mailing (what cannot be kept is an error, what is missing is not).
    content_form: type[forms.ModelForm]
    content_template = "campaigns/content_text.html"
    # A Content-Security-Policy of that page's own, where it needs to load more than others.
    content_policy = ""
    takes_attachments = takes_parts = False
    # Shows a Preview on the third step.
    preview_template = "campaigns/_preview_text.html"
    status_words = StatusWords()
    is_known = True

    def is_open_to(self, membership: Membership) -> bool:
        """Whether the organisation has turned it on, and the member may use it."""
        is_on = not self.module or self.module in membership.organization.modules
        return is_on and (not self.permission or membership.may(self.permission))

    # -- who gets it

    def normalize(self, address: str, organization: Organization) -> str:
        """The form of `address` by which two spellings of one are known. Raises ValidationError with a sentence."""
        raise NotImplementedError

    def read_typed(self, text: str, organization: Organization) -> tuple[list[TypedAddress], list[tuple[str, str]]]:
        """The addresses in a typed text, and the (bad text, sentence) of the others."""
        return read_typed(text, lambda address: self.normalize(address, organization))

    def test_address(self, user: User) -> str:
        """Where a member's test copy goes unless he says otherwise; empty where that is not known."""
        return ""

    # -- what it says

    def sources(self, mailing: "Mailing") -> list[Source]:
        """The texts of `mailing` in which tags may stand."""
        return [(mailing.body, "text")]

    def obstacles(self, mailing: "Mailing") -> list[str]:
        """A sentence for each thing in what `mailing` says that keeps it from being sent, but for wrong tags."""
        return [] if mailing.body.strip() else [_("The message is empty.")]

    def freeze(self, mailing: "Mailing") -> None:
        """Write on `mailing` what will really be sent, once for all recipients."""

    def preview(self, mailing: "Mailing", row: Any) -> Preview:
        """The copy of `row` (an AudienceRow)."""
        raise NotImplementedError

    # -- what pages say of it

    def title(self, mailing: "Mailing") -> str:
        """What goes out, how and from whom, as a sentence."""
        names = {"subject": mailing, "channel": self.label, "sender": mailing.sender_name}
        return _("%(subject)s (%(channel)s), from %(sender)s.") % names

    def about_cost(self, mailing: "Mailing", getting: int) -> str:
        """What it costs to send `mailing` to so many, as a sentence; empty where that is not known."""
        return ""

    # -- sending

    def sentence(self, reason: str) -> str | None:
        """What `reason` (audience.reasons.Reason) reads by this channel; None where it reads as everywhere."""
        return None

    def copies(self, mailing: "Mailing") -> Copies:
        """What makes the copies of `mailing`."""
        raise NotImplementedError

    def leaves_once(self, account: SenderAccount) -> bool:
        """Whether a repeat is worse than not knowing: it costs, or bears nothing by which it is recognised."""
        return True

    def open_carrier(self, account: SenderAccount, connections: int) -> Carrier:
        """What carries it by `account`, over so many connections at most.

        Raises SecretUnreadable, and CannotCarry when the account is none for such messages.
        """
        opener = self.carriers.get(account.provider)
        if opener is None:
            sentence = gettext_noop("The account “%(name)s” cannot send this kind of message.")
            raise CannotCarry(sentence, name=account.name)
        return opener(account, connections)


class UnknownChannel(Channel):
    """Stands for a channel that the database knows and this version of Bedel does not: nothing leaves by it."""

    is_known = False

    def __init__(self, code: str) -> None:
        self.code = self.label = self.contact_kind = code

    def is_open_to(self, membership: Membership) -> bool:
        return False

    def normalize(self, address: str, organization: Organization) -> str:
        raise ValidationError(self._sentence())

    def obstacles(self, mailing: "Mailing") -> list[str]:
        return [self._sentence()]

    def _sentence(self) -> str:
        words = _("This Bedel does not know the kind of message “%(code)s”: it cannot be sent, and stays as it is.")
        return words % {"code": self.code}
