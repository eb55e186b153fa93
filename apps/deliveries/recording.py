"""Outcomes become rows in groups, as they come: one statement for up to twenty messages or a fifth of a second."""

import re
import time
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.channels.outcomes import Outcome, Result
from apps.recipients.models import ContactPoint

from .models import Delivery

GROUP_SIZE = 20
GROUP_SECONDS = 0.2
MAX_ATTEMPTS = 8
# RFC 3463: the address or its domain does not exist (or no longer).
_DEAD_ADDRESS = re.compile(r"\b5\.1\.(1|2|3|6|10)\b")

_STATE_OF = {
    Result.ACCEPTED: Delivery.State.SENT,
    Result.REFUSED: Delivery.State.FAILED,
    Result.POSTPONED: Delivery.State.WAITING,
    Result.UNCERTAIN: Delivery.State.UNCERTAIN,
}

_UPDATE = """WITH outcome (id, state, reply, at) AS (VALUES {values})
UPDATE deliveries_delivery SET state = outcome.state, server_reply = outcome.reply, attempts = attempts + 1,
    updated_at = {now}, sent_at = CASE WHEN outcome.state = 'sent' THEN {at} ELSE sent_at END
FROM outcome WHERE deliveries_delivery.id = outcome.id AND deliveries_delivery.state = 'in_flight'"""


class Recorder:
    """Collects the outcomes of a packet. `last_attempt` turns what is postponed once more into failed."""

    def __init__(self, last_attempt: bool = False):
        self._last_attempt = last_attempt
        self._group: list[tuple[Outcome, str, datetime]] = []
        self._since = time.monotonic()
        self.postponed = 0

    def add(self, outcome: Outcome) -> bool:
        """Take one outcome; True when the group was written just now."""
        state = _STATE_OF[outcome.result]
        if state == Delivery.State.WAITING and self._last_attempt:
            state = Delivery.State.FAILED
        self.postponed += state == Delivery.State.WAITING
        self._group.append((outcome, state, timezone.now()))
        full = len(self._group) >= GROUP_SIZE or time.monotonic() - self._since > GROUP_SECONDS
        if full:
            self.flush()
        return full

    def flush(self) -> None:
        """Write what has been collected."""
        self._since = time.monotonic()
        if not self._group:
            return
        parameters: list[Any] = []
        for outcome, state, at in self._group:
            parameters += [outcome.key, str(state), outcome.reply[:1000], at]
        with connection.cursor() as cursor:
            cursor.execute(self._statement(), [*parameters, timezone.now()])
        self._mark_dead_addresses()
        self._group.clear()

    def _statement(self) -> str:
        postgresql = connection.vendor == "postgresql"
        row = "(%s::bigint, %s::text, %s::text, %s::timestamptz)" if postgresql else "(%s, %s, %s, %s)"
        return _UPDATE.format(values=", ".join([row] * len(self._group)), now="%s", at="outcome.at")

    def _mark_dead_addresses(self) -> None:
        for outcome, state, _at in self._group:
            if state == Delivery.State.FAILED and _DEAD_ADDRESS.search(outcome.reply):
                address = Delivery.objects.values_list("normalized", flat=True).get(pk=outcome.key)
                for point in ContactPoint.objects.filter(channel="email", normalized=address, health="good"):
                    point.mark_failed(outcome.reply)
