"""What SIGKILL costs: busy workers die at random moments, the broker is emptied once, and every message is counted.

Email first; then PEC to the same kind of mail server, and SMS by the adapter of bench/fakes.py.
"""

import random
from argparse import Namespace
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from apps.deliveries.models import Delivery
from apps.organizations.scoping import in_organization
from bench import fakes
from bench.filling import add_families, make_mailing, make_school, post
from bench.killing import Killer, moments
from bench.noting_server import Accepted, number_accepted, read_journal
from bench.report import Figure, Report
from bench.servers import Installation, noting_server
from bench.watching import follow, states_of
from bench.workers import Crew, crew

_WORKERS = 2
_REPEATS_A_KILL = 10


@dataclass(frozen=True)
class Round:
    """How one mailing went: when it was disturbed, what was handed over, and what its rows say."""

    killer: Killer
    seconds: float
    states: dict[str, int]
    handed_over: list[Accepted]
    rows: list[Delivery]

    @property
    def by_recipient(self) -> Counter[str]:
        return Counter(each.recipient for each in self.handed_over)

    @property
    def repeats(self) -> int:
        return len(self.handed_over) - len(self.by_recipient)

    def recipients(self, state: str) -> set[str]:
        return {row.normalized for row in self.rows if row.state == state}


def run(options: Namespace, place: Installation) -> Report:
    """The figures of `bin/bench crash`. Raises BenchProblem."""
    seed = random.randrange(10**6) if options.seed is None else options.seed
    chance = random.Random(seed)
    report = Report()
    report.add(seed=seed)
    with _crew(options, place) as workers:
        _add_email(report, _mail_round(options, place, workers, chance, "email"))
        if options.others:
            _add_other(report, "pec", _mail_round(options, place, workers, chance, "pec"))
            _add_other(report, "sms", _sms_round(options, workers, chance))
    return report


def _crew(options: Namespace, place: Installation):
    processes = max(1, options.workers // _WORKERS)
    return crew(place, workers=_WORKERS, processes=processes, besides="bench.fakes")


# -- a mailing that is disturbed


def _mail_round(options: Namespace, place: Installation, workers: Crew, chance: random.Random, channel: str) -> Round:
    journal = place.folder / f"accepted-{channel}"
    with noting_server(place.folder, "--journal", str(journal)) as server:
        disturbed = _Disturbed(options, workers, chance, lambda: number_accepted(journal))
        course = disturbed.run(channel, server.port)
    return Round(handed_over=read_journal(journal), **course)


def _sms_round(options: Namespace, workers: Crew, chance: random.Random) -> Round:
    course = _Disturbed(options, workers, chance, fakes.number_handed_over).run("sms", port=25)
    return Round(handed_over=[Accepted(at, to, "", 0) for at, to in fakes.read_handed_over()], **course)


@dataclass(frozen=True)
class _Disturbed:
    """Posts a mailing and kills while it leaves."""

    options: Namespace
    workers: Crew
    chance: random.Random
    handed_over: Callable[[], int]

    def run(self, channel: str, port: int) -> dict:
        """The fields of Round but one. Raises BenchProblem."""
        recipients = self.options.recipients if channel == "email" else self.options.others
        school = make_school(f"school-{channel}", port, self.options.connections, self.options.packet_size)
        add_families(school, recipients)
        mailing = make_mailing(school, channel=channel)
        killer = Killer(
            self.workers, self.handed_over, moments(recipients, self.options.kills, self.chance), self.chance
        )
        posted = post(mailing)
        killer.run(mailing)
        seconds = follow(mailing, posted, self.workers, everybody=False).total_seconds
        with in_organization(mailing.organization):
            rows = list(Delivery.objects.filter(mailing=mailing, reason="").only("normalized", "state", "updated_at"))
        return {"killer": killer, "seconds": seconds, "states": states_of(mailing), "rows": rows}


# -- what came of it


def _add_email(report: Report, course: Round) -> None:
    """Lost is who never got it; a repeat bears the Message-ID of the first."""
    killer, accepted = course.killer, course.handed_over
    under_same_id = len(accepted) - len({each.message_id for each in accepted})
    by_kill = _repeats_by_kill(accepted, killer.killed_at)
    report.add(
        seconds_from_posting_to_done=course.seconds,
        states=course.states,
        whole_workers_killed=killer.whole_workers,
        broker_emptied=killer.emptied,
    )
    report.at_least("kills", len(killer.killed_at), len(killer.moments))
    report.add(
        accepted=len(accepted),
        repeats_under_another_message_id=course.repeats - under_same_id,
        repeats_by_kill=by_kill,
        most_repeats_of_one_kill=max(by_kill, default=0),
        marked_as_sent_but_never_accepted=len(course.recipients("sent") - set(course.by_recipient)),
    )
    report.at_most("lost", sum(row.normalized not in course.by_recipient for row in course.rows), 0)
    report.at_most("repeats", course.repeats, _REPEATS_A_KILL * len(killer.killed_at))


def _add_other(report: Report, channel: str, course: Round) -> None:
    """Nothing leaves twice: what a killed worker was handing over is uncertain. Lost is what only seems to be sent."""
    killer, states = course.killer, course.states
    uncertain = course.recipients("uncertain")
    by_kill = _uncertain_by_kill(course.rows, killer.killed_at)
    figures: dict[str, Figure] = {
        "seconds_from_posting_to_done": course.seconds,
        "states": states,
        "whole_workers_killed": killer.whole_workers,
        "broker_emptied": killer.emptied,
        "uncertain_by_kill": by_kill,
        "most_uncertain_of_one_kill": max(by_kill, default=0),
        "uncertain_that_were_handed_over": len(uncertain & set(course.by_recipient)),
    }
    report.add(**{f"{channel}_{name}": figure for name, figure in figures.items()})
    report.at_least(f"{channel}_kills", len(killer.killed_at), len(killer.moments))
    neither = len(course.rows) - states.get("sent", 0) - states.get("uncertain", 0)
    report.at_most(f"{channel}_neither_sent_nor_uncertain", neither, 0)
    report.at_most(f"{channel}_lost", len(course.recipients("sent") - set(course.by_recipient)), 0)
    report.at_most(f"{channel}_repeats", course.repeats, 0)


def _repeats_by_kill(accepted: list[Accepted], killed_at: list[float]) -> list[int]:
    """A message that came again was first accepted just before the kill that made somebody forget it."""
    first: dict[str, float] = {}
    repeats = [0] * len(killed_at)
    for each in accepted:
        if each.recipient in first:
            repeats[min(bisect_left(killed_at, first[each.recipient]), len(killed_at) - 1)] += 1
        first.setdefault(each.recipient, each.at)
    return repeats


def _uncertain_by_kill(rows: list[Delivery], killed_at: list[float]) -> list[int]:
    """A row became uncertain when the next worker took back the packet: soon after the kill."""
    uncertain = [0] * len(killed_at)
    for row in rows:
        if row.state == "uncertain" and row.updated_at:
            uncertain[max(0, bisect_left(killed_at, row.updated_at.timestamp()) - 1)] += 1
    return uncertain
