"""What a channel is: the one object that knows what email, SMS or PEC need, so that nobody else has to ask."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from apps.channels.outcomes import AccountProblem, Outcome, gettext_noop
from apps.senders.models import SenderAccount

if TYPE_CHECKING:
    from ..models import Mailing

OnOutcome = Callable[[Outcome], None]


class PreparedRow(NamedTuple):
    """One recipient's row with all that its copy needs; what `content` is, the channel's copies alone know."""

    key: int
    row: Any  # audience.AudienceRow
    content: Any


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


Opener = Callable[[SenderAccount, int], Carrier]


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
    # What carries it: how to open a carrier, by the provider of the account (SenderAccount.provider).
    carriers: Mapping[str, Opener] = {}

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

        Raises SecretUnreadable, and AccountProblem when the account cannot carry such messages.
        """
        opener = self.carriers.get(account.provider)
        if opener is None:
            sentence = gettext_noop("The account “%(name)s” cannot send this kind of message.")
            raise AccountProblem(sentence, name=account.name)
        return opener(account, connections)


class UnknownChannel(Channel):
    """Stands for a channel that the database knows and this version of Bedel does not: nothing leaves by it."""

    def __init__(self, code: str) -> None:
        self.code = self.label = self.contact_kind = code
