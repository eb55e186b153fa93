"""The SMTP channel against real servers: TLS, STARTTLS, login, the catcher, Postfix."""

import ssl
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from apps.channels.email.mime import Attachment, MailContent, compile_message
from apps.channels.email.smtp import Envelope, SmtpAccount, check_account, send_all
from apps.channels.outcomes import AccountProblem, Result
from apps.core.merge_tags import compile_template
from tests.servers.running import free_port

from .certificates import write_certificate

USER, PASSWORD = "office@school.example", "contraseña: ñ€"


class Keeper:
    def __init__(self):
        self.envelopes = []

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append(envelope)
        return "250 2.0.0 Kept"


class ImplicitTls(Controller):
    def __init__(self, handler, certificate_context, **options):
        super().__init__(handler, hostname="127.0.0.1", port=free_port(), ssl_context=certificate_context, **options)


class Plain(Controller):
    def __init__(self, handler, **options):
        super().__init__(handler, hostname="127.0.0.1", port=free_port(), **options)


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False)


@contextmanager
def running(controller):
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def certificate(tmp_path):
    return write_certificate(tmp_path)


@pytest.fixture
def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate):
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture
def keeper():
    return Keeper()


LOGIN = {"authenticator": authenticate, "auth_required": True}


@pytest.fixture(params=["starttls", "tls"])
def secure_server(request, keeper, server_context):
    if request.param == "tls":
        controller = ImplicitTls(keeper, server_context, auth_require_tls=False, **LOGIN)
    else:
        controller = Plain(keeper, tls_context=server_context, require_starttls=True, **LOGIN)
    with running(controller) as port:
        yield SmtpAccount("127.0.0.1", port, request.param, USER, PASSWORD, timeout=5)


def letter(key=1, recipient="family@home.example", **content):
    compiled = compile_message(
        MailContent("Colegio Sol", "office@school.example", **content),
        subject=compile_template("Excursión", "header"),
        html=compile_template("<p>¡Hola!</p>\n.\n<p>{{ bye }}</p>", "html"),
        text=compile_template("¡Hola!\n.\n..\nFrom here", "text"),
    )
    raw = compiled.build(
        {"bye": "Adiós"},
        to_name="Ana Núñez",
        to_email=recipient,
        message_id=f"<{key}@school.example>",
        date=datetime.now(UTC),
    )
    return Envelope(key, "office@school.example", recipient, raw)


def send(account, *envelopes, context=None):
    return send_all(account, envelopes, context=context)


def without(account, **changes):
    fields = {name: getattr(account, name) for name in ("host", "port", "security", "username", "password", "timeout")}
    return SmtpAccount(**fields | changes)


def test_mail_goes_over_tls_after_a_login_with_any_letters(secure_server, trusting, keeper):
    check_account(secure_server, context=trusting)
    large = letter(1, attachments=(Attachment("a.bin", "application/octet-stream", bytes(range(256)) * 8000),))
    outcomes = send(secure_server, large, letter(2), context=trusting)
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 2
    assert [envelope.rcpt_tos for envelope in keeper.envelopes] == [["family@home.example"]] * 2
    assert keeper.envelopes[0].content == large.content


def test_a_certificate_nobody_vouches_for_stops_before_the_password_is_said(secure_server, keeper):
    with pytest.raises(AccountProblem, match=r"The certificate of the server 127\.0\.0\.1 is not valid"):
        send(secure_server, letter())
    assert keeper.envelopes == []


def test_a_certificate_for_another_server_is_not_taken(secure_server, tmp_path, keeper, server_context):
    (tmp_path / "other").mkdir()
    other = write_certificate(tmp_path / "other", address="192.0.2.1")
    server_context.load_cert_chain(other)
    with pytest.raises(AccountProblem, match="is not valid"):
        check_account(secure_server, context=ssl.create_default_context(cafile=str(other)))


def test_a_wrong_password_is_said_plainly(secure_server, trusting, keeper):
    wrong = without(secure_server, password="wrong")
    with pytest.raises(AccountProblem) as caught:
        send(wrong, letter(), context=trusting)
    sentence = str(caught.value)
    assert sentence.startswith("The server 127.0.0.1 does not know this user name and password: 535")
    assert "wrong" not in sentence
    assert keeper.envelopes == []


def test_a_missing_login_is_said_plainly(secure_server, trusting, keeper):
    with pytest.raises(AccountProblem, match="wants a login or encryption before it takes mail: 530"):
        send(without(secure_server, username="", password=""), letter(), context=trusting)


def test_login_by_the_older_method(keeper):
    controller = Plain(keeper, auth_require_tls=False, auth_exclude_mechanism=["PLAIN"], **LOGIN)
    with running(controller) as port:
        account = SmtpAccount("127.0.0.1", port, "none", USER, PASSWORD, timeout=5)
        assert send(account, letter())[0].result == Result.ACCEPTED
        with pytest.raises(AccountProblem, match="does not know this user name"):
            check_account(without(account, password="wrong"))


def test_the_wrong_kind_of_security_is_said_plainly(keeper, server_context, trusting):
    with running(Plain(keeper)) as port:
        with pytest.raises(AccountProblem, match="offers no STARTTLS on port"):
            check_account(SmtpAccount("127.0.0.1", port, "starttls", timeout=5))
        with pytest.raises(AccountProblem, match="does not speak TLS on port"):
            check_account(SmtpAccount("127.0.0.1", port, "tls", timeout=5))
    with running(ImplicitTls(keeper, server_context)) as port, pytest.raises(AccountProblem, match="does not answer"):
        check_account(SmtpAccount("127.0.0.1", port, "none", timeout=0.5))


def test_a_server_that_is_not_there_is_said_plainly():
    with pytest.raises(AccountProblem, match=r"There is no server with the name mail\.school\.invalid\."):
        check_account(SmtpAccount("mail.school.invalid", 25, "none", timeout=5))
    with pytest.raises(AccountProblem, match="There is no server with the name"):
        check_account(SmtpAccount("a" * 70 + ".example", 25, "none", timeout=5))
    with pytest.raises(AccountProblem, match=r"The server 127\.0\.0\.1 takes no connection on port 1\."):
        check_account(SmtpAccount("127.0.0.1", 1, "none", timeout=5))


def test_a_sentence_can_be_put_into_another_language():
    with pytest.raises(AccountProblem) as caught:
        check_account(SmtpAccount("127.0.0.1", 1, "none", timeout=5))
    problem = caught.value
    assert problem.message == "The server %(host)s takes no connection on port %(port)s."
    assert problem.message % problem.values == str(problem)


def test_a_message_arrives_as_it_was_built(keeper):
    large = Attachment("Menú.pdf", "application/pdf", bytes(range(256)) * 4000)
    envelope = letter(attachments=(large,))
    with running(Plain(keeper)) as port:
        assert send(SmtpAccount("127.0.0.1", port, "none"), envelope)[0].result == Result.ACCEPTED
    assert keeper.envelopes[0].content == envelope.content


def test_a_message_above_the_size_limit_is_refused_and_the_next_one_goes(keeper):
    large = letter(1, attachments=(Attachment("a.bin", "application/octet-stream", bytes(60_000)),))
    with running(Plain(keeper, data_size_limit=50_000)) as port:
        outcomes = send(SmtpAccount("127.0.0.1", port, "none"), large, letter(2))
    assert [outcome.result for outcome in outcomes] == [Result.REFUSED, Result.ACCEPTED]
    assert outcomes[0].reply.startswith("552")


def test_a_server_from_before_1995_without_ehlo(keeper):
    class OldServer(SMTP):
        async def smtp_EHLO(self, hostname):
            await self.push("502 Not implemented")

    class Old(Plain):
        def factory(self):
            return OldServer(self.handler)

    with running(Old(keeper)) as port:
        assert send(SmtpAccount("127.0.0.1", port, "none"), letter())[0].result == Result.ACCEPTED


@pytest.mark.server
def test_the_catcher_keeps_what_it_takes_and_refuses_unknown(catcher):
    account = SmtpAccount("127.0.0.1", catcher.smtp_port, "none")
    outcomes = send(account, letter(1), letter(2, "unknown@home.example"), letter(3))
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED, Result.REFUSED, Result.ACCEPTED]
    assert outcomes[1].reply.startswith("550 5.1.1")


@pytest.mark.server
def test_postfix_takes_refuses_and_postpones(postfix):
    check_account(SmtpAccount("127.0.0.1", postfix.port, "none"))
    recipients = [
        "one@home.example",
        "unknown@home.example",
        "busy@home.example",
        "full@home.example",
        "two@home.example",
    ]
    envelopes = [letter(key, recipient) for key, recipient in enumerate(recipients, 1)]
    outcomes = send(SmtpAccount("127.0.0.1", postfix.port, "none"), *envelopes)
    assert [(outcome.key, outcome.result) for outcome in outcomes] == [
        (1, Result.ACCEPTED),
        (2, Result.REFUSED),
        (3, Result.POSTPONED),
        (4, Result.REFUSED),
        (5, Result.ACCEPTED),
    ]
    assert "queued as" in outcomes[0].reply
    assert outcomes[2].reply.startswith("450 4.2.1")
    arrived = {mail["To"].addresses[0].addr_spec: mail for mail in arrived_at(postfix, 2)}
    assert set(arrived) == {"one@home.example", "two@home.example"}
    assert arrived["two@home.example"].get_body(("plain",)).get_content() == "¡Hola!\n.\n..\nFrom here"


def arrived_at(postfix, count):
    deadline = time.monotonic() + 20
    while len(postfix.mails()) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    return [message_from_bytes(mail, policy=policy.default) for mail in postfix.mails()]
