"""SIGKILL for busy workers at random moments, and a broker that forgets everything in between."""

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import redis
from django.conf import settings

from apps.campaigns.models import Mailing
from bench.processes import open_files, own_cpu_seconds
from bench.watching import is_open
from bench.workers import Crew

_LOOK = 0.01
_BUSY_WITHIN = 0.03
# Kills fall while this share of the mailing leaves: some has gone out before the first, some is left after the last.
_BEGIN, _END = 0.02, 0.85


@dataclass
class Killer:
    """Kills a busy process whenever another random number of messages was handed over, which `handed_over` tells."""

    crew: Crew
    handed_over: Callable[[], int]
    moments: list[int]
    chance: random.Random
    killed_at: list[float] = field(default_factory=list)
    whole_workers: int = 0
    emptied: bool = False

    def run(self, mailing: Mailing) -> None:
        """Return when all have been killed, or when there is nothing left to disturb."""
        while len(self.killed_at) < len(self.moments) and is_open(mailing):
            self.crew.check()
            if self.handed_over() >= self.moments[len(self.killed_at)]:
                self._kill_one()
            if not self.emptied and len(self.killed_at) > len(self.moments) // 2:
                empty_the_broker()
                self.emptied = True
            time.sleep(_LOOK)

    def _kill_one(self) -> None:
        """One of three kills takes a whole worker; the others one of its sending processes."""
        busy = self._busy()
        if not busy:
            return
        pid = self.chance.choice(busy)
        if self.chance.random() < 1 / 3:
            self.crew.kill_with_children(self.crew.worker_of(pid))
            self.whole_workers += 1
        else:
            os.kill(pid, signal.SIGKILL)
        self.killed_at.append(time.time())

    def _busy(self) -> list[int]:
        """The processes that use the processor just now, and have a journal open: they send, and are not starting."""
        sending = [pid for pid in self.crew.sending() if any(path.endswith(".journal") for path in open_files(pid))]
        before = {pid: own_cpu_seconds(pid) for pid in sending}
        time.sleep(_BUSY_WITHIN)
        return [pid for pid, seconds in before.items() if own_cpu_seconds(pid) > seconds]


def moments(recipients: int, kills: int, chance: random.Random) -> list[int]:
    """How many messages have been handed over when each kill falls."""
    begin = int(recipients * _BEGIN)
    end = max(begin + 1, int(recipients * _END))
    return sorted(chance.randrange(begin, end) for _ in range(kills))


def empty_the_broker() -> None:
    """Forget every task that waits."""
    if settings.BROKER_URL.startswith("redis"):
        redis.Redis.from_url(settings.BROKER_URL).flushall()
        return
    for message in Path(settings.BROKER_DIR, "messages").glob("*.msg"):
        message.unlink(missing_ok=True)
