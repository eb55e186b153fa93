"""How long a small mailing waits while a large one of another organisation runs: the worst of three."""

import time
from argparse import Namespace

from apps.campaigns.models import Mailing
from bench.filling import School, add_families, make_mailing, make_school, post
from bench.report import Report
from bench.servers import BenchProblem, Installation, smtp_sink
from bench.watching import Course, follow, halt, is_open, number_sent
from bench.workers import Crew, crew

SMALL = 30
_TIMES = 3
_RUNNING = 0.02  # of the large mailing has left before the first small one is posted


def run(options: Namespace, place: Installation) -> Report:
    """The figures of `bin/bench fairness`. Raises BenchProblem."""
    with smtp_sink(place.folder) as sink, crew(place, processes=options.workers) as workers:
        large, small = (
            make_school(slug, sink.port, options.connections, options.packet_size) for slug in ("large", "small")
        )
        add_families(large, options.recipients)
        add_families(small, SMALL)
        running = make_mailing(large)
        post(running)
        _wait_until_it_runs(running, int(options.recipients * _RUNNING), workers)
        before, since = number_sent(running), time.monotonic()
        courses = [_post_beside(running, small, workers) for _ in range(_TIMES)]
        rate = (number_sent(running) - before) / (time.monotonic() - since)
        halt(running)
    report = Report()
    report.add(small_mailing=SMALL, messages_per_second_of_the_large_mailing=rate)
    firsts = [(course.first_sent - course.posted).total_seconds() for course in courses]
    lasts = [(course.last_sent - course.posted).total_seconds() for course in courses]
    report.add(all_seconds_to_first_message=firsts, all_seconds_to_all_messages=lasts)
    report.at_most("seconds_to_first_message", max(firsts), 5)
    report.at_most("seconds_to_all_messages", max(lasts), 10)
    return report


def _wait_until_it_runs(mailing: Mailing, number: int, workers: Crew) -> None:
    while number_sent(mailing) < number:
        workers.check()
        time.sleep(0.1)


def _post_beside(running: Mailing, school: School, workers: Crew) -> Course:
    mailing = make_mailing(school)
    course = follow(mailing, post(mailing), workers)
    if not is_open(running):
        raise BenchProblem("The large mailing was done (or stopped) too early: take more --recipients.")
    return course
