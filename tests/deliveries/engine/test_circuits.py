"""An account that cannot send: its mailings pause with the reason, nobody is burnt, and all goes on when it works."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.deliveries import tasks
from apps.deliveries.engine import controlling
from apps.deliveries.engine.tick import tick
from apps.deliveries.models import ConnectionSlots
from apps.organizations.scoping import in_organization
from apps.senders.models import Sender, SenderAccount
from tests.conftest import make_member
from tests.deliveries.started import addresses, started, state_of, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def away(server):
    """The server's port, while the account leads to one where nobody answers."""
    port = server.port
    SenderAccount.objects.update(port=9)
    return port


def account() -> SenderAccount:
    return SenderAccount.objects.get()


def test_an_account_in_trouble_pauses_its_mailings_and_burns_nobody(away, office):
    mailings = [started(*addresses(3, domain), by=office) for domain in ("x.example", "y.example")]
    tasks.work()
    assert account().problem == "The server 127.0.0.1 takes no connection on port 9."
    assert account().retry_at > timezone.now()
    for mailing in mailings:
        paused = Mailing.objects.get(pk=mailing.pk)
        assert (paused.state, paused.problem, paused.waits_for_id) == ("stopped", account().problem, account().pk)
        assert set(states(mailing).values()) == {"waiting"}
        assert set(mailing.deliveries.values_list("attempts", flat=True)) == {0}


def test_other_accounts_go_on(server, office, other_school):
    started(*addresses(2), by=office)
    member = make_member(other_school, "office")
    with in_organization(other_school):
        other = started(*addresses(2, "y.example"), by=member)  # its account leads nowhere
    tasks.work()
    assert len(server.received) == 2
    with in_organization(other_school):
        assert state_of(other) == "stopped"


def test_when_the_account_works_again_its_mailings_go_on_by_themselves(
    server, away, office, clock, django_capture_on_commit_callbacks
):
    mailing = started(*addresses(3), by=office)
    tasks.work()
    SenderAccount.objects.update(port=away)
    tick()
    assert state_of(mailing) == "stopped"
    clock.shift(timedelta(seconds=61))
    with django_capture_on_commit_callbacks(execute=True):
        tick()
    assert account().problem == ""
    assert len(server.received) == 3
    assert state_of(mailing) == "done"
    assert account().failures == 0


def test_each_failure_in_a_row_doubles_the_wait(away, office, clock):
    started(*addresses(1), by=office)
    tasks.work()
    waits = []
    for _failure in range(8):
        waits.append((account().retry_at - timezone.now()).total_seconds() / 60)
        clock.move_to(account().retry_at + timedelta(seconds=1))
        tick()
    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60], abs=0.01)


def test_a_server_that_wants_less_mail_pauses_and_spoils_nobody(server, office, clock):
    server.answers["a001@x.example"] = "450 4.7.28 Unusual rate of mail, too many messages"
    SenderAccount.objects.update(max_connections=1)
    mailing = started(*addresses(3), by=office)
    tasks.work()
    assert "wants mail more slowly: 450 4.7.28" in account().problem
    assert states(mailing) == {"a000@x.example": "sent", "a001@x.example": "waiting", "a002@x.example": "waiting"}
    server.answers.clear()
    clock.shift(timedelta(seconds=61))
    tick()
    tasks.work()
    assert server.recipients == addresses(3)
    assert state_of(mailing) == "done"


def test_what_a_person_has_stopped_does_not_go_on_by_itself(away, office, clock):
    mailing = started(*addresses(1), by=office)
    tasks.work()
    controlling.stop(Mailing.objects.get(pk=mailing.pk))
    SenderAccount.objects.update(port=away)
    clock.shift(timedelta(seconds=61))
    tick()
    assert account().problem == ""
    assert state_of(mailing) == "stopped"


def test_resume_tries_an_account_in_trouble_at_once(server, away, office, django_capture_on_commit_callbacks):
    mailing = started(*addresses(2), by=office)
    tasks.work()
    SenderAccount.objects.update(port=away)
    with django_capture_on_commit_callbacks(execute=True):
        controlling.resume(Mailing.objects.get(pk=mailing.pk))
    assert len(server.received) == 2
    assert state_of(mailing) == "done"


def test_an_account_that_somebody_has_mended_is_used_at_once(server, away, office):
    mailing = started(*addresses(2), by=office)
    tasks.work()
    SenderAccount.objects.update(port=away)
    tasks.account_mended(account().pk, mailing.organization_id)
    tasks.work()
    assert state_of(mailing) == "done"


def test_a_password_that_cannot_be_read_is_said_as_such(server, office):
    SenderAccount.objects.update(username="office", encrypted_password="written under another key")
    mailing = started(*addresses(1), by=office)
    tasks.work()
    assert "cannot be read any more" in Mailing.objects.get(pk=mailing.pk).problem
    assert not ConnectionSlots.objects.exists()  # once it is mended, any worker may connect at once


def test_an_account_that_cannot_carry_such_messages_says_so(server, office, once_only):
    once_only("sms")  # by a mail server alone
    SenderAccount.objects.update(provider="brevo")
    mailing = started(*addresses(1), by=office, channel="sms")
    tasks.work()
    assert (
        Mailing.objects.get(pk=mailing.pk).problem
        == f"The account “{Sender.objects.get().account}” cannot send this kind of message."
    )


def test_a_message_that_its_account_cannot_carry_stops_alone_and_other_mail_goes_on(server, office):
    SenderAccount.objects.update(provider="smtp")
    unknown = started(*addresses(1), by=office)
    Mailing.objects.filter(pk=unknown.pk).update(channel="gone")  # by a version of Bedel that knew it
    email = started(*addresses(2), by=office)
    tasks.work()
    stopped = Mailing.objects.get(pk=unknown.pk)
    assert (stopped.state, stopped.waits_for_id) == ("stopped", None)
    assert "cannot send this kind of message" in stopped.problem
    assert SenderAccount.objects.get().problem == ""
    assert state_of(email) == "done"


def test_the_page_says_what_is_wrong_when_it_is_tried_again_and_how_to_keep_it_stopped(
    away, office, office_client, school, clock
):
    mailing = started(*addresses(2), by=office)
    tasks.work()
    page = office_client.get(school.url("deliveries:log", mailing.pk)).content.decode()
    assert "It pauses by itself." in page
    assert "takes no connection on port 9" in page
    assert "The account is tried again" in page
    assert "2 have not been sent." in page
    assert "Paused" in page
    assert "It goes out when that works." in page
    office_client.post(school.url("deliveries:stop", mailing.pk))
    page = office_client.get(school.url("deliveries:log", mailing.pk)).content.decode()
    assert "The account is tried again" not in page
    assert "Do not go on by itself" not in page
    assert "Go on with the remaining 2" in page
