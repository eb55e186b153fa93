"""`manage.py import_people`: a school's file or folder, loaded in place as its source says; made for the night."""

from argparse import ArgumentTypeError
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from apps.organizations.models import Organization
from apps.organizations.scoping import in_organization
from apps.recipients.models import ImportRun, ImportSource
from apps.rosters.refusing import FileRefused

from ...sources import compare_in_place, load_in_place
from ...terminal_lines import lines_of_counts, lines_of_mistakes

_SHOWN_MISTAKES = 50


class Command(BaseCommand):
    help = (
        "Loads people from a file or folder of this machine, as a saved source says. Exits with 0 when all of it is"
        " loaded, with 1 when it was refused or stopped: nothing of it is on record then."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("organization", help="the organisation, such as almendral")
        parser.add_argument("path", type=Path, help="a CSV or Excel file, a ZIP, or a folder of CSV files")
        parser.add_argument("--source", required=True, help="the name of the source, as it was saved in the browser")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="say what would change, and change nothing; exits with 1 where loading would",
        )
        parser.add_argument(
            "--allow-withdrawing", type=_percent, metavar="PERCENT", help="instead of the source's own safety stop"
        )

    def handle(self, *args, organization: str, path: Path, source: str, **options) -> None:
        found = Organization.objects.filter(slug=organization).first()
        if found is None:
            raise CommandError(f"There is no organisation called {organization}.")
        do = self._say_plan if options["dry_run"] else self._load
        with in_organization(found):
            do(source, path, options["allow_withdrawing"])

    def _say_plan(self, source: str, path: Path, allow_withdrawing: int | None) -> None:
        try:
            outcome, stop = compare_in_place(source, path, allow_withdrawing)
        except FileRefused as refusal:
            raise CommandError(str(refusal)) from None
        mistakes = [(each.file, each.row, each.column, each.message) for each in outcome.mistakes[:_SHOWN_MISTAKES]]
        self._print(lines_of_mistakes(mistakes))
        self._say_remarks(outcome.examples)
        self.stdout.write(f"What loading {path} would do:")
        self._print(lines_of_counts(outcome.counts, outcome.examples))
        if not ImportSource.objects.filter(name=source).exists():
            self.stdout.write(f"There is no source called {source} yet. Loading makes it, and it withdraws nobody.")
        if stop:
            raise CommandError(stop)
        self.stdout.write("Nothing was loaded: this was a dry run.")

    def _load(self, source: str, path: Path, allow_withdrawing: int | None) -> None:
        run = load_in_place(source, path, allow_withdrawing)
        mistakes = run.errors.values_list("file_name", "row", "column", "message")
        self._print(lines_of_mistakes(mistakes[:_SHOWN_MISTAKES]))
        self._say_remarks(run.examples)
        if run.counts:
            self._print(lines_of_counts(run.counts, {}))
        if run.state != ImportRun.State.DONE:
            raise CommandError(run.problem)

    def _say_remarks(self, examples: dict) -> None:
        remarks = examples.get("remarks", [])[:_SHOWN_MISTAKES]
        self._print(lines_of_mistakes((each["file"], each["row"], each["column"], each["message"]) for each in remarks))

    def _print(self, lines) -> None:
        for line in lines:
            self.stdout.write(line)


def _percent(text: str) -> int:
    number = text.removesuffix("%")
    if not (number.isdecimal() and int(number) <= 100):
        raise ArgumentTypeError(f"{text} is not a percentage from 0 to 100.")
    return int(number)
