"""Each real server of this folder starts, answers and stops."""

import smtplib
import time
from email.message import EmailMessage

import psycopg
import pytest
import redis

from tests.servers.postgresql import postgresql
from tests.servers.running import HOST

pytestmark = pytest.mark.server


def letter(to: str, subject: str = "Notice") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "office@school.example", to, subject
    message.set_content("Tomorrow there is no school.")
    return message


def test_postgresql_starts_and_answers():
    with postgresql() as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 6 * 7").fetchone() == (42,)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)


def test_redis_starts_and_answers(redis_url):
    client = redis.Redis.from_url(redis_url)
    client.set("key", "value")
    assert client.get("key") == b"value"


def test_a_mail_goes_through_postfix(postfix):
    with smtplib.SMTP(HOST, postfix.port, timeout=10) as server:
        server.send_message(letter("nuria@mail.example", "Excursión"))
    deadline = time.monotonic() + 20
    while not postfix.mails() and time.monotonic() < deadline:
        time.sleep(0.1)
    (mail,) = postfix.mails()
    assert b"Tomorrow there is no school." in mail
    assert b"Delivered-To: nuria@mail.example" in mail


@pytest.mark.parametrize(("recipient", "code"), [("unknown@a.example", 550), ("busy@a.example", 450)])
def test_postfix_refuses_the_recipients_it_is_told_to_refuse(postfix, recipient, code):
    with (
        smtplib.SMTP(HOST, postfix.port, timeout=10) as server,
        pytest.raises(smtplib.SMTPRecipientsRefused) as refused,
    ):
        server.send_message(letter(recipient))
    assert refused.value.recipients[recipient][0] == code
