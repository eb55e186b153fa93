"""An account in trouble: said where it matters, until somebody has mended it."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.campaigns.models import Mailing
from apps.organizations.scoping import in_organization
from apps.senders.models import SenderAccount
from tests.conftest import make_member
from tests.servers.answering_smtp import answering_server

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 9, 43, tzinfo=UTC)  # 10:43 in Madrid
SENTENCE = "Nothing leaves by this account since 10:42: The server refuses the password. It is tried again at 10:47."
FORM = {
    "name": "Mail",
    "provider": "smtp",
    "host": "127.0.0.1",
    "port": 9,
    "security": "none",
    "authentication": "password",
    "max_connections": 3,
}


@pytest.fixture
def account(scoped, time_machine) -> SenderAccount:
    time_machine.move_to(NOW, tick=False)
    account = SenderAccount.objects.get()
    account.problem, account.failures = "The server refuses the password", 3
    account.problem_since, account.retry_at = NOW - timedelta(minutes=1), NOW + timedelta(minutes=4)
    account.save()
    return account


def seen(client, school, name: str = "senders:list") -> str:
    return client.get(school.url(name)).text


def test_the_page_of_the_senders_says_it_at_the_account(administrator_client, school, account):
    row = seen(administrator_client, school).split("Accounts by which mail leaves")[1]
    assert SENTENCE in row
    assert f'<a href="{school.url("senders:account_edit", account.pk)}">Change the account' in row


def test_the_account_s_own_page_says_it_too(administrator_client, school, account):
    page = administrator_client.get(school.url("senders:account_edit", account.pk)).text
    assert SENTENCE in page


def test_home_says_it_to_who_can_mend_it_with_the_way_there(administrator_client, school, account):
    card = seen(administrator_client, school, "organization:home").split('id="h-need"')[1]
    assert SENTENCE in card
    assert school.url("senders:account_edit", account.pk) in card


@pytest.mark.parametrize("role", ["office", "teacher", "reader"])
def test_home_says_it_to_the_others_without_a_link_that_is_closed_to_them(client, school, account, role):
    client.force_login(make_member(school, role).user)
    page = seen(client, school, "organization:home")
    assert SENTENCE in page
    assert school.url("senders:account_edit", account.pk) not in page


@pytest.mark.parametrize(
    ("since", "retry", "words"),
    [
        (timedelta(minutes=-1), timedelta(minutes=-1), "since 10:42: Broken. It is tried again now."),
        (timedelta(minutes=-1), None, "since 10:42: Broken. It is tried again when you have saved it."),
        (timedelta(days=-1), timedelta(hours=1), "since yesterday, 10:43: Broken. It is tried again at 11:43."),
        (None, timedelta(days=1), "this account: Broken. It is tried again tomorrow, 10:43."),
    ],
)
def test_the_moments_are_said_as_an_office_says_them(administrator_client, school, account, since, retry, words):
    account.problem = "Broken."
    account.problem_since = since and NOW + since
    account.retry_at = retry and NOW + retry
    account.save()
    assert words in seen(administrator_client, school)


def test_what_a_server_says_is_text_and_no_markup(administrator_client, school, account):
    SenderAccount.objects.update(problem="535 <b>no</b> & no")
    for name in ("senders:list", "organization:home"):
        assert "535 &lt;b&gt;no&lt;/b&gt; &amp; no." in seen(administrator_client, school, name)


def test_an_account_that_works_is_not_talked_about(administrator_client, school, scoped):
    for name in ("senders:list", "organization:home"):
        assert "Nothing leaves by" not in seen(administrator_client, school, name)


@pytest.mark.feature("B17")
def test_the_trouble_of_another_school_is_its_own(administrator_client, school, other_school):
    with in_organization(other_school):
        SenderAccount.objects.update(problem="Broken", problem_since=NOW)
    for name in ("senders:list", "organization:home"):
        assert "Broken" not in seen(administrator_client, school, name)


def test_saving_the_account_ends_its_trouble_and_lets_what_waited_go_on(
    administrator_client, school, account, django_capture_on_commit_callbacks
):
    waiting = Mailing.objects.create(subject="Trip", state="stopped", problem=account.problem, waits_for=account)
    stopped = Mailing.objects.create(subject="Other", state="stopped")
    with django_capture_on_commit_callbacks(execute=True):
        administrator_client.post(school.url("senders:account_edit", account.pk), FORM)
    account.refresh_from_db()
    assert (account.problem, account.problem_since, account.retry_at, account.failures) == ("", None, None, 0)
    assert "Nothing leaves by" not in seen(administrator_client, school)
    assert not Mailing.objects.filter(pk=waiting.pk, state="stopped").exists()
    assert Mailing.objects.filter(pk=stopped.pk, state="stopped").exists()


def test_an_account_that_works_again_when_it_is_checked_is_in_trouble_no_more(
    administrator_client, school, account, django_capture_on_commit_callbacks
):
    waiting = Mailing.objects.create(subject="Trip", state="stopped", problem=account.problem, waits_for=account)
    check = school.url("senders:account_check", account.pk)
    with django_capture_on_commit_callbacks(execute=True) as started:
        assert SENTENCE in administrator_client.post(check, follow=True).text
    assert started == []
    with answering_server() as (_handler, port), django_capture_on_commit_callbacks(execute=True):
        SenderAccount.objects.update(port=port)
        page = administrator_client.post(check, follow=True)
    assert "Mail works" in page.text
    assert SENTENCE not in page.text
    assert not Mailing.objects.filter(pk=waiting.pk, state="stopped").exists()


def test_a_mistake_in_the_form_ends_nothing(administrator_client, school, account, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as started:
        page = administrator_client.post(school.url("senders:account_edit", account.pk), FORM | {"host": ""})
    assert SENTENCE in page.text
    assert started == []
    account.refresh_from_db()
    assert (account.problem, account.failures) == ("The server refuses the password", 3)


def test_saving_does_not_touch_what_the_workers_count_with(administrator_client, school, account):
    SenderAccount.objects.update(next_allowed_at=NOW)
    administrator_client.post(school.url("senders:account_edit", account.pk), FORM)
    account.refresh_from_db()
    assert account.next_allowed_at == NOW


def test_a_new_account_starts_nothing(administrator_client, school, scoped, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as started:
        administrator_client.post(school.url("senders:account_add"), FORM | {"name": "Second"})
    assert SenderAccount.objects.filter(name="Second").exists()
    assert started == []
