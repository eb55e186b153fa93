"""The access token of an account: kept while it holds, fetched in time, and never at the cost of a newer secret."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.channels.outcomes import AccountProblem
from apps.organizations.scoping import ScopeError, in_organization
from apps.senders.access_tokens import access_token
from apps.senders.models import SenderAccount
from apps.senders.secrets import SecretUnreadable
from tests.servers.token_server import token_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    with token_server() as server:
        yield server


@pytest.fixture
def account(scoped, server) -> SenderAccount:
    account = SenderAccount.objects.get()
    account.authentication = SenderAccount.Authentication.OAUTH2
    account.oauth_token_url, account.oauth_client_id = server.url, "bedel"
    account.client_secret, account.refresh_token = "secret", "r-1"
    account.save()
    return account


def stored(account) -> SenderAccount:
    return SenderAccount.objects.get(pk=account.pk)


def test_the_token_is_fetched_once_and_kept_while_it_holds(account, server):
    server.give("access-1", expires_in=3600)
    assert access_token(account) == "access-1"
    assert access_token(stored(account)) == "access-1"
    assert len(server.asked) == 1
    assert "access-1" not in stored(account).encrypted_access_token
    assert stored(account).refresh_token == "r-1"


@pytest.mark.parametrize(("left", "fetched"), [(55, True), (65, False)])
def test_a_token_that_runs_out_within_a_minute_is_replaced(account, server, left, fetched):
    account.access_token, account.access_token_until = "old", timezone.now() + timedelta(seconds=left)
    account.save()
    server.give("new")
    assert access_token(account) == ("new" if fetched else "old")


def test_a_new_refresh_token_is_stored_and_used_the_next_time(account, server):
    server.give("access-1", expires_in=0, refresh_token="r-2")
    access_token(account)
    server.give("access-2")
    assert stored(account).refresh_token == "r-2"
    access_token(stored(account))
    assert [form["refresh_token"] for form in server.asked] == ["r-1", "r-2"]


def test_a_worker_with_an_old_row_takes_what_another_has_fetched(account, server):
    server.give("access-1", refresh_token="r-2")
    before = stored(account)
    access_token(account)
    assert access_token(before) == "access-1"
    assert len(server.asked) == 1


@pytest.fixture
def meanwhile(monkeypatch):
    """`meanwhile(act)`: run `act` after the next look at the row, before the service is asked.

    In this thread: the one of the server has no part in the transaction of the test.
    """

    def schedule(act) -> None:
        look = SenderAccount.refresh_from_db

        def look_then_act(self, *args, **kwargs):
            look(self, *args, **kwargs)
            monkeypatch.setattr(SenderAccount, "refresh_from_db", look)
            act()

        monkeypatch.setattr(SenderAccount, "refresh_from_db", look_then_act)

    return schedule


def test_who_comes_second_to_the_service_takes_the_token_of_the_first(account, server, meanwhile):
    """Both ask with the same refresh token; the service has ended it for the second."""
    server.give("access-1", refresh_token="r-2")
    server.answer(400, {"error": "invalid_grant"})
    meanwhile(lambda: access_token(stored(account)))
    assert access_token(account) == "access-1"
    assert stored(account).refresh_token == "r-2"
    assert len(server.asked) == 2


def test_a_refresh_token_typed_meanwhile_is_not_overwritten(account, server, meanwhile):
    def type_another() -> None:
        typed = stored(account)
        typed.refresh_token = "typed"
        typed.save()

    server.give("access-1", refresh_token="r-2")
    meanwhile(type_another)
    assert access_token(account) == "access-1"
    assert stored(account).refresh_token == "typed"
    assert stored(account).encrypted_access_token == ""


def test_a_refusal_is_the_account_s_problem_and_changes_nothing(account, server):
    server.answer(400, {"error": "invalid_grant"})
    before = stored(account).encrypted_refresh_token
    with pytest.raises(AccountProblem, match="Sign in again"):
        access_token(account)
    assert stored(account).encrypted_refresh_token == before


def test_a_secret_of_another_key_has_to_be_typed_again(account, server):
    SenderAccount.objects.filter(pk=account.pk).update(encrypted_refresh_token="written under another key")
    with pytest.raises(SecretUnreadable):
        access_token(account)
    assert server.asked == []


@pytest.mark.feature("B17")
def test_the_account_of_another_school_is_out_of_reach(account, server, other_school):
    server.give()
    with in_organization(other_school), pytest.raises((ScopeError, SenderAccount.DoesNotExist)):
        access_token(account)
    assert server.asked == []
