"""`manage.py load_demo`: the two demo schools, made once."""

from django.core.management.base import BaseCommand, CommandError

from apps.portal.demo.school import load_demo

DEFAULT_PEOPLE = 1400


class Command(BaseCommand):
    help = "Makes the demo schools where they are missing, and points their sender accounts to the mail catcher."

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--people",
            type=int,
            default=DEFAULT_PEOPLE,
            help="about how many people the larger school gets: students, guardians, staff (default %(default)s)",
        )
        parser.add_argument("--smtp-port", type=int, default=8025, help="where the mail catcher listens")

    def handle(self, *args, people: int, smtp_port: int, **options) -> None:
        if not 1 <= people <= 1_000_000:
            raise CommandError("--people takes a number from 1 to 1,000,000.")
        made = load_demo(people, smtp_port)
        for organization in made:
            self.stdout.write(f"Made {organization.name}.")
        if not made:
            self.stdout.write("The demo schools are there already, and were left as they are.")
