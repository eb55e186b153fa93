"""What a worker does in one go: claim packets, have them sent side by side, write what becomes of each message.

One event loop drives the connections to all accounts; a slow server keeps nobody else waiting. Of each account two
packets are in hand at a time, so that the connections have work while the next packet is fetched.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from uuid import uuid4

from django.utils.translation import gettext as _

from apps.campaigns.channels.channel import CannotCarry, Carrier, Copies, PreparedRow
from apps.campaigns.channels.registry import account_of, channel_of, leaves_once
from apps.campaigns.models import Mailing
from apps.channels.outcomes import AccountProblem
from apps.core.message_parts import related
from apps.core.shutting_down import is_shutting_down
from apps.core.states import TransitionRefused, move
from apps.organizations.scoping import in_organization, without_scope
from apps.senders.account_trouble import in_words
from apps.senders.secrets import SecretUnreadable

from ..models import Packet
from .audience_rows import audience_rows
from .circuits import note_success, open_circuit
from .claiming import Claim, claim, let_go_of_connections, let_go_of_packets, renew_all
from .desk import Desk
from .finishing import finish
from .journal import Journal
from .recording import Recorder

logger = logging.getLogger(__name__)

_PACKETS_PER_ACCOUNT = 2
_MOST_PACKETS = 16
_MOST_ALONE = 10  # of rows that each need a request: so many are uncertain at the most when a worker is killed
_LOOK_SECONDS = 0.5
_RENEW_SECONDS = 60.0
_IDLE_SECONDS = 5.0


@dataclass(frozen=True)
class _InHand:
    """A packet that was claimed, ready to go."""

    copies: Copies
    rows: list[PreparedRow]
    carrier: Carrier


class SendingRun:
    """One worker's turn, of about `seconds`: it ends earlier when nothing is due, never in the middle of a packet."""

    def __init__(self, desk: Desk, seconds: float):
        self.worker = uuid4().hex
        self._desk = desk
        self._until = time.monotonic() + seconds
        self._renewed_at = time.monotonic()
        self._tasks: dict[asyncio.Task[None], int] = {}  # each with its account
        self._carriers: dict[tuple[int, str], Carrier] = {}  # by account and channel
        self._idle_since: dict[int, float] = {}
        self._copies: dict[int, Copies] = {}
        self._mailings: dict[int, Mailing] = {}
        self._connections: dict[int, int] = {}
        self._nothing_besides: set[int] = set()
        self._nothing_until = 0.0
        self._is_stopping = False
        self._error: BaseException | None = None

    @property
    def time_is_up(self) -> bool:
        return time.monotonic() > self._until or is_shutting_down()

    async def main(self) -> None:
        """Send until nothing is due or the time is up. Raises what kept outcomes from being written."""
        with Journal(self.worker) as self._journal:
            try:
                await self._keep_sending()
            finally:
                self._is_stopping = True
                while self._tasks:
                    await asyncio.wait(self._tasks)
                    self._put_away_what_ended()
                for account_id in list(self._connections):
                    await self._close(account_id)
            if self._error:
                raise self._error  # the journal stays: it has what the database has not
            await self._desk.ask(let_go_of_packets, self.worker)

    async def _keep_sending(self) -> None:
        while not self._error:
            claimed = await self._claim()
            if claimed:
                self._begin(claimed)
                continue
            if not self._tasks:
                return
            await asyncio.wait(self._tasks, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            self._put_away_what_ended()
            await self._look_after_leases()

    async def _claim(self) -> Claim | None:
        """The next packet. When only full accounts have any, that is asked again after a while."""
        now = time.monotonic()
        if self.time_is_up or len(self._tasks) >= _MOST_PACKETS:
            return None
        in_hand = Counter(self._tasks.values())
        full = {account_id for account_id, number in in_hand.items() if number >= _PACKETS_PER_ACCOUNT}
        if full == self._nothing_besides and now < self._nothing_until:
            return None
        claimed = await self._desk.ask(self._claimed, full)
        if claimed is None:
            self._nothing_besides, self._nothing_until = full, now + _LOOK_SECONDS
        return claimed

    def _claimed(self, full: set[int]) -> Claim | None:
        claimed = claim(self.worker, self._connections, full)
        try:
            if claimed:
                claimed.packet.mailing = self._mailing(claimed.packet)
        except Mailing.DoesNotExist:  # deleted just now, and its packets with it
            return None
        return claimed

    def _mailing(self, packet: Packet) -> Mailing:
        """What is sent does not change while it is sent: it is read once in this run."""
        if packet.mailing_id not in self._mailings:
            known = "organization", "sender__account", *related()
            with without_scope():
                self._mailings[packet.mailing_id] = Mailing.objects.select_related(*known).get(pk=packet.mailing_id)
        return self._mailings[packet.mailing_id]

    def _begin(self, claimed: Claim) -> None:
        account_id = claimed.account_id
        self._connections[account_id] = claimed.connections
        self._idle_since.pop(account_id, None)
        self._tasks[asyncio.create_task(self._send(claimed))] = account_id

    def _put_away_what_ended(self) -> None:
        for task in [task for task in self._tasks if task.done()]:
            account_id = self._tasks.pop(task)
            self._error = self._error or task.exception()
            if account_id not in self._tasks.values():
                self._idle_since[account_id] = time.monotonic()

    async def _look_after_leases(self) -> None:
        now = time.monotonic()
        if now - self._renewed_at > _RENEW_SECONDS:
            self._renewed_at = now
            await self._desk.ask(renew_all, self.worker)
        for account_id, since in list(self._idle_since.items()):
            if now - since > _IDLE_SECONDS:
                await self._close(account_id)

    async def _close(self, account_id: int) -> None:
        """Close the connections to an account, and let other workers have them."""
        self._idle_since.pop(account_id, None)
        for key in [key for key in self._carriers if key[0] == account_id]:
            await self._carriers.pop(key).close()
        self._connections.pop(account_id, None)
        await self._desk.ask(let_go_of_connections, self.worker, account_id)

    # -- one packet

    async def _send(self, claimed: Claim) -> None:
        packet = claimed.packet
        recorder = Recorder(self._desk, self._journal, packet)
        end_lease = packet.give_back
        try:
            in_hand = await self._desk.ask(self._prepare, claimed)
            if leaves_once(packet.mailing):
                await self._hand_over_few_by_few(packet, in_hand, recorder)
            else:
                rows = self._until_stopped(in_hand.rows, recorder)
                await in_hand.carrier.deliver(in_hand.copies, rows, recorder.add)
        except CannotCarry as problem:
            await self._desk.ask(self._stop_mailing, packet, problem)
        except (AccountProblem, SecretUnreadable) as problem:
            await self._desk.ask(self._pause_account, packet, problem)
        except Exception:
            logger.exception("packet %s of mailing %s", packet.pk, packet.mailing_id)
            end_lease = packet.take_back  # nobody can say what was handed over
            await self._desk.ask(self._stop_mailing, packet)
        finally:
            await recorder.finish()
            await self._desk.ask(self._end, packet, recorder, end_lease)

    def _prepare(self, claimed: Claim) -> _InHand:
        """Read, in one go, all that the copies of this packet need."""
        packet = claimed.packet
        with in_organization(packet.mailing.organization):
            carrier = self._carrier(packet.mailing, claimed.connections)
            copies = self._copies.get(packet.mailing_id)
            if copies is None:
                copies = self._copies[packet.mailing_id] = channel_of(packet.mailing).copies(packet.mailing)
            rows = copies.prepare(audience_rows(packet.rows_to_try(claimed.rows)))
        return _InHand(copies, rows, carrier)

    def _carrier(self, mailing: Mailing, connections: int) -> Carrier:
        account = account_of(mailing)
        key = account.pk, mailing.channel
        carrier = self._carriers.get(key)
        if carrier is None or carrier.is_stopped:
            carrier = self._carriers[key] = channel_of(mailing).open_carrier(account, connections)
        return carrier

    def _until_stopped(self, rows: Iterable[PreparedRow], recorder: Recorder) -> Iterator[PreparedRow]:
        """The rows as they are asked for, until somebody stops the mailing or this worker."""
        for row in rows:
            if recorder.is_lost or self._is_stopping or is_shutting_down():
                return
            yield row

    async def _hand_over_few_by_few(self, packet: Packet, in_hand: _InHand, recorder: Recorder) -> None:
        """What must not leave twice is noted as in flight before it is handed over, and recorded before the next."""
        few = in_hand.carrier.rows_at_a_time
        if any(row.goes_alone for row in in_hand.rows):
            few = min(few, _MOST_ALONE)
        for first in range(0, len(in_hand.rows), few):
            rows = list(self._until_stopped(in_hand.rows[first : first + few], recorder))
            marked = await self._desk.ask(self._mark, packet, [row.key for row in rows]) if rows else set()
            if marked:
                leaving = [row for row in rows if row.key in marked]
                await in_hand.carrier.deliver(in_hand.copies, leaving, recorder.add)
                await recorder.finish()

    def _mark(self, packet: Packet, keys: list[int]) -> set[int]:
        with in_organization(packet.mailing.organization):
            return packet.mark_in_flight(keys)

    def _end(self, packet: Packet, recorder: Recorder, end_lease: Callable[[], bool]) -> None:
        with in_organization(packet.mailing.organization):
            if recorder.accepted:
                note_success(account_of(packet.mailing).pk)
            if end_lease():
                finish(packet.mailing)

    def _pause_account(self, packet: Packet, problem: AccountProblem | SecretUnreadable) -> None:
        with in_organization(packet.mailing.organization):
            open_circuit(account_of(packet.mailing).pk, in_words(problem))

    def _stop_mailing(self, packet: Packet, problem: CannotCarry | None = None) -> None:
        """Until a person lets it go on: for `problem`, or for a mistake of our own."""
        ours = _("Something in Bedel went wrong while sending. Nothing is lost; the operator finds it in the log.")
        with in_organization(packet.mailing.organization):
            sentence = in_words(problem) if problem else ours
            try:
                move(Mailing.objects.get(pk=packet.mailing_id), Mailing.State.STOPPED, problem=sentence)
            except (TransitionRefused, Mailing.DoesNotExist, KeyError):
                return


def send_what_is_due(seconds: float) -> bool:
    """Send packets for about so many seconds, or until none is due for this worker; True when the time was up first.

    Ends within some messages when the worker was asked to end. Any number of these may run side by side.
    """
    desk = Desk()
    run = SendingRun(desk, seconds)
    desk.serve(run.main)
    return run.time_is_up
