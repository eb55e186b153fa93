"""Outcomes become rows in groups, as they come: one statement for up to a hundred messages or a fifth of a second.

Until then they stand in the worker's journal, so that a killed worker repeats only what it had not yet heard of.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from apps.channels.outcomes import Outcome, Result
from apps.organizations.scoping import in_organization

from .claiming import LEASE
from .dead_addresses import mark_dead, says_dead
from .desk import Desk
from .journal import Journal
from .models import Delivery, Packet

GROUP_SIZE = 100
GROUP_SECONDS = 0.2
MAX_ATTEMPTS = 8

_STATE_OF = {
    Result.ACCEPTED: str(Delivery.State.SENT),
    Result.REFUSED: str(Delivery.State.FAILED),
    Result.POSTPONED: str(Delivery.State.WAITING),
    Result.UNCERTAIN: str(Delivery.State.UNCERTAIN),
}

# An acceptance stands, also when the lease had run out and the row waits again.
_UPDATE = """UPDATE deliveries_delivery SET server_reply = outcome.reply, attempts = attempts + 1,
    state = CASE WHEN outcome.state = 'waiting' AND attempts + 1 >= {most} THEN 'failed' ELSE outcome.state END,
    updated_at = outcome.at, sent_at = CASE WHEN outcome.state = 'sent' THEN outcome.at ELSE sent_at END
FROM {outcomes}
WHERE deliveries_delivery.id = outcome.id AND deliveries_delivery.organization_id = %s
    AND (deliveries_delivery.state = 'in_flight'
        OR outcome.state = 'sent' AND deliveries_delivery.state IN ('waiting', 'uncertain'))"""
_POSTGRESQL = """unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[]) AS outcome (id, state, reply, at)"""
_SQLITE = """(SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS state,
    json_extract(value, '$[2]') AS reply, json_extract(value, '$[3]') AS at FROM json_each(%s)) AS outcome"""

Heard = tuple[Outcome, datetime]


class Recorder:
    """Takes the outcomes of one packet in an event loop and has them written at the desk, group after group."""

    def __init__(self, desk: Desk, journal: Journal, packet: Packet):
        self._desk = desk
        self._journal = journal
        self._packet = packet
        self._group: list[Heard] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: list[asyncio.Future[bool]] = []
        self.postponed = self.accepted = 0
        self.is_lost = False  # the packet is not ours any more, or its mailing was stopped: send nothing further

    def add(self, outcome: Outcome) -> None:
        """Take one outcome."""
        self._journal.note(self._packet.pk, outcome)
        self._group.append((outcome, timezone.now()))
        if len(self._group) >= GROUP_SIZE:
            self._hand_in()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GROUP_SECONDS, self._hand_in)

    async def finish(self) -> None:
        """Wait until all that was taken is written. Raises what went wrong while writing."""
        self._hand_in()
        await asyncio.gather(*self._writing)

    def _hand_in(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._group:
            group, self._group = self._group, []
            self._count(group)
            self._writing = [future for future in self._writing if not future.done() or future.exception()]
            self._writing.append(self._desk.ask(self._write, group))

    def _count(self, group: list[Heard]) -> None:
        self.accepted += sum(outcome.result == Result.ACCEPTED for outcome, _at in group)
        self.postponed += sum(outcome.result == Result.POSTPONED for outcome, _at in group)

    def _write(self, group: list[Heard]) -> None:
        with in_organization(self._packet.organization):
            write_outcomes(self._packet, group)
            if not self._packet.renew(timezone.now() + LEASE):
                self.is_lost = True


def write_outcomes(packet: Packet, heard: Sequence[Heard]) -> None:
    """Write what was heard of rows of `packet`, in the scope of its organisation, in one transaction."""
    ids, states, replies, times = [], [], [], []
    for outcome, at in heard:
        ids.append(outcome.key)
        states.append(_STATE_OF[outcome.result])
        replies.append(outcome.reply[:1000])
        times.append(connection.ops.adapt_datetimefield_value(at))
    columns = [ids, states, replies, times]
    postgresql = connection.vendor == "postgresql"
    outcomes = columns if postgresql else [json.dumps(list(zip(*columns, strict=True)))]
    statement = _UPDATE.format(most=MAX_ATTEMPTS, outcomes=_POSTGRESQL if postgresql else _SQLITE)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, [*outcomes, packet.organization_id])
        _mark_dead_addresses([outcome for outcome, _at in heard if outcome.result == Result.REFUSED])


def _mark_dead_addresses(refused: list[Outcome]) -> None:
    for outcome in refused:
        if says_dead(outcome.reply):
            address = Delivery.objects.values_list("normalized", flat=True).filter(pk=outcome.key).first()
            mark_dead(address or "", outcome.reply)
