"""Outcomes become rows in groups, as they come: one statement for up to 250 messages, or a twentieth of a second.

Until then they stand in the worker's journal, so that a killed worker repeats only what it had not yet heard of.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import nullcontext

from django.db import connection, transaction
from django.utils import timezone

from apps.channels.outcomes import Outcome, Result
from apps.organizations.scoping import in_organization

from ..models import Delivery, Packet
from ..retrying import MAX_ATTEMPTS
from .dead_addresses import mark_dead, says_dead
from .desk import Desk
from .journal import Journal

GROUP_SIZE = 250
GROUP_SECONDS = 0.05
LOOK_SECONDS = 0.05  # between two looks whether the mailing was stopped: what leaves meanwhile has left

_STATE_OF = {
    Result.ACCEPTED: str(Delivery.State.SENT),
    Result.REFUSED: str(Delivery.State.FAILED),
    Result.POSTPONED: str(Delivery.State.WAITING),
    Result.UNCERTAIN: str(Delivery.State.UNCERTAIN),
}

# An acceptance stands, also when the lease had run out and somebody else has written something else.
_UPDATE = """UPDATE deliveries_delivery SET server_reply = COALESCE(outcome.reply, ''), attempts = attempts + 1,
    state = CASE WHEN outcome.state = 'waiting' AND attempts + 1 >= {most} THEN 'failed' ELSE outcome.state END,
    updated_at = %(now)s, sent_at = CASE WHEN outcome.state = 'sent' THEN %(now)s ELSE sent_at END{details}
FROM {outcomes}
WHERE deliveries_delivery.id = outcome.id AND deliveries_delivery.organization_id = %(organization)s
    AND (deliveries_delivery.state IN ('waiting', 'in_flight')
        OR outcome.state = 'sent' AND deliveries_delivery.state IN ('uncertain', 'failed'))"""
# An array of one empty text is no array of a text: then PostgreSQL has NULL in its place.
# What most providers do not say: then the row's own columns of it are not written at all.
_DETAILS = """,
    reference = COALESCE(NULLIF(outcome.reference, ''), deliveries_delivery.reference),
    parts = COALESCE(NULLIF(CAST(outcome.parts AS integer), 0), deliveries_delivery.parts),
    cost = COALESCE(CAST(NULLIF(outcome.cost, '') AS numeric), deliveries_delivery.cost)"""
_COLUMNS = ("id", "state", "reply")
_COLUMNS_WITH_DETAILS = (*_COLUMNS, "reference", "parts", "cost")


class Recorder:
    """Takes the outcomes of one packet in an event loop and has them written at the desk, group after group."""

    def __init__(self, desk: Desk, journal: Journal, packet: Packet):
        self._desk = desk
        self._journal = journal
        self._packet = packet
        self._group: list[Outcome] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: list[asyncio.Future[bool]] = []
        self.postponed = self.accepted = 0
        self._looked_at = 0.0
        self.is_lost = False  # the packet is not ours any more, or its mailing was stopped: send nothing further

    def add(self, outcome: Outcome) -> None:
        """Take one outcome."""
        self._journal.note(self._packet.pk, outcome)
        self._group.append(outcome)
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

    def _count(self, group: list[Outcome]) -> None:
        self.accepted += sum(outcome.result == Result.ACCEPTED for outcome in group)
        self.postponed += sum(outcome.result == Result.POSTPONED for outcome in group)

    def _write(self, group: list[Outcome]) -> None:
        with in_organization(self._packet.mailing.organization):
            write_outcomes(self._packet, group)
            if time.monotonic() - self._looked_at > LOOK_SECONDS:
                self._looked_at = time.monotonic()
                self.is_lost = not self._packet.may_go_on


def write_outcomes(packet: Packet, heard: Sequence[Outcome]) -> None:
    """Write what was heard of rows of `packet`, in the scope of its organisation, in one transaction."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    has_details = any(outcome.has_details for outcome in heard)
    outcomes, columns = _as_table(heard, _COLUMNS_WITH_DETAILS if has_details else _COLUMNS)
    parameters = {"now": now, "organization": packet.organization_id, **columns}
    details = _DETAILS if has_details else ""
    dead = [outcome for outcome in heard if outcome.result == Result.REFUSED and says_dead(outcome.reply)]
    with transaction.atomic() if dead else nullcontext():
        with connection.cursor() as cursor:
            cursor.execute(_UPDATE.format(most=MAX_ATTEMPTS, outcomes=outcomes, details=details), parameters)
        _mark_dead_addresses(dead)


def _as_table(heard: Sequence[Outcome], names: Sequence[str]) -> tuple[str, dict[str, str]]:
    """SQL of a table `outcome` with the columns `names`, and its parameters: each column (SQLite: the whole) as text.

    As text because a driver takes its time over each element of an array. No text of an outcome has a line break in it.
    """
    rows = [_cells(outcome)[: len(names)] for outcome in heard]
    if connection.vendor != "postgresql":
        extracted = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(names))
        return f"(SELECT {extracted} FROM json_each(%(outcomes)s)) AS outcome", {"outcomes": json.dumps(rows)}
    lists = ", ".join(f"string_to_array(%({name})s, E'\\n'){'::bigint[]' * (name == 'id')}" for name in names)
    columns = {name: "\n".join(map(str, column)) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    return f"unnest({lists}) AS outcome ({', '.join(names)})", columns


def _cells(outcome: Outcome) -> tuple[int | str, ...]:
    """The values of _COLUMNS_WITH_DETAILS."""
    reply = outcome.reply[:1000].replace("\0", "").replace("\n", " ")
    reference = outcome.reference[:200].replace("\0", "").replace("\n", " ")
    return outcome.key, _STATE_OF[outcome.result], reply, reference, outcome.parts, outcome.cost


def _mark_dead_addresses(refused: list[Outcome]) -> None:
    for outcome in refused:
        address = Delivery.objects.values_list("normalized", flat=True).filter(pk=outcome.key).first()
        mark_dead(address or "", outcome.reply)
