"""The SMTP channel against a real Postfix: TLS, login, refusals at every step, its limits, several connections."""

import asyncio
import ssl
import time
from collections import Counter
from email import message_from_bytes, policy

import pytest

from apps.channels.email.smtp import Envelope, SmtpAccount, SmtpChannel, check_account, send_all
from apps.channels.outcomes import AccountBusy, AccountProblem, Result
from tests.servers.postfix import postfix_server

from .certificates import write_certificate

pytestmark = pytest.mark.server

ACCEPTED, REFUSED, POSTPONED = Result.ACCEPTED, Result.REFUSED, Result.POSTPONED
USER, PASSWORD = "office@school.example", "contraseña: ñ€"
SENDER = "office@school.example"
# Of every ten recipients: what becomes of them, and the beginning of the reply.
KINDS = {"unknown": (REFUSED, "550 5.1.1"), "busy": (POSTPONED, "450 4.2.1"), "distrusted": (REFUSED, "550 5.7.1")}
TEN = ["family", "family", "unknown", "family", "busy", "family", "distrusted", "family", "family", "family"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return write_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def trusting(certificate):
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture(scope="module")
def secure_postfix(certificate):
    with postfix_server(
        certificate=certificate, passwords={USER: PASSWORD}, message_size_limit=60_000, smtpd_error_sleep_time="0"
    ) as server:
        yield server


@pytest.fixture(params=["starttls", "tls"])
def account(request, secure_postfix):
    port = secure_postfix.tls_port if request.param == "tls" else secure_postfix.port
    return SmtpAccount("127.0.0.1", port, request.param, USER, PASSWORD, timeout=10)


def letter(key, kind="family", size=0):
    recipient = f"{kind}@home{key}.example"
    text = f"From: {SENDER}\r\nTo: {recipient}\r\nSubject: {key}\r\n\r\n.\r\nHello\r\n"
    return Envelope(key, SENDER, recipient, text.encode() + b"x" * 70 * (size // 72) + b"\r\n")


def arrived(postfix, numbers, among=()):
    """How often each of these numbers (and of those `among` which they are) has arrived, once they all have."""
    among = set(among) | set(numbers)
    deadline = time.monotonic() + 20
    while True:
        mails = [message_from_bytes(mail, policy=policy.default) for mail in postfix.mails()]
        found = Counter(number for mail in mails if (number := int(mail["Subject"])) in among)
        if len(found) >= len(numbers) or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def by_key(outcomes):
    found = {outcome.key: outcome for outcome in outcomes}
    assert len(found) == len(outcomes)
    return found


async def deliver(account, envelopes, on_outcome):
    async with SmtpChannel(account) as channel:
        await channel.deliver(envelopes, on_outcome)


@pytest.mark.parametrize("connections", [1, 4])
def test_each_recipient_has_what_postfix_says_of_it(secure_postfix, account, trusting, connections):
    first = time.monotonic_ns()
    kinds = {first + number: kind for number, kind in enumerate(TEN * 5)}
    envelopes = [letter(key, kind) for key, kind in kinds.items()]
    outcomes = by_key(send_all(account, envelopes, context=trusting, connections=connections))
    assert set(outcomes) == set(kinds)
    for key, kind in kinds.items():
        result, words = KINDS.get(kind, (ACCEPTED, "250 2.0.0 Ok: queued as"))
        assert outcomes[key].result == result
        assert outcomes[key].reply.startswith(words)
    accepted = {key for key, kind in kinds.items() if kind == "family"}
    assert arrived(secure_postfix, accepted, among=kinds) == dict.fromkeys(accepted, 1)


def test_a_message_above_the_limit_is_refused_and_the_next_one_goes(secure_postfix, account, trusting):
    large, small = time.monotonic_ns(), time.monotonic_ns()
    outcomes = send_all(account, [letter(large, size=300_000), letter(small)], context=trusting)
    assert [outcome.result for outcome in outcomes] == [REFUSED, ACCEPTED]
    assert outcomes[0].reply.startswith("552 5.3.4")
    assert arrived(secure_postfix, {small}) == {small: 1}


def test_a_large_message_arrives_whole(secure_postfix, account, trusting):
    key = time.monotonic_ns()
    envelope = letter(key, size=55_000)
    assert [outcome.result for outcome in send_all(account, [envelope], context=trusting)] == [ACCEPTED]
    assert arrived(secure_postfix, {key}) == {key: 1}


def test_a_wrong_password_is_a_problem_of_the_account(account, trusting):
    outcomes = []
    wrong = SmtpAccount(account.host, account.port, account.security, USER, "wrong", timeout=10)
    with pytest.raises(AccountProblem, match="does not know this user name and password: 535 5"):
        outcomes += send_all(wrong, [letter(1)], context=trusting, connections=3)
    assert outcomes == []


def test_without_encryption_no_password_is_said(secure_postfix):
    account = SmtpAccount("127.0.0.1", secure_postfix.port, "none", USER, PASSWORD, timeout=10)
    with pytest.raises(AccountProblem, match="offers no login on port"):
        check_account(account)


def test_a_certificate_nobody_vouches_for_is_refused(account):
    with pytest.raises(AccountProblem, match="is not valid, so nothing was sent"):
        check_account(account)


def test_the_limits_of_a_server_slow_the_account_down_and_burn_nobody():
    """Two connections at a time, a hundred messages a minute, and no more than five errors in one connection."""
    limits = {
        "smtpd_client_event_limit_exceptions": "",
        "smtpd_client_connection_count_limit": 2,
        "smtpd_client_message_rate_limit": 100,
        "smtpd_hard_error_limit": 5,
        "smtpd_error_sleep_time": 0,
    }
    with postfix_server(**limits) as server:
        account = SmtpAccount("127.0.0.1", server.port, "none", timeout=10)
        kinds = {key: "unknown" if key % 2 else "family" for key in range(60)}
        outcomes = by_key(send_all(account, [letter(*each) for each in kinds.items()], connections=5, pauses=(0.2, 1)))
        assert {key: outcome.result for key, outcome in outcomes.items()} == {
            key: ACCEPTED if kind == "family" else REFUSED for key, kind in kinds.items()
        }
        more = []
        with pytest.raises(AccountBusy, match="too much mail from"):
            asyncio.run(deliver(account, [letter(key) for key in range(100, 200)], more.append))
        accepted = {outcome.key for outcome in more} | {key for key, kind in kinds.items() if kind == "family"}
        assert {outcome.result for outcome in more} <= {ACCEPTED}
        assert 30 < len(accepted) < 100
        assert arrived(server, accepted) == dict.fromkeys(accepted, 1)
