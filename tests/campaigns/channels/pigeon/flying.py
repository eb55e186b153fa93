"""Lets pigeons fly: what arrived stands in FLOWN, as (loft, text)."""

from apps.channels.outcomes import Outcome, Result

FLOWN: list[tuple[str, str]] = []
HAWKS = "loft-13"


class Dovecote:
    rows_at_a_time = 2
    is_stopped = False

    def __init__(self, account, connections):
        return

    async def deliver(self, copies, rows, on_outcome):
        for row in rows:
            loft = row.row.address
            if row.row.normalized == HAWKS:
                on_outcome(Outcome(row.key, Result.UNCERTAIN, "a hawk was seen"))
                continue
            FLOWN.append((loft, row.content))
            ring = f"ring-{len(FLOWN)}"
            on_outcome(Outcome(row.key, Result.ACCEPTED, "flown off", reference=ring, parts=1, cost="0.02"))

    async def close(self):
        return
