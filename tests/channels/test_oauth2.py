"""The refresh token grant against a real HTTP server: what is asked, what is understood, what is refused."""

import socket
import threading

import pytest

from apps.channels.email.oauth2 import MAX_ANSWER, UNTOLD_SECONDS, is_trusted_address, refresh_access_token
from apps.channels.outcomes import AccountProblem
from tests.servers.running import free_port
from tests.servers.token_server import token_server


@pytest.fixture
def server():
    with token_server() as server:
        yield server


def refresh(url: str, **changes):
    return refresh_access_token(
        **{"token_url": url, "client_id": "bedel", "client_secret": "säcret&=", "refresh_token": "r-1", "timeout": 5}
        | changes
    )


def problem_of(server, **changes) -> str:
    with pytest.raises(AccountProblem) as caught:
        refresh(server.url, **changes)
    assert caught.value.message % caught.value.values == str(caught.value)
    return str(caught.value)


def test_the_grant_is_asked_for_as_the_standard_says(server):
    server.give("access-1", expires_in=3599)
    token = refresh(server.url)
    assert (token.access_token, token.expires_in, token.refresh_token) == ("access-1", 3599, "r-1")
    form = {"grant_type": "refresh_token", "refresh_token": "r-1", "client_id": "bedel", "client_secret": "säcret&="}
    assert server.asked == [form]


def test_a_public_client_sends_no_secret(server):
    server.give()
    refresh(server.url, client_secret="")
    assert "client_secret" not in server.asked[0]


def test_a_new_refresh_token_replaces_the_old_one(server):
    server.give(refresh_token="r-2")
    assert refresh(server.url).refresh_token == "r-2"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("1800", 1800), (0, 0), (-5, 0), (10**12, 86_400), ("soon", UNTOLD_SECONDS), (None, UNTOLD_SECONDS)],
)
def test_how_long_a_token_holds_is_read_with_care(server, said, seconds):
    server.give(expires_in=said)
    assert refresh(server.url).expires_in == seconds


def test_the_tokens_do_not_show_when_something_prints_them(server):
    server.give("access-1", refresh_token="r-2")
    shown = repr(refresh(server.url))
    assert "access-1" not in shown
    assert "r-2" not in shown


@pytest.mark.parametrize(
    ("status", "answer", "sentence"),
    [
        (400, {"error": "invalid_grant", "error_description": "expired"}, "Sign in again and type the new refresh"),
        (400, {"error": "invalid_grant", "error_description": "expired"}, "invalid_grant expired"),
        (401, {"error": "invalid_client"}, "does not accept the client id or the client secret: invalid_client"),
        (400, {"error": "invalid_scope", "error_description": "a\r\nb\x00"}, "answers invalid_scope a b"),
        (400, {"error": {"not": "a text"}}, "answers"),
        (503, b"<html>busy</html>", "answers HTTP 503"),
        (500, b"", "answers HTTP 500"),
        (200, b"", "has none in it"),
        (200, b"\xff\xfe", "has none in it"),
        (200, b"[" * 60_000, "has none in it"),
        (200, ["access_token"], "has none in it"),
        (200, {"access_token": ""}, "has none in it"),
        (200, {"access_token": 7}, "has none in it"),
        (200, {"access_token": "a\x01\x01auth=Bearer b"}, "has none in it"),
        (200, {"access_token": "ok", "token_type": "mac"}, "has none in it"),
        (200, {"access_token": "ok", "token_type": None}, "has none in it"),
    ],
)
def test_an_answer_without_a_token_becomes_a_sentence(server, status, answer, sentence):
    server.answer(status, answer)
    said = problem_of(server)
    assert sentence in said
    assert "127.0.0.1" in said
    assert said.isprintable()
    assert "r-1" not in said
    assert "säcret" not in said


def test_a_refresh_token_that_is_none_is_not_taken_over(server):
    server.give(refresh_token=["r-2"])
    assert refresh(server.url).refresh_token == "r-1"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(server, status):
    with token_server() as other:
        server.answer(status, b"", Location=other.url)
        assert "the token address is another one" in problem_of(server)
        assert other.paths == []
    server.answers.clear()
    server.answer(status, b"", Location="/elsewhere")
    assert "the token address is another one" in problem_of(server)
    assert server.paths == ["/token", "/token"]


def test_an_answer_of_more_than_64_kb_is_not_read_to_its_end(server):
    server.answer(200, b" " * (MAX_ANSWER + 1))
    assert "is too long" in problem_of(server)
    server.answers.clear()
    server.answer(200, b'{"access_token": "ok"}'.ljust(MAX_ANSWER))
    assert refresh(server.url).access_token == "ok"


@pytest.mark.parametrize(
    "url",
    [
        "http://login.school.example/token",
        "ftp://login.school.example/token",
        "file:///etc/passwd",
        "https:///token",
        "login.school.example/token",
        "http://127.0.0.1.school.example/token",
        "https://[::1/token",
        "",
    ],
)
def test_secrets_go_by_https_alone(url):
    assert not is_trusted_address(url)
    with pytest.raises(AccountProblem, match="must begin with https://"):
        refresh(url)


@pytest.mark.parametrize("url", ["https://login.school.example/token", "http://localhost:1/", "http://[::1]:1/"])
def test_this_machine_itself_needs_no_https(url):
    assert is_trusted_address(url)


def test_nobody_listens():
    with pytest.raises(AccountProblem, match=r"127.0.0.1 cannot be reached: .*refused"):
        refresh(f"http://127.0.0.1:{free_port()}/token")


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http://127.0.0.1:1/a b", "http://127.0.0.1:x/"])
def test_an_impossible_address_is_a_sentence_too(url):
    with pytest.raises(AccountProblem, match="No access token"):
        refresh(url)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_a_server_that_breaks_off_or_talks_nonsense_is_a_sentence(said):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(said)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(AccountProblem, match="No access token"):
            refresh(f"http://127.0.0.1:{listener.getsockname()[1]}/token")
        thread.join()


def test_a_server_that_never_answers_is_not_waited_for():
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(AccountProblem, match="timed out"),
    ):
        refresh(f"http://127.0.0.1:{listener.getsockname()[1]}/token", timeout=0.2)


def test_a_proxy_of_the_environment_is_not_asked_about_this_machine(server, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    server.give()
    assert refresh(server.url).access_token == "access-1"
