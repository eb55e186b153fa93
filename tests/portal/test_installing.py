"""The commands by which an operator lets the first people in."""

import io

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.organizations.models import Membership, Organization
from apps.organizations.scoping import in_organization

pytestmark = pytest.mark.django_db
PASSWORD = "chalk and slate"
NORTH = {"name": "North School", "administrator": "Head@north.example", "time_zone": "Europe/Madrid"}


@pytest.fixture
def typed(monkeypatch):
    """What is piped into the command."""

    def type_in(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))

    type_in(PASSWORD)
    return type_in


def roles(slug: str) -> dict[str, str]:
    with in_organization(Organization.objects.get(slug=slug)):
        return {member.user.email: member.role.name for member in Membership.objects.all()}


def test_a_school_and_its_administrator(typed, capsys):
    call_command("add_organization", "north", **NORTH)
    assert roles("north") == {"head@north.example": "administrator"}
    assert authenticate(None, email="head@north.example", password=PASSWORD) is not None
    assert "head@north.example may log in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"time_zone": "Europe/Nowhere"}, "time_zone"),
        ({"language": "xx"}, "language"),
        ({"administrator": "no address"}, "valid email"),
    ],
)
def test_what_will_not_do_is_said_and_nothing_is_made(typed, changed, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("add_organization", "north", **(NORTH | changed))
    assert not Organization.objects.exists()
    assert not User.objects.exists()


def test_a_password_that_is_too_short_is_refused_and_nothing_is_made(typed):
    typed("short")
    with pytest.raises(CommandError, match="too short"):
        call_command("add_organization", "north", **NORTH)
    assert not Organization.objects.exists()


def test_a_taken_name_is_refused(typed):
    call_command("add_organization", "north", **NORTH)
    with pytest.raises(CommandError, match="slug"):
        call_command("add_organization", "north", **NORTH)


def test_a_member_gets_a_role_and_later_another(typed):
    call_command("add_organization", "north", **NORTH)
    typed(PASSWORD)
    call_command("add_member", "north", "joan@north.example", role="teacher")
    call_command("add_member", "north", "joan@north.example", role="office")
    assert roles("north")["joan@north.example"] == "office"


@pytest.mark.parametrize(("slug", "role", "sentence"), [("south", "office", "south"), ("north", "king", "king")])
def test_no_member_of_what_is_not_there(typed, slug, role, sentence):
    call_command("add_organization", "north", **NORTH)
    typed(PASSWORD)
    with pytest.raises(CommandError, match=sentence):
        call_command("add_member", slug, "joan@north.example", role=role)
    assert not User.objects.filter(email="joan@north.example").exists()


def test_the_user_of_one_school_may_belong_to_another_without_a_new_password(typed):
    call_command("add_organization", "north", **NORTH)
    typed("")
    call_command("add_organization", "south", **(NORTH | {"name": "South School"}))
    assert roles("south") == roles("north")
