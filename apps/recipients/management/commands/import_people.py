"""`manage.py import_people`: a school's file or folder, loaded in place as its source says; made for the night."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.organizations.models import Organization
from apps.organizations.scoping import in_organization

from ...importing.opening import FileRefused
from ...importing.sources import compare_in_place, load_in_place, source_for
from ...models import ImportRun, ImportSource

_SHOWN_MISTAKES = 50
_COUNTS = {
    "rows": "rows",
    "created": "new people",
    "changed": "people changed",
    "returned": "people who came back",
    "withdrawn": "people withdrawn",
    "unchanged": "people as they were",
    "conflicts": "addresses to decide about",
    "addresses": "addresses added",
    "addresses_removed": "addresses removed",
    "guardianships": "guardianships added",
    "guardianships_removed": "guardianships removed",
    "groups": "groups added",
    "enrolments": "enrolments added",
    "enrolments_removed": "enrolments removed",
    "consents": "consents changed",
    "mistakes": "mistakes",
}


class Command(BaseCommand):
    help = "Loads people from a file or folder of this machine, as a saved source says. Exits with 1 when refused."

    def add_arguments(self, parser) -> None:
        parser.add_argument("organization", help="the organisation, such as almendral")
        parser.add_argument("path", type=Path, help="a CSV or Excel file, a ZIP, or a folder of CSV files")
        parser.add_argument("--source", required=True, help="the name of the source, as it was saved in the browser")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument(
            "--allow-withdrawing", type=_percent, metavar="PERCENT", help="instead of the source's own safety stop"
        )

    def handle(self, *args, organization: str, path: Path, source: str, **options) -> None:
        found = Organization.objects.filter(slug=organization).first()
        if found is None:
            raise CommandError(f"There is no organisation called {organization}.")
        if not path.exists():
            raise CommandError(f"There is no file or folder {path}.")
        with in_organization(found):
            try:
                from_source = source_for(source, path)
                if options["dry_run"]:
                    self._say_plan(from_source, path)
                else:
                    self._load(from_source, path, options["allow_withdrawing"])
            except FileRefused as refusal:
                raise CommandError(str(refusal)) from None

    def _say_plan(self, source: ImportSource, path: Path) -> None:
        outcome = compare_in_place(source, path)
        self._print_mistakes([(each.file, each.row, each.column, each.message) for each in outcome.mistakes])
        self._print_counts(outcome.counts)
        self.stdout.write("Nothing was loaded.")

    def _load(self, source: ImportSource, path: Path, allow_withdrawing: int | None) -> None:
        run = load_in_place(source, path, allow_withdrawing)
        self._print_mistakes(run.errors.values_list("file_name", "row", "column", "message"))
        self._print_counts(run.counts)
        if run.state != ImportRun.State.DONE:
            raise CommandError(run.problem)

    def _print_mistakes(self, mistakes: Any) -> None:
        for file, row, column, message in mistakes[:_SHOWN_MISTAKES]:
            place = " ".join(part for part in (file, f"row {row}" if row else "", column) if part)
            self.stdout.write(f"{place}: {message}" if place else message)

    def _print_counts(self, counts: dict[str, int]) -> None:
        for name, words in _COUNTS.items():
            if counts.get(name) or name in ("rows", "mistakes"):
                self.stdout.write(f"{counts.get(name, 0):>9} {words}")
        if counts.get("held_back"):
            self.stdout.write("Rows could not be read: nobody was withdrawn for being missing.")


def _percent(text: str) -> int:
    number = int(text.rstrip("%"))
    if not 0 <= number <= 100:
        raise ValueError(text)
    return number
