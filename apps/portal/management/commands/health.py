"""`manage.py health [part ...]`: the answer of /healthz on the command line, for the health checks of containers."""

import json
import sys

from django.core.management.base import BaseCommand

from apps.core.diagnosis import CHECKS, is_healthy, report


class Command(BaseCommand):
    help = "Prints whether each part works; exit status 1 when one does not."
    # The checks of Django would ask for more than a health check has to.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(CHECKS)} (default: all)")

    def handle(self, *args, parts: list[str], **options) -> None:
        unknown = sorted(set(parts) - set(CHECKS))
        if unknown:
            sys.exit(f"No such part: {', '.join(unknown)}. There are {', '.join(CHECKS)}.")
        found = report(parts)
        self.stdout.write(json.dumps(found))
        if not is_healthy(found):
            sys.exit(1)
