"""How fast one mailing leaves by real workers and scheduler, until its rows say "sent"."""

import json
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from django.db import connection

from bench.filling import add_families, make_mailing, make_school, post
from bench.letter import sizes
from bench.processes import cpu_seconds, machine_cpu_seconds, parent_of
from bench.report import Report
from bench.servers import Installation, noting_server, smtp_sink
from bench.smtp_source import messages_per_second
from bench.watching import Course, follow
from bench.workers import Crew, crew

_WARMING = 200


@dataclass(frozen=True)
class Bench:
    """What every part of this bench needs."""

    options: Namespace
    place: Installation
    crew: Crew
    report: Report


def run(options: Namespace, place: Installation) -> Report:
    """The figures of `bin/bench send`. Raises BenchProblem."""
    report = Report()
    with crew(place, processes=options.workers) as workers:
        bench = Bench(options, place, workers, report)
        message = _warm_up(bench)
        report.add(**message)
        if options.latency_ms:
            _over_a_long_wire(bench)
        else:
            _at_full_speed(bench, message)
    return report


def _warm_up(bench: Bench) -> dict[str, int]:
    """Let the workers send a small mailing, so that everything is loaded; return the sizes of its messages."""
    sample = bench.place.folder / "sample"
    options = ("--journal", str(bench.place.folder / "warm-up"), "--sample", str(sample))
    with noting_server(bench.place.folder, *options) as server:
        _send(bench, "warm-up", server.port, _WARMING)
    return sizes(sample)


def _send(bench: Bench, slug: str, port: int, number: int, started: Callable[[], None] = lambda: None) -> Course:
    """Send a mailing to the guardians of `number` students of a new school; `started` is called when it is posted."""
    options = bench.options
    school = make_school(slug, port, options.connections, options.packet_size)
    add_families(school, number)
    mailing = make_mailing(school, options.attachment_kb)
    started()
    return follow(mailing, post(mailing), bench.crew)


def _at_full_speed(bench: Bench, message: dict[str, int]) -> None:
    with ExitStack() as running:
        sink = running.enter_context(smtp_sink(bench.place.folder))
        source = _smtp_source(bench, sink.port, message["message_bytes"])
        stock = _stock_django(bench, sink.port, message)
        meters = _meters(bench, sink.pid)
        before: dict[str, float] = {}
        number = bench.options.recipients
        course = _send(bench, "almendral", sink.port, number, lambda: before.update(_read(meters)))
        used = {f"{name}_cpu_seconds": seconds - before[name] for name, seconds in _read(meters).items()}
    _add_course(bench.report, course)
    # What others used of the machine meanwhile (this program, the broker, the kernel, or somebody who disturbs).
    elsewhere = used.pop("machine_cpu_seconds") - sum(used.values())
    bench.report.add(**used, cpu_microseconds_per_message=sum(used.values()) / course.sent * 1e6)
    bench.report.add(elsewhere_cpu_seconds=elsewhere)
    rate = course.sent / course.sending_seconds
    bench.report.add(smtp_source_messages_per_second=source, **stock)
    bench.report.at_least("ratio_to_smtp_source", rate / source, 0.8 if bench.options.attachment_kb else 0.7)
    times = rate / float(stock["stock_django_messages_per_second"])
    if bench.options.attachment_kb:
        bench.report.add(times_stock_django=times)
    else:
        bench.report.at_least("times_stock_django", times, 10)


def _add_course(report: Report, course: Course, prefix: str = "") -> None:
    figures = {
        "sent": course.sent,
        "messages_per_second": course.sent / course.sending_seconds,
        "messages_per_second_from_first_to_last": course.sent
        / max(1e-6, (course.last_sent - course.first_sent).total_seconds()),
        "messages_per_second_from_posting_to_done": course.sent / course.total_seconds,
        "seconds_to_fan_out": (course.fanned_out - course.posted).total_seconds(),
        "seconds_to_send": course.sending_seconds,
    }
    report.add(**{prefix + name: figure for name, figure in figures.items()})


def _smtp_source(bench: Bench, port: int, size: int) -> float:
    messages = min(20_000, max(1000, bench.options.recipients))
    if size > 50_000:
        messages = min(messages, 5000)
    return messages_per_second(port, bench.place.folder, messages, size, bench.options.connections)


def _stock_django(bench: Bench, port: int, message: dict[str, int]) -> dict[str, float]:
    messages = min(2000, max(200, bench.options.recipients // 10))
    wanted = {
        "port": port,
        "messages": messages // 4 if bench.options.attachment_kb else messages,
        "html-size": message["html_bytes"],
        "text-size": message["text_bytes"],
        "attachment-kb": bench.options.attachment_kb,
    }
    arguments = [part for name, value in wanted.items() for part in (f"--{name}", str(value))]
    measured = json.loads(bench.place.run("-m", "bench.stock_django", *arguments))
    return {"stock_django_messages_per_second": wanted["messages"] / measured["seconds"]}


def _meters(bench: Bench, sink: int) -> dict[str, Callable[[], float]]:
    """Functions that tell the processor seconds used until now: by workers, mail server, database and machine."""
    meters = {"machine": machine_cpu_seconds, "worker": bench.crew.cpu_seconds, "sink": lambda: cpu_seconds(sink)}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            server = parent_of(cursor.fetchone()[0])
        meters["postgresql"] = lambda: cpu_seconds(server)
    return meters


def _read(meters: dict[str, Callable[[], float]]) -> dict[str, float]:
    return {name: meter() for name, meter in meters.items()}


def _over_a_long_wire(bench: Bench) -> None:
    """The same mailing twice: to a server that offers pipelining, and to one that does not."""
    rates = {}
    for name, further in (("pipelining", ()), ("plain", ("--hide-pipelining",))):
        journal = bench.place.folder / name
        options = ("--journal", str(journal), "--latency-ms", str(bench.options.latency_ms), *further)
        with noting_server(bench.place.folder, *options) as server:
            course = _send(bench, name, server.port, bench.options.recipients)
        _add_course(bench.report, course, f"{name}_")
        rates[name] = course.sent / course.sending_seconds
    one_round_trip = bench.options.connections * 1000 / bench.options.latency_ms
    bench.report.add(messages_per_second_of_one_round_trip_each=one_round_trip)
    bench.report.at_least("times_plain_dialogue", rates["pipelining"] / rates["plain"], 3)
