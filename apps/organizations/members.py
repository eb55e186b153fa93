"""Who belongs to an organisation, and with which role. An administrator who can get in is always left."""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import User

from .models import Membership, Organization, Role
from .permissions import RoleName
from .scoping import current_organization


class LastAdministrator(Exception):
    """This would leave the organisation without an administrator who can log in."""


@transaction.atomic
def let_in(email: str, name: str, role: Role) -> tuple[Membership, bool]:
    """The membership of whoever logs in by `email`, and whether it is new; one that was there keeps its role.

    Who is known to the installation keeps name and password; a new user has none yet, see portal.members.letting_in.
    """
    unknown = {"name": name, "password": make_password(None)}
    user, _new = User.objects.get_or_create(email=email.strip().lower(), defaults=unknown)
    return Membership.objects.get_or_create(user=user, defaults={"role": role})


@transaction.atomic
def give_role(membership: Membership, role: Role) -> None:
    """Raises LastAdministrator if nobody would be left who is one."""
    if role.name != RoleName.ADMINISTRATOR:
        _another_administrator(membership)
    # A set: whose membership has just ended by another hand is no error.
    Membership.objects.filter(pk=membership.pk).update(role=role)


@transaction.atomic
def end_membership(membership: Membership) -> None:
    """The user stays, and whatever he has written. Raises LastAdministrator if nobody would be left who is one."""
    _another_administrator(membership)
    membership.delete()


def administrators() -> QuerySet[Membership]:
    """The administrators who can log in: whoever has not set a password yet can help nobody."""
    found = Membership.objects.filter(role__name=RoleName.ADMINISTRATOR, user__is_active=True)
    return found.exclude(user__password__startswith=UNUSABLE_PASSWORD_PREFIX)


def _another_administrator(membership: Membership) -> None:
    # Two who demote each other at the same time wait for each other here; who adds rows to the organisation does not.
    Organization.objects.select_for_update(no_key=True).get(pk=current_organization().pk)
    found = administrators()
    if found.filter(pk=membership.pk).exists() and not found.exclude(pk=membership.pk).exists():
        raise LastAdministrator
