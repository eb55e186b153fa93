"""Whether memory stays flat: the peaks of worker and scheduler while a small and then a large mailing leaves."""

from argparse import Namespace

from bench.filling import add_families, make_mailing, make_school, post
from bench.processes import peak_memory_mb
from bench.report import Report
from bench.servers import Installation, MailServer, smtp_sink
from bench.watching import follow
from bench.workers import Crew, crew

_SMALL = 10_000
_MOST_GROWTH = 1.1


def run(options: Namespace, place: Installation) -> Report:
    """The figures of `bin/bench memory`. Raises BenchProblem."""
    small = min(_SMALL, max(1, options.recipients // 10))
    with smtp_sink(place.folder) as sink:
        peaks = [_peaks(options, place, sink, number) for number in (small, options.recipients)]
    report = Report()
    report.add(small_mailing=small)
    for role in peaks[0]:
        before, after = peaks[0][role], peaks[1][role]
        report.add(**{f"{role}_mb_small": before, f"{role}_mb_large": after})
        report.at_most(f"{role}_growth", after / before, _MOST_GROWTH)
    return report


def _peaks(options: Namespace, place: Installation, sink: MailServer, number: int) -> dict[str, float]:
    """The most that each kind of process ever held while `number` messages left; all of them are new."""
    school = make_school(f"school-{number}", sink.port, options.connections, options.packet_size)
    add_families(school, number)
    mailing = make_mailing(school)
    with crew(place, processes=options.workers) as workers:
        follow(mailing, post(mailing), workers)
        return _of(workers)


def _of(workers: Crew) -> dict[str, float]:
    assert workers.beat is not None
    return {
        "sending_process": max(map(peak_memory_mb, workers.sending())),
        "worker": max(peak_memory_mb(worker.pid) for worker in workers.workers),
        "scheduler": peak_memory_mb(workers.beat.pid),
    }
