"""Fixtures that every test may use: two schools that must never meet, and people who log in to them."""

import pytest

from apps.accounts.models import User
from apps.organizations.models import Membership, Organization, Role
from apps.organizations.permissions import RoleName
from apps.organizations.scoping import in_organization
from apps.senders.models import Sender, SenderAccount

pytest_plugins = ["tests.databases", "tests.choosing", "tests.servers.fixtures"]


@pytest.fixture(autouse=True)
def _private_files(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}
    }


def make_organization(slug: str, **fields) -> Organization:
    """An organisation with its roles, an account on a closed port, a default sender, and no pause between packets."""
    fields = {"name": slug.title(), "packet_interval": 0} | fields
    organization = Organization.objects.create(slug=slug, **fields)
    with in_organization(organization):
        Role.ship()
        account = SenderAccount.objects.create(name="Mail", host="127.0.0.1", port=9, security="none")
        Sender.objects.create(name="Office", address=f"office@{slug}.example", account=account, is_default=True)
    return organization


def make_member(organization: Organization, role: str, email: str | None = None) -> Membership:
    """A user with a password nobody needs, and a membership with the shipped role `role`."""
    user = User.objects.create_user(email or f"{role}@{organization.slug}.example", "correct horse", name=role.title())
    with in_organization(organization):
        return Membership.objects.create(user=user, role=Role.objects.get(name=role))


@pytest.fixture
def school(db) -> Organization:
    return make_organization("almendral", time_zone="Europe/Madrid", language="en")


@pytest.fixture
def other_school(db) -> Organization:
    return make_organization("bologna", country="IT", time_zone="Europe/Rome")


@pytest.fixture
def scoped(school):
    """Run the whole test inside the scope of `school`."""
    with in_organization(school):
        yield school


@pytest.fixture
def office(school) -> Membership:
    return make_member(school, RoleName.OFFICE)


@pytest.fixture
def administrator(school) -> Membership:
    return make_member(school, RoleName.ADMINISTRATOR)


@pytest.fixture
def teacher(school) -> Membership:
    return make_member(school, RoleName.TEACHER)


@pytest.fixture
def office_client(client, office):
    client.force_login(office.user)
    return client


@pytest.fixture
def administrator_client(client, administrator):
    client.force_login(administrator.user)
    return client
