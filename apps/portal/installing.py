"""What an operator does on the command line before anybody can log in: organisations and their members."""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import User
from apps.organizations.models import Membership, Organization, Role
from apps.organizations.scoping import in_organization


@transaction.atomic
def add_organization(**fields) -> Organization:
    """Make an organisation with the shipped roles. Raises ValidationError where a field will not do."""
    organization = Organization(**fields)
    organization.full_clean()
    organization.save()
    with in_organization(organization):
        Role.ship()
    return organization


@transaction.atomic
def add_member(organization: Organization, user: User, role: str) -> Membership:
    """Give `user` the shipped role `role` in the organisation, in the place of the one he may have had.

    Raises ValidationError when the organisation has no such role.
    """
    with in_organization(organization):
        found = Role.objects.filter(name=role).first()
        if found is None:
            names = ", ".join(Role.objects.values_list("name", flat=True))
            raise ValidationError(f"{organization} has no role called “{role}”. There are: {names}.")
        return Membership.objects.update_or_create(user=user, defaults={"role": found})[0]
