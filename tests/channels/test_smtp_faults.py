"""What becomes of each message when the server refuses, drops, hangs or hurries: never lost, never doubled."""

import asyncio
import time

import pytest

from apps.channels.email.smtp import Envelope, SmtpAccount, SmtpChannel, check_account
from apps.channels.outcomes import AccountBusy, AccountProblem, Result

from .fault_server import DROP, SILENT, fault_server

ACCEPTED, REFUSED, POSTPONED, UNCERTAIN = Result.ACCEPTED, Result.REFUSED, Result.POSTPONED, Result.UNCERTAIN
PIPELINING = ("PIPELINING",)


@pytest.fixture(params=[(), PIPELINING], ids=["plain dialogue", "pipelining"])
def extensions(request):
    return request.param


def account(server, **changes):
    fields = {"host": "127.0.0.1", "port": server.port, "security": "none", "timeout": 0.3}
    return SmtpAccount(**fields | changes)


def envelopes(count=3):
    for key in range(1, count + 1):
        content = f"Subject: {key}\r\n\r\nLetter {key}\r\n".encode()
        yield Envelope(key, "office@school.example", f"family{key}@home.example", content)


def send(server, messages=None, sent=None, **changes):
    """What became of each message, over one connection; `sent` has them too when an error ends the sending."""
    outcomes = [] if sent is None else sent

    async def deliver():
        async with SmtpChannel(account(server, **changes), pauses=(0, 0)) as channel:
            await channel.deliver(envelopes() if messages is None else messages, outcomes.append)

    asyncio.run(deliver())
    return outcomes


def results(outcomes):
    assert [outcome.key for outcome in outcomes] == list(range(1, len(outcomes) + 1))
    return [outcome.result for outcome in outcomes]


def subjects(server):
    return [content.split(b"\r\n")[0].decode() for content in server.received]


def test_all_go_over_one_connection(extensions):
    with fault_server(extensions=extensions) as server:
        outcomes = send(server)
        assert results(outcomes) == [ACCEPTED] * 3
        assert outcomes[0].reply == "250 2.0.0 Taken"
        assert subjects(server) == ["Subject: 1", "Subject: 2", "Subject: 3"]
        assert server.connections == 1
        assert server.commands[-1].upper() == "QUIT"


def test_messages_are_made_as_the_server_takes_them_and_at_most_two_ahead(extensions):
    ahead = []

    def noting():
        for envelope in envelopes(20):
            ahead.append(envelope.key - len(outcomes))
            yield envelope

    outcomes = []
    with fault_server(extensions=extensions) as server:
        send(server, noting(), outcomes)
    assert len(outcomes) == 20
    assert max(ahead) <= 2


def test_nothing_is_sent_of_a_message_that_could_not_be_made(extensions):
    def breaking():
        yield from envelopes(2)
        raise ZeroDivisionError

    with fault_server(extensions=extensions) as server:
        sent = []
        with pytest.raises(ZeroDivisionError):
            send(server, breaking(), sent)
        assert len(server.received) == len(sent)


def eventually(holds, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


@pytest.mark.parametrize("step", ["rcpt", "data", "dot"])
@pytest.mark.parametrize(("reply", "result"), [("550 5.1.1 No such user", REFUSED), ("451 4.3.0 Try later", POSTPONED)])
def test_a_refusal_concerns_one_message_only(extensions, step, reply, result):
    with fault_server({f"{step} 2": reply}, extensions=extensions) as server:
        outcomes = send(server)
        assert results(outcomes) == [ACCEPTED, result, ACCEPTED]
        assert outcomes[1].reply == reply
        assert subjects(server) == ["Subject: 1", "Subject: 3"]
        assert server.connections == 1


@pytest.mark.parametrize("reply", ["451 4.3.0 Try later", "552 5.3.4 Too large", "552 Too large"])
def test_mail_can_be_put_off_or_too_large_by_itself(extensions, reply):
    with fault_server({"mail 2": reply}, extensions=extensions) as server:
        outcomes = send(server)
        assert results(outcomes) == [ACCEPTED, POSTPONED if reply.startswith("4") else REFUSED, ACCEPTED]
        assert outcomes[1].reply == reply


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("mail", "550 5.7.60 Not allowed to send as this sender"),
        ("mail", "553 Sorry"),
        ("rcpt", "553 5.7.1 <office@school.example>: Sender address rejected: not owned by user office"),
        ("rcpt", "550 5.1.8 Sender domain does not exist"),
        ("data", "550-5.4.5 Daily user sending limit exceeded\r\n550 5.4.5 See https://mail.example/limit"),
        ("dot", "550 5.4.5 Daily user sending limit exceeded"),
    ],
)
def test_a_refused_sender_stops_the_account_and_spoils_no_recipient(extensions, step, reply):
    with fault_server({f"{step} 2": reply}, extensions=extensions) as server:
        sent = []
        words = "takes no mail from this sender"
        with pytest.raises(AccountProblem, match=words):
            send(server, sent=sent)
        assert results(sent) == [ACCEPTED]
        assert subjects(server) == ["Subject: 1"]


RELAY_DENIED = [
    "554 5.7.1 <b@elsewhere.example>: Relay access denied",
    "550 relay not permitted",
    "550 5.7.1 b@elsewhere.example... Relaying denied",
    "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
]


@pytest.mark.parametrize("reply", RELAY_DENIED)
def test_a_server_that_passes_no_mail_on_stops_the_account_and_spoils_no_recipient(extensions, reply):
    with fault_server({"rcpt 1": reply, "rcpt 2": reply, "rcpt 3": reply}, extensions=extensions) as server:
        sent = []
        with pytest.raises(AccountProblem, match="passes no mail on for this account"):
            send(server, sent=sent)
        assert (sent, server.received) == ([], [])


@pytest.mark.parametrize("reply", RELAY_DENIED)
def test_where_others_were_accepted_a_denied_relay_is_about_the_address(extensions, reply):
    with fault_server({"rcpt 2": reply}, extensions=extensions) as server:
        assert results(send(server)) == [ACCEPTED, REFUSED, ACCEPTED]


def test_a_refused_message_is_followed_by_a_reset(extensions):
    with fault_server({"rcpt 1": "550 No such user"}, extensions=extensions) as server:
        assert results(send(server, envelopes(1))) == [REFUSED]
        assert server.received == []
        assert "RSET" in [command.upper() for command in server.commands]


def test_a_refusal_counts_though_the_server_has_had_enough_errors_and_closes():
    script = {"rcpt 1": "550 5.1.1 No such user", "data 1": "421 4.7.0 Too many errors"}
    with fault_server(script, {}, extensions=PIPELINING) as server:
        outcomes = send(server)
        assert results(outcomes) == [REFUSED, ACCEPTED, ACCEPTED]
        assert outcomes[0].reply == "550 5.1.1 No such user"
        assert server.commands.count("RCPT TO:<family1@home.example>") == 1


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("fault", [DROP, "421 4.3.2 Closing"])
def test_a_connection_lost_before_the_hand_over_is_opened_again(extensions, step, fault):
    with fault_server({step: fault}, {}, extensions=extensions) as server:
        assert results(send(server)) == [ACCEPTED] * 3
        assert subjects(server) == ["Subject: 1", "Subject: 2", "Subject: 3"]
        assert server.connections == 2


def test_a_connection_lost_in_the_middle_of_the_data_is_opened_again(extensions):
    large = [Envelope(1, "office@school.example", "family@home.example", (b"x" * 998 + b"\r\n") * 20_000)]
    with fault_server({"body": DROP}, {}, extensions=extensions) as server:
        assert results(send(server, large, timeout=5)) == [ACCEPTED]
        assert [len(content) for content in server.received] == [len(large[0].content)]
        assert server.connections == 2


def test_closing_instead_of_taking_a_message_is_no_hand_over(extensions):
    with fault_server({"dot": "421 4.3.2 Shutting down"}, {}, extensions=extensions) as server:
        assert results(send(server)) == [ACCEPTED] * 3
        assert subjects(server) == ["Subject: 1", "Subject: 2", "Subject: 3"]


@pytest.mark.parametrize("fault", [DROP, "421 4.3.2 Closing"])
def test_a_second_loss_postpones_the_message(extensions, fault):
    with fault_server({"rcpt": fault}, {"rcpt": fault}, {}, extensions=extensions) as server:
        outcomes = send(server)
        assert results(outcomes) == [POSTPONED, ACCEPTED, ACCEPTED]
        assert outcomes[0].reply
        assert server.connections == 3


@pytest.mark.parametrize("fault", [DROP, SILENT, "999 what"])
def test_no_answer_after_the_final_dot_is_uncertain_and_not_tried_again(extensions, fault):
    with fault_server({"dot 2": fault}, {}, extensions=extensions) as server:
        outcomes = send(server)
        assert results(outcomes) == [ACCEPTED, UNCERTAIN, ACCEPTED]
        assert outcomes[1].reply
        assert subjects(server) == ["Subject: 1", "Subject: 3"]
        assert server.connections == 2


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_server_that_falls_silent_is_left_and_called_again(extensions, step):
    with fault_server({step: SILENT}, {}, extensions=extensions) as server:
        assert results(send(server, envelopes(1))) == [ACCEPTED]
        assert server.connections == 2


def test_a_server_that_never_answers_quit_holds_nobody_up():
    with fault_server({"quit": SILENT}) as server:
        assert results(send(server)) == [ACCEPTED] * 3
    with fault_server({"quit": DROP}) as server:
        assert results(send(server)) == [ACCEPTED] * 3


def test_a_lost_reset_does_not_touch_the_outcome(extensions):
    with fault_server({"rcpt": "550 No", "rset": DROP}, {}, extensions=extensions) as server:
        assert results(send(server)) == [REFUSED, ACCEPTED, ACCEPTED]


def test_a_long_reply_is_kept_on_one_line_and_short():
    lines = "\r\n".join([f"550-5.7.1 Line {n} of the long story\x07" for n in range(100)] + ["550 5.7.1 The end"])
    with fault_server({"rcpt": lines}) as server:
        (outcome,) = send(server, envelopes(1))
    assert outcome.result == REFUSED
    assert outcome.reply.startswith("550 5.7.1 Line 0 of the long story 5.7.1 Line 1")
    assert len(outcome.reply) <= 1000
    assert outcome.reply.isprintable()


def test_an_endless_line_is_a_broken_connection():
    with fault_server({"rcpt": "550 " + "x" * 20_000}) as server:
        (outcome,) = send(server, envelopes(1))
    assert outcome.result == POSTPONED


def test_a_server_that_wants_a_login_first_stops_the_account():
    with fault_server({"mail": "530 5.7.0 Authentication required"}) as server, pytest.raises(AccountProblem) as caught:
        send(server)
    assert str(caught.value) == (
        "The server 127.0.0.1 wants a login or encryption before it takes mail: 530 5.7.0 Authentication required"
    )


def test_a_server_that_is_busy_is_not_pressed_and_nothing_is_burnt():
    with fault_server({"greeting": "421 4.7.0 Too many connections"}) as server:
        sent = []
        with pytest.raises(AccountBusy, match="takes no mail at the moment: 421"):
            send(server, sent=sent)
        assert sent == []
        assert server.connections == 1


@pytest.mark.parametrize("step", ["mail 2", "rcpt 2", "data 2", "dot 2"])
@pytest.mark.parametrize(
    "reply", ["451 4.7.0 Too many messages, slow down", "450 4.7.28 Unusual rate", "421 4.7.0 Rate limit exceeded"]
)
def test_a_server_that_wants_less_mail_stops_the_account_and_burns_nobody(extensions, step, reply):
    with fault_server({step: reply}, extensions=extensions) as server:
        sent = []
        with pytest.raises(AccountBusy, match="wants mail more slowly"):
            send(server, sent=sent)
        assert results(sent) == [ACCEPTED]


def test_a_mailbox_that_gets_too_much_is_no_trouble_of_the_account(extensions):
    with fault_server({"rcpt 2": "450 4.2.1 receiving mail at a rate limit"}, extensions=extensions) as server:
        assert results(send(server)) == [ACCEPTED, POSTPONED, ACCEPTED]


def test_a_server_that_goes_away_for_good_is_a_problem_of_the_account_and_the_sent_stay_sent():
    with fault_server({"mail 2": DROP}, {"greeting": "554 Gone"}) as server:
        sent = []
        with pytest.raises(AccountProblem, match="554 Gone"):
            send(server, sent=sent)
    assert results(sent) == [ACCEPTED]
    assert subjects(server) == ["Subject: 1"]


def test_a_restart_of_the_server_is_waited_for():
    with fault_server({"mail 2": DROP}, {"greeting": "554 Starting"}, {"greeting": DROP}, {}) as server:
        assert results(send(server)) == [ACCEPTED] * 3
        assert server.connections == 4


def test_pipelining_into_a_server_that_waits_for_data_without_a_recipient():
    script = {"rcpt 1": "550 No", "data 1": "354 Go ahead", "dot 1": "554 No recipients"}
    with fault_server(script, extensions=PIPELINING) as server:
        outcomes = send(server)
        assert results(outcomes) == [REFUSED, ACCEPTED, ACCEPTED]
        assert subjects(server) == ["Subject: 2", "Subject: 3"]


def test_size_and_8bit_are_said_only_where_they_are_offered():
    message = [Envelope(1, "a@school.example", "b@home.example", "Subject: x\r\n\r\nñ\r\n".encode())]
    with fault_server(extensions=("8BITMIME", "SIZE 1000")) as server:
        assert results(send(server, message)) == [ACCEPTED]
        assert f"MAIL FROM:<a@school.example> SIZE={len(message[0].content)} BODY=8BITMIME" in server.commands
    with fault_server() as server:
        (outcome,) = send(server, message)
        assert outcome.result == REFUSED
        assert server.received == []


@pytest.mark.parametrize(
    "recipient", ["a\r\nRCPT TO:<x@y.example>@b.example", "a@b\0.example", "", "josé@b.example", "a b"]
)
def test_an_impossible_recipient_is_refused_and_never_said(recipient):
    messages = [Envelope(1, "a@school.example", recipient, b"x\r\n"), *list(envelopes(2))[1:]]
    with fault_server() as server:
        outcomes = send(server, messages)
        assert results(outcomes) == [REFUSED, ACCEPTED]
        assert len([command for command in server.commands if command.startswith("RCPT")]) == 1


def test_an_impossible_sender_stops_the_account():
    with fault_server() as server, pytest.raises(AccountProblem, match="is not an email address"):
        send(server, [Envelope(1, "a\r\n@b", "x@y.example", b"x\r\n")])


@pytest.mark.parametrize(
    ("content", "wire"),
    [
        (b".\r\n..\r\nx\r\n", b"..\r\n...\r\nx\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n"),
        (b"a\r.\rb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"x\r\n.\r\nMAIL FROM:<>\r\n", b"x\r\n..\r\nMAIL FROM:<>\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_no_content_ends_the_data_early(content, wire):
    with fault_server() as server:
        outcomes = send(server, [Envelope(1, "a@school.example", "b@home.example", content)])
        assert results(outcomes) == [ACCEPTED]
        assert server.received == [wire]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"greeting": "554 5.7.1 Not you"}, "The server 127.0.0.1 refuses the connection: 554 5.7.1 Not you"),
        ({"greeting": "421 Busy"}, "The server 127.0.0.1 takes no mail at the moment: 421 Busy"),
        ({"greeting": DROP}, "closed the connection on port"),
        ({"ehlo": DROP}, "closed the connection on port"),
        ({"greeting": SILENT}, "does not answer on port"),
        ({"ehlo": "550 Who are you"}, "refuses the connection: 550 Who are you"),
    ],
)
def test_checking_an_account_says_what_is_wrong(script, words):
    with fault_server(script) as server, pytest.raises(AccountProblem, match=words):
        check_account(account(server))


@pytest.mark.parametrize(
    ("extensions", "script", "words"),
    [
        ((), {}, "offers no login"),
        (
            ("AUTH PLAIN",),
            {"auth": "535 5.7.8 Bad credentials"},
            "does not know this user name and password: 535 5.7.8",
        ),
        (("AUTH PLAIN",), {"auth": "454 4.7.0 Try again later"}, "takes no mail at the moment: 454"),
        (("AUTH GSSAPI",), {}, "offers no way to log in"),
    ],
)
def test_checking_a_login_says_what_is_wrong(extensions, script, words):
    with fault_server(script, extensions=extensions) as server, pytest.raises(AccountProblem, match=words):
        check_account(account(server, username="office", password="secret"))


def test_a_password_is_in_no_text_of_an_account():
    assert "secret" not in repr(SmtpAccount("mail.school.example", 25, "none", "office", "secret"))
