"""Settings, Schedules and limits: packets, their interval, and the hold before the start."""

import pytest

from apps.organizations.models import Organization
from apps.portal.organization.limits_views import pace_in_words
from tests.conftest import make_member
from tests.reading import bare

pytestmark = pytest.mark.django_db

LIMITS = {"packet_size": 250, "packet_interval": 30, "hold_minutes": 12}


def save(client, school, **changes):
    return client.post(school.url("organization:limits"), LIMITS | changes, follow=True)


def stored(school) -> dict:
    return Organization.objects.values(*LIMITS).get(pk=school.pk)


@pytest.mark.feature("S1.5")
def test_an_administrator_sets_the_size_of_the_packets_and_their_interval(administrator_client, school):
    page = save(administrator_client, school)
    assert stored(school) == LIMITS
    assert "The schedules and limits are saved." in page.text


def test_a_new_organisation_sends_a_hundred_a_minute(db):
    new = Organization.objects.create(slug="new", name="New")
    assert (new.packet_size, new.packet_interval, new.hold_minutes) == (100, 60, 0)


def test_the_hold_is_set_here_and_stays_when_the_organisation_page_is_saved(administrator_client, school):
    save(administrator_client, school, hold_minutes=12)
    settings = {"name": "Almendral", "language": "es", "time_zone": "Europe/Rome", "country": "ES"}
    administrator_client.post(school.url("organization:settings"), settings | {"hold_minutes": 3})
    school.refresh_from_db()
    assert (school.language, school.hold_minutes) == ("es", 12)


@pytest.mark.parametrize(
    ("size", "interval", "sentence"),
    [
        (100, 60, "100 messages every 60 seconds: 1,000 families are reached in about 10 minutes."),
        (1, 1, "1 message every second: 1,000 families are reached in about 17 minutes."),
        (500, 5, "500 messages every 5 seconds: 1,000 families are reached in about 1 minute."),
        (999, 60, "999 messages every 60 seconds: 1,000 families are reached in about 2 minutes."),
        (1000, 60, "1,000 messages every 60 seconds: 1,000 families are reached in one packet."),
        (100, 3600, "100 messages every 3,600 seconds: 1,000 families are reached in about 9 hours."),
        (10, 86_400, "10 messages every 86,400 seconds: 1,000 families are reached in about 99 days."),
        (
            100,
            0,
            "Packets of 100, one right after the other: 1,000 families are reached "
            "as fast as the mail server takes the messages.",
        ),
    ],
)
def test_the_page_says_in_figures_what_the_limits_mean(size, interval, sentence):
    assert pace_in_words(Organization(packet_size=size, packet_interval=interval)) == sentence


def test_the_sentence_follows_what_is_saved_not_what_is_typed(administrator_client, school):
    assert "about 10 minutes" in save(administrator_client, school, packet_size=100, packet_interval=60).text
    page = save(administrator_client, school, packet_size=200, hold_minutes="soon")
    assert "about 10 minutes" in page.text
    page = save(administrator_client, school, packet_size=200, packet_interval=60)
    assert "about 5 minutes" in page.text


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"packet_size": 0}, "from 1 to 5,000"),
        ({"packet_size": 5001}, "from 1 to 5,000"),
        ({"packet_size": ""}, "from 1 to 5,000"),
        ({"packet_size": "1e3"}, "from 1 to 5,000"),
        ({"packet_interval": -1}, "from 0 to 86,400"),
        ({"packet_interval": 86_401}, "from 0 to 86,400"),
        ({"packet_interval": "9" * 400}, "from 0 to 86,400"),
        ({"hold_minutes": -1}, "from 0 to 1,440"),
        ({"hold_minutes": 1441}, "from 0 to 1,440"),
        ({"hold_minutes": "a\x00b"}, "from 0 to 1,440"),
    ],
)
def test_a_wrong_limit_is_answered_at_its_field_and_changes_nothing(administrator_client, school, wrong, sentence):
    before = stored(school)
    page = save(administrator_client, school, **wrong)
    (name,) = wrong
    error = page.text.split(f'id="id_{name}_error"')[1].split("</div>")[0]
    assert error.count(f"Type a whole number {sentence}.") == 1
    assert stored(school) == before


def test_looking_changes_nothing(administrator_client, school):
    before = stored(school)
    assert administrator_client.get(school.url("organization:limits"), LIMITS).status_code == 200
    assert administrator_client.put(school.url("organization:limits"), LIMITS).status_code == 405
    assert stored(school) == before


@pytest.mark.feature("S0.1")
@pytest.mark.parametrize("role", ["office", "teacher", "reader"])
def test_who_may_not_change_the_organisation_is_refused(client, school, role):
    before = stored(school)
    client.force_login(make_member(school, role).user)
    assert client.get(school.url("organization:limits")).status_code == 403
    assert save(client, school).status_code == 403
    assert stored(school) == before


def test_the_page_stands_beside_the_other_settings(administrator_client, school):
    page = bare(administrator_client.get(school.url("organization:settings")).text)
    assert f'<a href="{school.url("organization:limits")}"' in page
    own = bare(administrator_client.get(school.url("organization:limits")).text)
    assert f'<a href="{school.url("organization:limits")}" aria-current="page">Schedules and limits</a>' in own
