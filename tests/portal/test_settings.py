"""The settings of the organisation."""

import pytest

from tests.conftest import make_member

pytestmark = pytest.mark.django_db

SETTINGS = {"name": "Almendral", "language": "es", "time_zone": "Europe/Rome", "country": "it"}


def save(client, school, **changes):
    return client.post(school.url("organization:settings"), SETTINGS | changes, follow=True)


def test_an_administrator_changes_the_settings(administrator_client, school):
    save(administrator_client, school, automatic_unsubscribe_link="on")
    school.refresh_from_db()
    assert (school.language, school.time_zone, school.country) == ("es", "Europe/Rome", "IT")
    assert school.automatic_unsubscribe_link


@pytest.mark.feature("S1.16")
def test_the_automatic_unsubscribe_link_is_turned_off(administrator_client, school):
    save(administrator_client, school)
    school.refresh_from_db()
    assert not school.automatic_unsubscribe_link


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 10_000},
        {"name": "a\x00b"},
        {"language": "xx"},
        {"time_zone": "Mars/Olympus"},
        {"country": "ZZ"},
    ],
)
def test_a_wrong_setting_is_answered_by_a_sentence_and_changes_nothing(administrator_client, school, wrong):
    page = save(administrator_client, school, **wrong)
    assert "field__error" in page.text
    assert "<b>Almendral</b>" in page.text
    school.refresh_from_db()
    assert school.time_zone == "Europe/Madrid"


@pytest.mark.feature("S0.1")
@pytest.mark.parametrize("role", ["office", "teacher", "reader"])
def test_who_may_not_change_settings_is_refused(client, school, role):
    client.force_login(make_member(school, role).user)
    assert client.get(school.url("organization:settings")).status_code == 403
    assert save(client, school).status_code == 403
