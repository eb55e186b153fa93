"""The catcher keeps every mail, shows it as its reader sees it, and plays a server that does not know somebody."""

import smtplib
import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest

from apps.channels.email.catcher import Catcher, free_port
from tests.servers.demo import read_json
from tests.servers.running import HOST


def read(url: str) -> tuple[str, dict]:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as response:
        return response.read().decode(), dict(response.headers)


def letter(to: str, subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "office@school.example", to, subject
    message.set_content("Answer at https://portal.example/p/a/1?x=1&y=2")
    message.add_alternative('<html><head></head><body><a href="https://portal.example/">Yes</a></body></html>', "html")
    return message


def send(catcher: Catcher, *messages: EmailMessage) -> None:
    with smtplib.SMTP(HOST, catcher.smtp_port, timeout=10) as server:
        for message in messages:
            server.send_message(message)


def test_mails_are_listed_newest_first_and_found_by_recipient_or_subject(catcher):
    send(catcher, letter("nuria@mail.example", "Excursión"), letter("joan@mail.example", "100% attendance"))
    listed = read_json(f"{catcher.url}/mails.json")
    assert [mail["recipient"] for mail in listed["mails"]] == ["joan@mail.example", "nuria@mail.example"]
    assert read_json(f"{catcher.url}/count.json") == {"count": 2}
    for search, count in (("NURIA", 1), ("EXCURSI%C3%93N", 1), ("100%25", 1), ("_", 0), ("mail.example", 2)):
        assert read_json(f"{catcher.url}/count.json?q={search}") == {"count": count}, search
    page, _headers = read(f"{catcher.url}/?q=nuria")
    assert "Excursión" in page
    assert "100% attendance" not in page


def test_the_list_has_pages_of_a_hundred(catcher):
    send(catcher, *(letter("nuria@mail.example", f"Notice {number:03}") for number in range(101)))
    first, second = (read(f"{catcher.url}/?page={page}")[0] for page in (1, 2))
    assert "Notice 100" in first
    assert "Notice 000" not in first
    assert "Notice 000" in second


def test_a_mail_is_shown_without_its_scripts_and_its_links_open_in_a_new_tab(catcher):
    send(catcher, letter("nuria@mail.example", "<b>Trip</b>"))
    page, _headers = read(f"{catcher.url}/mail/1/")
    assert "&lt;b&gt;Trip&lt;/b&gt;" in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert 'href="https://portal.example/p/a/1?x=1&amp;y=2" target="_blank"' in page
    html, headers = read(f"{catcher.url}/mail/1/html")
    assert html.startswith('<html><head><base target="_blank"></head>')
    assert "sandbox allow-popups" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    raw, headers = read(f"{catcher.url}/mail/1/raw")
    assert raw.startswith("From: office@school.example")
    assert headers["Content-Type"].startswith("text/plain")


def test_an_attachment_can_be_taken_out(catcher):
    message = letter("nuria@mail.example", "Menu")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="menú.pdf")
    send(catcher, message)
    assert "menú.pdf" in read(f"{catcher.url}/mail/1/")[0]
    content, headers = read(f"{catcher.url}/mail/1/part/0")
    assert content == "%PDF-1.7"
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''men%C3%BA.pdf"


@pytest.mark.parametrize("path", ["/mail/9/", "/mail/9/raw", "/mail/1/part/5", "/elsewhere", "/mail/../index.sqlite3"])
def test_what_is_not_there_is_not_found(catcher, path):
    send(catcher, letter("nuria@mail.example", "Notice"))
    with pytest.raises(urllib.error.HTTPError) as error:
        read(f"{catcher.url}{path}")
    assert error.value.code == 404


def test_a_mail_with_an_unheard_of_charset_is_still_shown(catcher):
    head = b"Subject: Odd\r\nContent-Type: text/html; charset=x-nobody\r\n\r\n"
    with smtplib.SMTP(HOST, catcher.smtp_port, timeout=10) as server:
        server.sendmail("office@school.example", ["nuria@mail.example"], head + "<p>Núria</p>".encode())
    assert "Núria" in read(f"{catcher.url}/mail/1/html")[0]


@pytest.mark.parametrize("recipient", ["unknown@garcia.example", "Unknown@x.example", "bounce-7@x.example"])
def test_addresses_made_to_fail_are_refused(catcher, recipient):
    with smtplib.SMTP(HOST, catcher.smtp_port, timeout=10) as server:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            server.send_message(letter(recipient, "Notice"))
        server.send_message(letter("nuria@mail.example", "Notice"))
    assert refused.value.recipients[recipient] == (550, b"5.1.1 No mailbox here by that name")
    assert read_json(f"{catcher.url}/count.json") == {"count": 1}


def test_mails_are_still_there_after_a_restart(tmp_path):
    for number in (1, 2):
        with Catcher(tmp_path) as catcher:
            send(catcher, letter("nuria@mail.example", f"Notice {number}"))
            subjects = [mail["subject"] for mail in read_json(f"{catcher.url}/mails.json")["mails"]]
    assert subjects == ["Notice 2", "Notice 1"]


def test_a_taken_port_is_passed_over(catcher):
    assert free_port(catcher.smtp_port) != catcher.smtp_port


def test_two_catchers_that_want_the_same_ports_get_different_ones(tmp_path):
    wanted = free_port()
    with Catcher(tmp_path / "a", wanted, wanted + 1) as first, Catcher(tmp_path / "b", wanted, wanted + 1) as second:
        ports = {first.smtp_port, first.web_port, second.smtp_port, second.web_port}
        send(second, letter("nuria@mail.example", "Notice"))
        assert (first.store.count(), second.store.count()) == (0, 1)
    assert len(ports) == 4
