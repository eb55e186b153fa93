"""What SIGKILL costs: busy workers die at random moments, the broker is emptied once, and every message is counted."""

import os
import random
import signal
import time
from argparse import Namespace
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import redis
from django.conf import settings

from apps.campaigns.models import Mailing
from apps.deliveries.models import Delivery
from apps.organizations.scoping import in_organization
from bench.filling import add_families, make_mailing, make_school, post
from bench.noting_server import number_accepted, read_journal
from bench.processes import own_cpu_seconds
from bench.report import Report
from bench.servers import Installation, noting_server
from bench.watching import follow, is_open, states_of
from bench.workers import Crew, crew

_WORKERS = 2
_LOOK = 0.01
_BUSY_WITHIN = 0.03
# Kills fall while this share of the mailing leaves: some has gone out before the first, some is left after the last.
_BEGIN, _END = 0.02, 0.85


@dataclass
class Killer:
    """Kills a busy process whenever the mail server has taken another random number of messages."""

    crew: Crew
    journal: Path
    moments: list[int]
    chance: random.Random
    killed_at: list[float] = field(default_factory=list)
    whole_workers: int = 0
    emptied: bool = False

    def run(self, mailing: Mailing) -> None:
        """Return when all have been killed, or when there is nothing left to disturb."""
        while len(self.killed_at) < len(self.moments) and is_open(mailing):
            self.crew.check()
            if number_accepted(self.journal) >= self.moments[len(self.killed_at)]:
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
        """The sending processes that use the processor just now."""
        before = {pid: own_cpu_seconds(pid) for pid in self.crew.sending()}
        time.sleep(_BUSY_WITHIN)
        return [pid for pid, seconds in before.items() if own_cpu_seconds(pid) > seconds]


def run(options: Namespace, place: Installation) -> Report:
    """The figures of `bin/bench crash`. Raises BenchProblem."""
    seed = random.randrange(10**6) if options.seed is None else options.seed
    chance = random.Random(seed)
    moments = sorted(chance.randrange(*_range(options.recipients)) for _ in range(options.kills))
    journal = place.folder / "accepted"
    with noting_server(place.folder, "--journal", str(journal)) as server, _crew(options, place) as workers:
        school = make_school("almendral", server.port, options.connections, options.packet_size)
        add_families(school, options.recipients)
        mailing = make_mailing(school)
        posted = post(mailing)
        killer = Killer(workers, journal, moments, chance)
        killer.run(mailing)
        course = follow(mailing, posted, workers, everybody=False)
    report = Report()
    report.add(seed=seed, seconds_from_posting_to_done=course.total_seconds, states=states_of(mailing))
    _add_kills(report, killer)
    _add_accounts(report, mailing, journal, killer.killed_at)
    return report


def _range(recipients: int) -> tuple[int, int]:
    begin = int(recipients * _BEGIN)
    return begin, max(begin + 1, int(recipients * _END))


def _crew(options: Namespace, place: Installation):
    return crew(place, workers=_WORKERS, processes=max(1, options.workers // _WORKERS))


def _add_kills(report: Report, killer: Killer) -> None:
    report.add(whole_workers_killed=killer.whole_workers, broker_emptied=killer.emptied)
    report.at_least("kills", len(killer.killed_at), len(killer.moments))


def _add_accounts(report: Report, mailing: Mailing, journal: Path, killed_at: list[float]) -> None:
    """Compare what the server has accepted with the rows of the mailing."""
    with_mail = read_journal(journal)
    accepted = Counter(each.recipient for each in with_mail)
    with in_organization(mailing.organization):
        rows = list(Delivery.objects.filter(mailing=mailing, reason="").values_list("normalized", "state"))
    lost = [address for address, _state in rows if address not in accepted]
    repeats = sum(accepted.values()) - len(accepted)
    by_kill = _repeats_by_kill(with_mail, killed_at)
    report.add(
        accepted=sum(accepted.values()),
        repeats_under_another_message_id=repeats - _repeats(Counter(each.message_id for each in with_mail)),
        repeats_by_kill=by_kill,
        most_repeats_of_one_kill=max(by_kill, default=0),
        marked_as_sent_but_never_accepted=len({a for a, state in rows if state == "sent"} & set(lost)),
    )
    report.at_most("lost", len(lost), 0)
    report.at_most("repeats", repeats, 10 * len(killed_at))


def _repeats(counted: Counter[str]) -> int:
    return sum(counted.values()) - len(counted)


def _repeats_by_kill(accepted: list, killed_at: list[float]) -> list[int]:
    """A message that came again was first accepted just before the kill that made somebody forget it."""
    first: dict[str, float] = {}
    repeats = [0] * len(killed_at)
    for each in accepted:
        if each.recipient in first:
            repeats[min(bisect_left(killed_at, first[each.recipient]), len(killed_at) - 1)] += 1
        first.setdefault(each.recipient, each.at)
    return repeats


def empty_the_broker() -> None:
    """Forget every task that waits."""
    if settings.BROKER_URL.startswith("redis"):
        redis.Redis.from_url(settings.BROKER_URL).flushall()
        return
    for message in Path(settings.BROKER_DIR, "messages").glob("*.msg"):
        message.unlink(missing_ok=True)
