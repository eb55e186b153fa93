"""Which packet is next: in turn over the organisations, within the limits of their accounts, by conditional UPDATE."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.organizations.models import Organization
from apps.organizations.scoping import without_scope
from apps.senders.models import SenderAccount

from ..models import ConnectionSlots, Packet, Turn

LEASE = timedelta(minutes=5)
FEWEST_CONNECTIONS = 4  # that one worker takes to one account, if there are as many
_ALLOWANCES_A_MINUTE = 12
_CLOCK_JUMP = timedelta(hours=5)  # no time of ours lies further ahead: then the clock was set back


@dataclass(frozen=True)
class Claim:
    """A packet leased to this worker: how many of its rows may go now, and over how many connections."""

    packet: Packet
    account_id: int
    rows: int
    connections: int


class _TakenMeanwhile(Exception):
    """Another worker was faster: there may be a further packet where this one was."""


class _Candidate(NamedTuple):
    """A running mailing with a packet that is due, and what its organisation and its account allow."""

    organization_id: int
    mailing_id: int
    account_id: int
    packet_id: int
    first_id: int
    last_id: int
    attempt: int
    is_new: bool  # not begun before, and not put off by a server: its organisation's interval holds
    packet_interval: int
    messages_per_minute: int | None
    # Who has been served least comes first.
    in_hand: int
    last_of_all: str
    last: str

    @property
    def turn(self) -> tuple:
        return self.in_hand, self.last_of_all, self.last, self.mailing_id


def claim(worker: str, connections: Mapping[int, int], full: Collection[int] = ()) -> Claim | None:
    """Lease the next packet that may go out now to `worker`; None when there is none.

    `connections`: account id -> how many connections the worker may have open already; `full`: accounts of which it has
    enough in hand. Runs outside every scope: the caller opens that of the organisation.
    """
    while True:
        now = timezone.now()
        was_late = False
        for candidate in _candidates(now, full):
            try:
                claimed = _claim_of(candidate, worker, connections.get(candidate.account_id, 0), now)
            except _TakenMeanwhile:
                was_late = True
                continue
            if claimed:
                return claimed
        if not was_late:
            return None


def packets_wait() -> bool:
    """Whether there is a packet that may be sent now."""
    now = timezone.now()
    return any(_interval_is_over(candidate, now) for candidate in _candidates(now, ()))


def let_go_of_connections(worker: str, account_id: int) -> None:
    """Say that `worker` has closed its connections to an account. Runs outside every scope."""
    with without_scope():
        ConnectionSlots.objects.filter(worker=worker, account=account_id).delete()


def renew_all(worker: str) -> None:
    """Hold everything that `worker` has in hand for another lease. Runs outside every scope."""
    until = timezone.now() + LEASE
    with without_scope():
        ConnectionSlots.objects.filter(worker=worker).update(until=until)
        held = Packet.objects.filter(state=Packet.State.LEASED, leased_by=worker)
        held.filter(mailing__state=Mailing.State.SENDING).update(lease_until=until)


def let_go_of_packets(worker: str) -> None:
    """Let `worker`, which has nothing in hand, hold nothing. Runs outside every scope.

    A database that goes away at the wrong moment has leased a packet, and could not tell.
    """
    with without_scope():
        held = Packet.objects.filter(state=Packet.State.LEASED, leased_by=worker)
        held.update(state=Packet.State.WAITING, lease_until=None)


_CANDIDATES = """SELECT m.organization_id, m.id, s.account_id, p.id, p.first_id, p.last_id, p.attempt,
    p.leased_by = '' AND p.not_before IS NULL, o.packet_interval, a.messages_per_minute,
    (SELECT COUNT(*) FROM deliveries_packet h WHERE h.state = 'leased' AND h.organization_id = m.organization_id),
    COALESCE(CAST((SELECT MAX(l.last_packet_at) FROM deliveries_turn l
        WHERE l.organization_id = m.organization_id) AS text), ''),
    COALESCE(CAST(t.last_packet_at AS text), '')
FROM campaigns_mailing m
JOIN organizations_organization o ON o.id = m.organization_id
JOIN senders_sender s ON s.id = m.sender_id
JOIN senders_senderaccount a ON a.id = s.account_id
JOIN deliveries_packet p ON p.id = (SELECT MIN(w.id) FROM deliveries_packet w
    WHERE w.mailing_id = m.id AND w.state = 'waiting'
        AND (w.not_before IS NULL OR w.not_before <= %(now)s OR w.not_before > %(far)s))
LEFT JOIN deliveries_turn t ON t.mailing_id = m.id
WHERE m.state = 'sending' AND a.problem = ''
    AND (a.next_allowed_at IS NULL OR a.next_allowed_at <= %(now)s OR a.next_allowed_at > %(far)s)"""


def _candidates(now: datetime, full: Collection[int]) -> list[_Candidate]:
    """The running mailings with a due packet, each with its first; the organisation served least comes first.

    Of all organisations: it hands out no row, only whose turn it is. A time that lies further ahead than any of ours
    is left from before the clock was set back.
    """
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, {"now": adapt(now), "far": adapt(now + _CLOCK_JUMP)})
        found = [_Candidate(*row) for row in cursor.fetchall()]
    return sorted((each for each in found if each.account_id not in full), key=lambda each: each.turn)


def _claim_of(candidate: _Candidate, worker: str, held: int, now: datetime) -> Claim | None:
    """Take the packet if its organisation and its account allow. Raises _TakenMeanwhile, and then nothing is taken."""
    with without_scope(), transaction.atomic():
        if not held or candidate.packet_interval or candidate.messages_per_minute:
            # The claims of one school queue up here: what they compare must not change meanwhile.
            Organization.objects.select_for_update(no_key=True).filter(pk=candidate.organization_id).first()
        if not _interval_is_over(candidate, now):
            return None
        connections = held or _take_connections(candidate, worker, now)
        rows = _take_allowance(candidate, now) if connections else 0
        if not rows:
            return None
        packet = _lease(candidate, worker, now)
        _note_turn(packet, now)
    return Claim(packet, candidate.account_id, rows, connections)


def _lease(candidate: _Candidate, worker: str, now: datetime) -> Packet:
    """The packet, if nobody has been faster. Raises _TakenMeanwhile.

    The condition on its state must be one of the UPDATE itself: in a subquery, as Django writes a join, PostgreSQL does
    not look again after it has waited for who was faster.
    """
    lease = {"state": Packet.State.LEASED, "leased_by": worker, "lease_until": now + LEASE}
    waiting = Packet.objects.filter(pk=candidate.packet_id, state=Packet.State.WAITING)
    if not waiting.filter(mailing__in=Mailing.objects.filter(state=Mailing.State.SENDING)).update(**lease):
        raise _TakenMeanwhile
    return Packet(
        pk=candidate.packet_id,
        organization_id=candidate.organization_id,
        mailing_id=candidate.mailing_id,
        first_id=candidate.first_id,
        last_id=candidate.last_id,
        attempt=candidate.attempt,
        **lease,
    )


def _note_turn(packet: Packet, now: datetime) -> None:
    if not Turn.objects.filter(mailing=packet.mailing_id).update(last_packet_at=now):
        Turn.objects.create(organization_id=packet.organization_id, mailing_id=packet.mailing_id, last_packet_at=now)


def _interval_is_over(candidate: _Candidate, now: datetime) -> bool:
    """Whether the organisation may have a new packet; one that was begun, or put off by a server, is no new one."""
    if not candidate.is_new or not candidate.packet_interval:
        return True
    begin = now - timedelta(seconds=candidate.packet_interval)
    with without_scope():
        turns = Turn.objects.filter(organization=candidate.organization_id)
        return not turns.filter(last_packet_at__gt=begin, last_packet_at__lte=now).exists()


def _take_connections(candidate: _Candidate, worker: str, now: datetime) -> int:
    """How many connections the worker may have open to the account; 0 when others hold them all.

    One takes half of them, or four, so that the next worker finds some.
    """
    slots = ConnectionSlots.objects.filter(account=candidate.account_id)
    taken = slots.exclude(worker=worker).filter(until__gt=now, until__lte=now + LEASE * 2)
    most = SenderAccount.objects.values_list("max_connections", flat=True).get(pk=candidate.account_id)
    free = most - (taken.aggregate(number=Sum("number"))["number"] or 0)
    number = min(free, max(FEWEST_CONNECTIONS, (most + 1) // 2))
    if number <= 0:
        return 0
    values = {"organization_id": candidate.organization_id, "number": number, "until": now + LEASE}
    slots.update_or_create(worker=worker, account_id=candidate.account_id, defaults=values)
    return number


def _take_allowance(candidate: _Candidate, now: datetime) -> int:
    """How many rows may go now. A limit per minute is kept by small allowances, a fixed time apart."""
    size = candidate.last_id - candidate.first_id + 1
    limit = candidate.messages_per_minute
    if limit is None:
        return size
    allowance = max(1, limit // _ALLOWANCES_A_MINUTE)
    pause = timedelta(seconds=60 / (limit // allowance))
    has_come = Q(next_allowed_at=None) | Q(next_allowed_at__lte=now) | Q(next_allowed_at__gt=now + _CLOCK_JUMP)
    account = SenderAccount.objects.filter(has_come, pk=candidate.account_id)
    return min(size, allowance) if account.update(next_allowed_at=now + pause) else 0
