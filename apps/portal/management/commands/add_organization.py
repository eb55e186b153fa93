"""`manage.py add_organization`: a new school, and the administrator who sets up the rest in the browser."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.organizations.permissions import RoleName
from apps.portal.installing import add_member, add_organization
from apps.portal.management.passwords import find_or_make_user


class Command(BaseCommand):
    help = "Makes an organisation and its first administrator. A new administrator's password is asked for."

    def add_arguments(self, parser) -> None:
        parser.add_argument("slug", help="its name in addresses, such as almendral: letters, figures, hyphens")
        parser.add_argument("--name", required=True, help="its name as people see it")
        parser.add_argument("--administrator", required=True, metavar="EMAIL", help="login of the first administrator")
        parser.add_argument("--language", default="en", help="en, es, ca, it, pl or sv (default %(default)s)")
        parser.add_argument("--time-zone", default="UTC", help="such as Europe/Madrid (default %(default)s)")
        parser.add_argument("--country", default="ES", help="two letters, for telephone numbers (default %(default)s)")

    @transaction.atomic
    def handle(self, *args, administrator: str, **options) -> None:
        fields = {name: options[name] for name in ("slug", "name", "language", "time_zone", "country")}
        try:
            organization = add_organization(**fields)
        except ValidationError as error:
            problems = [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
            raise CommandError("\n".join(problems)) from None
        user = find_or_make_user(administrator, name=administrator.partition("@")[0])
        add_member(organization, user, RoleName.ADMINISTRATOR)
        self.stdout.write(f"Made {organization}. {user.email} may log in as its administrator.")
