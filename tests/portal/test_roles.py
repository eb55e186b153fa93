"""Settings, Members and roles: what the roles allow, and roles of a school's own."""

import pytest

from apps.organizations.models import Role
from apps.organizations.permissions import Permission
from apps.organizations.scoping import in_organization
from tests.conftest import make_member

pytestmark = pytest.mark.django_db

SUPPORT = {"name": "Support staff", "permissions": ["send_to_staff", "view_reports"]}


def save(client, school, pk=None, **changes):
    url = school.url("members:role", pk) if pk else school.url("members:role_add")
    return client.post(url, SUPPORT | changes, follow=True)


def stored(school) -> dict[str, list[str]]:
    with in_organization(school):
        return dict(Role.objects.values_list("name", "permissions"))


def role(school, name: str = "Support staff") -> Role:
    with in_organization(school):
        return Role.objects.get(name=name)


@pytest.mark.feature("S0.2")
def test_a_role_of_the_schools_own_is_made_changed_and_deleted(administrator_client, school):
    page = save(administrator_client, school)
    assert "The role Support staff is saved." in page.text
    assert "teaching and support staff" in page.text
    assert stored(school)["Support staff"] == ["send_to_staff", "view_reports"]
    pk = role(school).pk
    save(administrator_client, school, pk, name="Canteen", permissions=["send_to_staff"])
    assert stored(school)["Canteen"] == ["send_to_staff"]
    administrator_client.post(school.url("members:role_delete", pk))
    assert "Canteen" not in stored(school)


def test_what_a_role_loses_its_members_lose_at_once(administrator_client, client, school):
    save(administrator_client, school)
    member = make_member(school, "Support staff")
    client.force_login(member.user)
    assert client.get(school.url("deliveries:history")).status_code == 200
    with in_organization(school):
        client.force_login(make_member(school, "administrator", "b@almendral.example").user)
    save(client, school, role(school).pk, permissions=["view_people"])
    client.force_login(member.user)
    assert client.get(school.url("deliveries:history")).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 41}, "at most 40 characters"),
        ({"name": "a\x00b"}, "ull characters are not allowed"),
        ({"name": "administrator"}, "There is a role of this name already."),
        ({"name": "OFFICE"}, "There is a role of this name already."),
        ({"name": "Admin\u200bistrator"}, "There is a role of this name already."),
        ({"name": "\u200b"}, "This field"),
        ({"name": "kitchen"}, "There is a role of this name already."),
        ({"permissions": []}, "Tick at least one."),
        ({"permissions": ["send_to_staff", "everything"]}, "Select a valid choice."),
        ({"permissions": ["send_to_staff\x00"]}, "Select a valid choice."),
        (
            {"permissions": ["manage_lists", "view_people"]},
            "“Make and change target lists” goes with “See people and their contact details” and “See what was sent,"
            " and the answers”: tick these too.",
        ),
    ],
)
def test_a_wrong_role_is_answered_at_its_field_and_nothing_is_lost(administrator_client, school, wrong, sentence):
    with in_organization(school):
        Role.objects.create(name="Kitchen", permissions=["send_to_staff"])
    before = stored(school)
    page = save(administrator_client, school, **wrong)
    assert sentence in page.text
    assert stored(school) == before
    if "permissions" in wrong:
        assert 'value="Support staff"' in page.text
    else:
        assert 'value="view_reports" checked' in page.text


@pytest.mark.parametrize("name", ["administrator", "office", "teacher", "reader"])
def test_the_roles_that_come_with_bedel_are_seen_and_stay(administrator_client, school, name):
    before, pk = stored(school), role(school, name).pk
    page = administrator_client.get(school.url("members:role", pk))
    assert "This role comes with Bedel and stays as it is." in page.text
    assert save(administrator_client, school, pk).status_code == 403
    assert administrator_client.get(school.url("members:role_delete", pk)).status_code == 403
    assert administrator_client.post(school.url("members:role_delete", pk)).status_code == 403
    assert stored(school) == before


def test_the_administrators_hold_every_permission(school):
    assert set(stored(school)["administrator"]) == set(Permission.values)


def test_a_role_that_somebody_has_is_not_deleted(administrator_client, school):
    save(administrator_client, school)
    make_member(school, "Support staff")
    page = administrator_client.post(school.url("members:role_delete", role(school).pk), follow=True)
    assert "1 member has this role." in page.text
    assert "Support staff" in stored(school)


def test_a_new_role_starts_like_another(administrator_client, school):
    page = administrator_client.get(school.url("members:role_add"), {"like": role(school, "reader").pk}).text
    assert 'value="view_people" checked' in page
    assert 'value="send_to_all" checked' not in page
    for nonsense in ("x", "9" * 30):
        page = administrator_client.get(school.url("members:role_add"), {"like": nonsense}).text
        assert " checked" not in page


def test_who_takes_the_right_from_his_own_role_is_asked_first(client, school, administrator):
    with in_organization(school):
        Role.objects.create(name="Head", permissions=["manage_members"])
    client.force_login(make_member(school, "Head").user)
    pk = role(school, "Head").pk
    page = save(client, school, pk, name="Head")
    assert "Take this right from your own role?" in page.text
    assert stored(school)["Head"] == ["manage_members"]
    assert save(client, school, pk, name="Head", confirmed="yes").status_code == 200
    assert stored(school)["Head"] == SUPPORT["permissions"]
    assert client.get(school.url("members:roles")).status_code == 403


@pytest.mark.feature("S0.1")
@pytest.mark.parametrize("name", ["office", "teacher", "reader"])
def test_who_may_not_manage_members_makes_no_role(client, school, name):
    client.force_login(make_member(school, name).user)
    before = stored(school)
    assert client.get(school.url("members:roles")).status_code == 403
    assert save(client, school).status_code == 403
    assert stored(school) == before
