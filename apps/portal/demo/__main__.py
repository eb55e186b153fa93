"""What `bin/demo` runs once the packages are there."""

import argparse
import sys
from pathlib import Path

from .supervisor import ROOT, Demo, DemoProblem


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bin/demo",
        description="Starts a whole Bedel with two demo schools on this machine alone. Ctrl-C stops it.",
    )
    parser.add_argument("--port", type=int, default=8000, help="where the portal answers (default %(default)s)")
    parser.add_argument(
        "--data", type=Path, default=ROOT / ".demo", help="where everything is kept (default .demo in the repository)"
    )
    parser.add_argument(
        "--people", type=int, default=1400, help="about how many people the school gets, at its first start"
    )
    options = parser.parse_args()
    if not 1 <= options.port <= 65535:
        parser.error("--port takes a number from 1 to 65535")
    if not 1 <= options.people <= 1_000_000:
        parser.error("--people takes a number from 1 to 1,000,000")
    try:
        return Demo(options.data.resolve(), options.port, options.people).run()
    except DemoProblem as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
