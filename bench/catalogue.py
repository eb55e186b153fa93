"""Which benches there are and what can be asked of each. Imports nothing of Django: --list has to be quick."""

from argparse import ArgumentParser

SUMMARIES = {
    "send": "messages a second through queue, worker and record, beside smtp-source and stock Django mail",
    "fanout": "seconds from an audience to its rows, beside one raw INSERT ... SELECT",
    "crash": "what is lost and what is sent twice when busy workers are killed and the broker is emptied",
    "fairness": "how soon a small mailing leaves while a large one of another organisation runs",
    "audience": "who gets a mailing to lists, with exclusions and consents, beside the same in plain SQL",
    "import": "seconds from a school's file to people on record, beside COPY and upsert of the same rows",
    "search": "milliseconds to find a name, an address or a number, beside a lookup by primary key",
    "memory": "peak memory of worker and scheduler, for a small and for a large mailing",
}
_RECIPIENTS = {"send": 20_000, "fanout": 1_000_000, "crash": 20_000, "fairness": 100_000, "memory": 100_000}
_PEOPLE = {"audience": 1_000_000, "import": 100_000, "search": 1_000_000}
# Where the module is called otherwise.
MODULES = {"import": "importing"}


def add_options(name: str, parser: ArgumentParser) -> None:
    """Declare the options of the bench `name`."""
    if name in _PEOPLE:
        parser.add_argument("--people", type=int, default=_PEOPLE[name], help="how many (default %(default)s)")
    else:
        parser.add_argument("--recipients", type=int, default=_RECIPIENTS[name], help="how many (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument(
        "--deadline", type=int, default=600, metavar="SECONDS", help="give up after this time (default %(default)s)"
    )
    if name == "fanout":
        _add_fanout_options(parser)
    elif name not in _PEOPLE:
        _add_worker_options(parser, packet_size=100 if name == "crash" else 500)
    if name == "send":
        _add_send_options(parser)
    if name == "crash":
        parser.add_argument("--kills", type=int, default=10, help="SIGKILLs for each mailing (default %(default)s)")
        parser.add_argument(
            "--others",
            type=int,
            default=2_000,
            metavar="N",
            help="recipients of a PEC and of an SMS that follow the email; 0 leaves them out (default %(default)s)",
        )
        parser.add_argument("--seed", type=int, help="repeats the random choices of an earlier run")


def _add_worker_options(parser: ArgumentParser, packet_size: int) -> None:
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--workers", type=int, default=2, help="processes that send (default %(default)s)")
    parser.add_argument("--connections", type=int, default=8, help="of the account (default %(default)s)")
    parser.add_argument("--packet-size", type=int, default=packet_size, help="messages (default %(default)s)")


def _add_send_options(parser: ArgumentParser) -> None:
    parser.add_argument("--attachment-kb", type=int, default=0, metavar="N", help="attach a file of N KB")
    parser.add_argument(
        "--latency-ms",
        type=int,
        default=0,
        metavar="N",
        help="the server answers after N ms; measured with pipelining offered, and again with it hidden",
    )


def _add_fanout_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--audience",
        choices=("people", "families"),
        default="people",
        help="people: staff by their own addresses; families: a guardian for each student, with whom it is about",
    )
