"""The connections of an account: how many, how long, for which messages, opened again when the server closes them."""

import asyncio
import base64

import pytest

from apps.channels.email.smtp import Envelope, SmtpAccount, SmtpChannel, check_account
from apps.channels.outcomes import AccountBusy, AccountProblem, Result

from .fault_server import DROP, JOINED, SILENT, Fault, fault_server

ACCEPTED, REFUSED = Result.ACCEPTED, Result.REFUSED
PIPELINING = ("PIPELINING",)
SLOWLY = {"dot": Fault(delay=0.005), "wire": JOINED}


@pytest.fixture(params=[(), PIPELINING], ids=["plain dialogue", "pipelining"])
def extensions(request):
    return request.param


def envelopes(*keys):
    for key in keys:
        yield Envelope(key, "office@school.example", f"family{key}@home.example", b"Subject: x\r\n\r\nLetter\r\n")


def channel_to(server, timeout=0.5, **options):
    account = SmtpAccount("127.0.0.1", server.port, "none", timeout=timeout)
    return SmtpChannel(account, **{"pauses": (0, 0)} | options)


def send(server, count, **options):
    outcomes = []

    async def deliver():
        async with channel_to(server, **options) as channel, asyncio.timeout(20):
            await channel.deliver(envelopes(*range(1, count + 1)), outcomes.append)

    asyncio.run(deliver())
    assert sorted(outcome.key for outcome in outcomes) == list(range(1, count + 1))
    return {outcome.result for outcome in outcomes}


def test_a_connection_ends_after_so_many_messages(extensions):
    with fault_server(extensions=extensions) as server:
        assert send(server, 10, messages_per_connection=3) == {ACCEPTED}
    assert sorted(server.messages_of) == [1, 3, 3, 3]
    assert server.most_at_once == 1
    assert server.commands.count("QUIT") == 4


def test_refused_messages_count_for_the_limit_of_a_connection(extensions):
    with fault_server({"rcpt": "550 5.1.1 Unknown"}, extensions=extensions) as server:
        assert send(server, 5, messages_per_connection=2) == {REFUSED}
    assert sorted(server.messages_of) == [1, 2, 2]


def test_as_many_connections_as_allowed_share_the_work(extensions):
    with fault_server(SLOWLY, extensions=extensions) as server:
        assert send(server, 40, connections=3) == {ACCEPTED}
    assert server.connections == server.most_at_once == 3
    assert sum(server.messages_of) == 40
    assert min(server.messages_of) > 5


def test_never_more_connections_than_allowed_also_while_they_end_and_begin(extensions):
    with fault_server(SLOWLY, extensions=extensions) as server:
        assert send(server, 40, connections=3, messages_per_connection=4) == {ACCEPTED}
    assert server.most_at_once == 3
    assert max(server.messages_of) == 4


def test_a_server_that_allows_fewer_connections_is_not_asked_again_and_again(extensions):
    with fault_server(SLOWLY, extensions=extensions, at_most=2) as server:
        assert send(server, 40, connections=5) == {ACCEPTED}
    assert server.connections == 3
    assert len(server.received) == 40


def test_a_server_that_allows_one_connection_gets_all_by_one_after_the_other(extensions):
    with fault_server(SLOWLY, extensions=extensions, at_most=1) as server:
        assert send(server, 12, connections=3, messages_per_connection=2) == {ACCEPTED}
    assert len(server.received) == 12


def test_a_further_connection_refused_while_the_first_one_ends_is_no_problem_of_the_account(extensions):
    """The second one knocks while the first one is at work, and is told so when that is gone."""
    late = Fault("421 4.7.0 Too many connections from you", delay=0.1)
    with fault_server({}, {"greeting": late}, {}, extensions=extensions) as server:
        assert send(server, 6, connections=2, messages_per_connection=3) == {ACCEPTED}


def test_connections_are_kept_for_the_next_packet(extensions):
    async def deliver():
        async with channel_to(server) as channel:
            for key in (1, 2, 3):
                await channel.deliver(envelopes(key), outcomes.append)

    outcomes = []
    with fault_server(extensions=extensions) as server:
        asyncio.run(deliver())
    assert [(outcome.key, outcome.result) for outcome in outcomes] == [(key, ACCEPTED) for key in (1, 2, 3)]
    assert server.connections == 1


def test_packets_may_overlap_and_each_hears_of_its_own(extensions):
    async def deliver():
        async with channel_to(server, connections=2) as channel, asyncio.timeout(20):
            first = asyncio.create_task(channel.deliver(envelopes(*range(1, 11)), one.append))
            await asyncio.sleep(0)
            await channel.deliver(envelopes(*range(11, 16)), other.append)
            await first

    one, other = [], []
    with fault_server(SLOWLY, extensions=extensions) as server:
        asyncio.run(deliver())
    assert sorted(outcome.key for outcome in one) == list(range(1, 11))
    assert sorted(outcome.key for outcome in other) == list(range(11, 16))
    assert {outcome.result for outcome in one + other} == {ACCEPTED}


def test_a_packet_that_fails_leaves_the_other_alone(extensions):
    def breaking():
        yield from envelopes(1, 2)
        raise ZeroDivisionError

    async def deliver():
        async with channel_to(server) as channel, asyncio.timeout(20):
            first = asyncio.create_task(channel.deliver(breaking(), outcomes.append))
            await asyncio.sleep(0)
            await channel.deliver(envelopes(3, 4), outcomes.append)
            with pytest.raises(ZeroDivisionError):
                await first

    outcomes = []
    with fault_server(extensions=extensions) as server:
        asyncio.run(deliver())
    assert sorted(outcome.key for outcome in outcomes) == [1, 2, 3, 4]


@pytest.mark.parametrize("words", [b"", b"421 4.4.2 Idle for too long\r\n", b"\xff\xff\r\n"], ids=str)
@pytest.mark.parametrize("is_noticed", [True, False], ids=["noticed", "not yet noticed"])
def test_an_idle_connection_that_the_server_closes_is_opened_again(extensions, words, is_noticed):
    async def deliver():
        async with channel_to(server) as channel:
            await channel.deliver(envelopes(1, 2), outcomes.append)
            server.hang_up(words)
            if is_noticed:
                await asyncio.sleep(0.05)
            await channel.deliver(envelopes(3, 4), outcomes.append)

    outcomes = []
    with fault_server(extensions=extensions) as server:
        asyncio.run(deliver())
    assert [outcome.result for outcome in outcomes] == [ACCEPTED] * 4
    assert len(server.received) == 4
    assert server.connections == 2


def test_a_channel_that_is_closed_in_the_middle_opens_no_connection_any_more(extensions):
    async def deliver():
        async with channel_to(server, connections=2) as channel:
            delivering = asyncio.create_task(channel.deliver(envelopes(*range(1, 9)), outcomes.append))
            while not outcomes:
                await asyncio.sleep(0.002)
            delivering.cancel()
        await asyncio.sleep(0.05)

    outcomes = []
    with fault_server({"dot 3": SILENT}, extensions=extensions) as server:
        asyncio.run(deliver())
        assert server.connections <= 2


def test_a_stop_waits_for_answers_that_are_due_and_for_no_goodbye():
    async def deliver():
        async with channel_to(server, connections=2, timeout=30) as channel, asyncio.timeout(5):
            await channel.deliver(envelopes(1, 2), outcomes.append)

    outcomes = []
    first = {"dot": Fault(delay=0.2), "quit": SILENT}
    with fault_server(first, {"dot": "450 4.7.28 Unusual rate"}) as server, pytest.raises(AccountBusy):
        asyncio.run(deliver())
    assert [outcome.result for outcome in outcomes] == [ACCEPTED]
    assert len(server.received) == 1


ACCENTED = Envelope(1, "office@school.example", "josé@casa.example", "Subject: ñ\r\n\r\nñ\r\n".encode())


def test_an_address_with_an_accent_goes_where_the_server_takes_it(extensions):
    offers = (*extensions, "SIZE 100000", "8BITMIME", "SMTPUTF8")
    with fault_server(extensions=offers) as server:
        assert deliver_all(server, ACCENTED, *envelopes(2)) == [ACCEPTED, ACCEPTED]
    size = len(ACCENTED.content)
    assert f"MAIL FROM:<office@school.example> SIZE={size} SMTPUTF8 BODY=8BITMIME" in server.commands
    assert "RCPT TO:<josé@casa.example>" in server.commands
    assert "MAIL FROM:<office@school.example> SIZE=22" in server.commands


def test_an_address_with_an_accent_is_refused_alone_where_the_server_does_not_take_it(extensions):
    with fault_server(extensions=(*extensions, "8BITMIME")) as server:
        assert deliver_all(server, ACCENTED, *envelopes(2)) == [REFUSED, ACCEPTED]
    assert not [command for command in server.commands if "casa.example" in command]


def deliver_all(server, *messages):
    outcomes = []

    async def deliver():
        async with channel_to(server) as channel:
            await channel.deliver(iter(messages), outcomes.append)

    asyncio.run(deliver())
    return [outcome.result for outcome in sorted(outcomes)]


def encoded(words):
    return base64.b64encode(words.encode()).decode()


def log_in(server, **fields):
    check_account(SmtpAccount("127.0.0.1", server.port, "none", timeout=2, **fields))


def test_login_with_a_token():
    with fault_server(extensions=("AUTH LOGIN XOAUTH2",)) as server:
        log_in(server, username="office@school.example", access_token="ya29.token")
    said = encoded("user=office@school.example\1auth=Bearer ya29.token\1\1")
    assert f"AUTH XOAUTH2 {said}" in server.commands


def test_a_token_that_is_refused_is_said_plainly():
    script = {
        "auth": "334 " + encoded('{"status":"401","schemes":"bearer"}'),
        "secret": "535 5.7.8 Token expired",
    }
    with fault_server(script, extensions=("AUTH XOAUTH2",)) as server:
        with pytest.raises(AccountProblem, match=r"does not know this user name and password: 535 5\.7\.8 Token"):
            log_in(server, username="office@school.example", access_token="old")
        assert server.commands[-1] == ""  # only after an empty line the server says why


def test_a_token_is_never_said_to_a_server_that_takes_none():
    with fault_server(extensions=("AUTH PLAIN LOGIN",)) as server:
        with pytest.raises(AccountProblem, match="offers no way to log in"):
            log_in(server, username="office@school.example", access_token="secret")
        assert not [command for command in server.commands if command.startswith("AUTH")]


def test_login_in_two_steps():
    script = {"auth": "334 " + encoded("Password:")}
    with fault_server(script, extensions=("AUTH LOGIN",)) as server:
        log_in(server, username="office", password="contraseña")
    assert server.commands[-3:-1] == [f"AUTH LOGIN {encoded('office')}", encoded("contraseña")]


def test_login_by_challenge():
    """The example of RFC 2195."""
    script = {"auth": "334 " + encoded("<1896.697170952@postoffice.reston.mci.net>")}
    with fault_server(script, extensions=("AUTH CRAM-MD5",)) as server:
        log_in(server, username="tim", password="tanstaaftanstaaf")
    assert "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw" in server.commands


def test_a_challenge_that_is_none_is_said_plainly():
    with (
        fault_server({"auth": "334 abcde"}, extensions=("AUTH CRAM-MD5",)) as server,
        pytest.raises(AccountProblem, match="is no mail server: 334 abcde"),
    ):
        log_in(server, username="tim", password="ñ")


@pytest.mark.parametrize("method", ["LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("script", [{"auth": DROP}, {"auth": "334 YQ==", "secret": DROP}], ids=str)
def test_a_connection_lost_at_login_is_a_problem_of_the_account(method, script):
    with (
        fault_server(script, extensions=(f"AUTH {method}",)) as server,
        pytest.raises(AccountProblem, match="closed the connection"),
    ):
        log_in(server, username="office", password="secret")
