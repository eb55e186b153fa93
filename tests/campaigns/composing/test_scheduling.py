"""From draft to pending and back; a broker that is away, a second press, a time that does not exist."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery import current_app
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.campaigns.composing.scheduling import NotReady, schedule, take_back
from apps.campaigns.models import Mailing
from apps.core.starting_work import start
from apps.core.states import TransitionRefused
from apps.organizations.scoping import in_organization
from apps.targetlists.models import OptOut
from tests import people

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Europe/Madrid"))


@pytest.fixture
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def draft(school, office) -> Mailing:
    with in_organization(school):
        return people.mailing("a@x.example", "b@x.example", by=office)


def stored(mailing) -> Mailing:
    with in_organization(mailing.organization):
        return Mailing.objects.get(pk=mailing.pk)


def press(client, mailing, getting=2, **fields):
    address = mailing.organization.url("campaigns:send", mailing.pk)
    return client.post(address, {"when": "now", "starts_at": "", "getting": getting, **fields})


def log_of(mailing) -> str:
    return mailing.organization.url("deliveries:log", mailing.pk)


def test_it_waits_for_the_hold_of_the_organisation(draft, office_client, noon):
    draft.organization.hold_minutes = 5
    draft.organization.save()
    response = press(office_client, draft)
    assert response.url == log_of(draft)
    assert (stored(draft).state, stored(draft).starts_at) == ("pending", NOON + timedelta(minutes=5))


def test_a_time_of_the_organisation_s_zone_is_kept(draft, office_client, noon):
    press(office_client, draft, when="later", starts_at="2026-11-20T18:30")
    assert stored(draft).starts_at == datetime(2026, 11, 20, 18, 30, tzinfo=ZoneInfo("Europe/Madrid"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Say the day and the time"),
        ("2026-11-20T11:59", "This time is over"),
        ("2028-01-01T08:00", "more than a year ahead"),
        ("2027-03-28T02:30", "in time zone Europe/Madrid"),
        ("tomorrow", "Choose a day and a time"),
    ],
)
def test_a_time_that_cannot_be_is_answered_in_its_place(draft, office_client, noon, typed, sentence):
    response = press(office_client, draft, when="later", starts_at=typed)
    assert sentence in response.content.decode()
    assert stored(draft).state == "draft"


@pytest.mark.feature("S0.23")
@pytest.mark.feature("S2.18")
def test_pressing_twice_sends_once_and_leads_to_the_message(draft, office_client, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as started:
        first = press(office_client, draft)
        starts_at = stored(draft).starts_at
        second = press(office_client, draft)
    assert first.url == second.url == log_of(draft)
    assert len(started) == 1
    assert stored(draft).starts_at == starts_at


def test_a_number_that_changed_is_said_before_it_is_sent(draft, office_client):
    with in_organization(draft.organization):
        OptOut.objects.create(normalized="b@x.example", scope="all")
    page = press(office_client, draft, getting=2)
    assert "The number of recipients has changed" in page.content.decode()
    assert "Send to 1 recipient" in page.content.decode()
    assert stored(draft).state == "draft"
    press(office_client, draft, getting=1)
    assert stored(draft).state == "pending"


def test_obstacles_are_looked_for_again_at_the_last_moment(scoped, office):
    mailing = people.mailing("a@x.example", by=office, subject="")
    with pytest.raises(NotReady) as refused:
        schedule(mailing)
    assert [obstacle.url_name for obstacle in refused.value.obstacles] == ["campaigns:content"]
    assert Mailing.objects.get(pk=mailing.pk).state == "draft"


def test_what_changed_since_the_page_was_loaded_is_what_counts(scoped, office):
    mailing = people.mailing("a@x.example", by=office)
    Mailing.objects.filter(pk=mailing.pk).update(subject="")
    with pytest.raises(NotReady):
        schedule(mailing)
    assert Mailing.objects.get(pk=mailing.pk).state == "draft"


def test_a_member_who_may_no_longer_write_to_everybody_reaches_nobody(scoped, office):
    mailing = people.mailing("a@x.example", by=office)
    office.role.permissions = ["send_to_staff"]
    office.role.save()
    with pytest.raises(NotReady):
        schedule(mailing)


def test_taken_back_it_is_a_draft_without_a_time(scoped, office):
    mailing = people.mailing("a@x.example", by=office)
    schedule(mailing, timezone.now() + timedelta(days=1))
    take_back(mailing)
    assert (stored(mailing).state, stored(mailing).starts_at) == ("draft", None)


def test_what_has_started_cannot_be_taken_back(scoped, office):
    mailing = people.mailing("a@x.example", by=office)
    schedule(mailing)
    Mailing.objects.filter(pk=mailing.pk).update(state="sending")
    with pytest.raises(TransitionRefused):
        take_back(mailing)


def test_a_broker_that_is_away_keeps_nobody_from_scheduling(scoped, office, monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError("connection refused")

    current_app.loader.import_default_modules()
    monkeypatch.setattr(current_app.tasks["deliveries.tick"], "apply_async", away)
    start("deliveries.tick")
