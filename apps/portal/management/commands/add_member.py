"""`manage.py add_member`: a user who may enter an organisation, with one of its roles."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.organizations.models import Organization
from apps.portal.installing import add_member
from apps.portal.management.passwords import find_or_make_user


class Command(BaseCommand):
    help = "Lets somebody into an organisation, or gives a member another role. A new user's password is asked for."

    def add_arguments(self, parser) -> None:
        parser.add_argument("slug", help="the organisation, such as almendral")
        parser.add_argument("email", help="the login")
        parser.add_argument("--role", required=True, help="administrator, office, teacher or reader")
        parser.add_argument("--name", default="", help="the name beside the login")

    @transaction.atomic
    def handle(self, *args, slug: str, email: str, role: str, name: str, **options) -> None:
        organization = Organization.objects.filter(slug=slug).first()
        if organization is None:
            raise CommandError(f"There is no organisation called {slug}.")
        user = find_or_make_user(email, name or email.partition("@")[0])
        try:
            membership = add_member(organization, user, role)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"{user.email} is now {membership.role.name} of {organization}.")
