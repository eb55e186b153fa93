"""Trying an account: by its password, by an access token, and not at all where trying would mean sending."""

from base64 import b64decode

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from apps.senders.checking import CannotBeTried, try_account
from apps.senders.models import SenderAccount
from apps.senders.providers import providers_of
from tests.servers.running import free_port
from tests.servers.token_server import token_server

pytestmark = pytest.mark.django_db


class TokenDoor:
    """Lets in whoever comes with `token`, by XOAUTH2 alone; `logins` holds what was said."""

    def __init__(self) -> None:
        self.token = "access-1"
        self.logins: list[str] = []
        self.mails = 0

    async def auth_XOAUTH2(self, server, arguments):
        self.logins.append(b64decode(arguments[1]).decode())
        is_good = self.logins[-1] == f"user=office@school.example\1auth=Bearer {self.token}\1\1"
        return AuthResult(
            success=is_good, handled=False, message=None if is_good else "535 5.7.8 That token is not for you"
        )

    async def handle_DATA(self, server, session, envelope):
        self.mails += 1
        return "250 OK"


@pytest.fixture
def door():
    door = TokenDoor()
    door.port = free_port()
    passwords = ["LOGIN", "PLAIN"]
    controller = Controller(door, "127.0.0.1", door.port, auth_require_tls=False, auth_exclude_mechanism=passwords)
    controller.start()
    yield door
    controller.stop()


@pytest.fixture
def tokens():
    with token_server() as server:
        yield server


@pytest.fixture
def account(scoped, door, tokens) -> SenderAccount:
    account = SenderAccount.objects.get()
    account.port, account.username, account.authentication = door.port, "office@school.example", "oauth2"
    account.oauth_token_url, account.oauth_client_id, account.refresh_token = tokens.url, "bedel", "r-1"
    account.save()
    return account


def test_an_account_with_a_good_token_works_and_sends_nothing(account, door, tokens):
    tokens.give("access-1")
    assert try_account(account) == ""
    assert len(door.logins) == 1
    assert door.mails == 0


def test_a_token_that_the_mail_server_does_not_like_is_said(account, door, tokens):
    tokens.give("access-2")
    assert "That token is not for you" in try_account(account)


def test_a_service_that_gives_no_token_is_said(account, door, tokens):
    tokens.answer(400, {"error": "invalid_grant"})
    assert "Sign in again and type the new refresh token" in try_account(account)
    assert door.logins == []


def test_a_refresh_token_of_another_key_has_to_be_typed_again(account, tokens):
    SenderAccount.objects.update(encrypted_refresh_token="written under another key")
    assert "Type it again" in try_account(account)
    assert tokens.asked == []


@pytest.mark.parametrize("provider", [code for code in providers_of("email") if code != "smtp"])
def test_a_mail_service_cannot_be_tried_without_sending(scoped, provider):
    account = SenderAccount(name="Service", provider=provider)
    with pytest.raises(CannotBeTried, match="Send yourself a test message"):
        try_account(account)


def test_the_page_says_so_instead_of_claiming_that_it_works(administrator_client, school, scoped):
    account = SenderAccount.objects.create(name="Service", provider="postmark")
    page = administrator_client.post(school.url("senders:account_check", account.pk), follow=True)
    assert "Whether Postmark takes the key shows only when something is sent." in page.text
    assert "works:" not in page.text
    assert "does not work" not in page.text
