"""`manage.py health [part ...]`: the answer of /healthz on the command line, for the health checks of containers."""

import json
import sys

from django.core.management.base import BaseCommand

from apps.portal.health import PARTS, check, is_healthy


class Command(BaseCommand):
    help = "Prints whether each part works; exit status 1 when one does not."
    # The checks of Django would ask for more than a health check has to.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)} (default: all)")

    def handle(self, *args, parts: list[str], **options) -> None:
        unknown = sorted(set(parts) - set(PARTS))
        if unknown:
            sys.exit(f"No such part: {', '.join(unknown)}. There are {', '.join(PARTS)}.")
        report = check(parts)
        self.stdout.write(json.dumps(report))
        if not is_healthy(report):
            sys.exit(1)
