"""What `bin/bench` runs: reads the options, starts the servers, asks one question, prints what came out."""

import importlib
import os
import signal
import sys
from argparse import ArgumentParser, Namespace

import django
import pytest

from bench.catalogue import MODULES, SUMMARIES, add_options
from bench.report import Report
from bench.servers import BenchProblem, Installation, installation


class DeadlinePassed(BenchProblem):
    """The bench did not come to its end in time."""


def main() -> int:
    options = _options()
    if options.list:
        width = max(map(len, SUMMARIES))
        print("\n".join(f"{name:{width}}  {summary}" for name, summary in SUMMARIES.items()))
        return 0
    _end_in_order(options.deadline)
    machine = {"cores": os.cpu_count(), "load_before": os.getloadavg()[0]}
    try:
        report = _run(options)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    # A missing program: tests skip or fail where a bench has to say so.
    except (BenchProblem, pytest.skip.Exception, pytest.fail.Exception) as problem:
        print(problem, file=sys.stderr)
        return 1
    shown = {key: value for key, value in vars(options).items() if key not in ("list", "json", "name")}
    report.add(**machine)
    print(report.as_json(options.name, shown) if options.json else report.as_table())
    return 0


def _options() -> Namespace:
    parser = ArgumentParser(prog="bin/bench", description="Measures Bedel on this machine with the real parts.")
    parser.add_argument("--list", action="store_true", help="name the benches")
    benches = parser.add_subparsers(dest="name", metavar="NAME")
    for name, summary in SUMMARIES.items():
        add_options(name, benches.add_parser(name, help=summary, description=summary))
    options = parser.parse_args()
    if not (options.list or options.name):
        parser.error("name a bench; --list shows them")
    return options


def _end_in_order(seconds: int) -> None:
    """Let the deadline and a SIGTERM end the run as Ctrl-C does: the servers are stopped, the folders removed."""

    def passed(*_: object) -> None:
        raise DeadlinePassed(f"Not finished after {seconds} seconds (see --deadline).")

    def terminated(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, passed)
    signal.signal(signal.SIGTERM, terminated)
    signal.alarm(seconds)


def _run(options: Namespace) -> Report:
    with installation(getattr(options, "database", "postgresql")) as place:
        try:
            _become_part_of(place)
            return importlib.import_module(f"bench.{MODULES.get(options.name, options.name)}").run(options, place)
        finally:
            signal.alarm(0)


def _become_part_of(place: Installation) -> None:
    """Give this process the settings of the installation: models can be imported from here on."""
    os.environ.update(place.environment)
    django.setup()


if __name__ == "__main__":
    sys.exit(main())
