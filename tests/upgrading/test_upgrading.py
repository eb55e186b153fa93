"""A database of an older commit, of two schools in the middle of their work, goes on under this one.

The databases lie in `dumps/`; make_dump.py says what is in them, and how they are made.
"""

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest

from tests.servers.answering_smtp import answering_server
from tests.servers.postgresql import empty_database, postgresql

pytestmark = pytest.mark.server

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INSIDE = "import django; django.setup(); from tests.upgrading import installation; installation.main()"


@dataclass(frozen=True)
class Upgraded:
    """What an upgraded installation was when it had been migrated (`found`), and what it did then (`course`).

    `expected`: what the older commit had said of the same database; `promised`: what families and mail servers held.
    """

    expected: dict
    promised: dict
    found: dict
    course: dict
    received: list[tuple[str, EmailMessage]]

    @property
    def after(self) -> dict:
        return self.course["after"]

    def recipients(self, subject: str) -> list[str]:
        return sorted(recipient for recipient, letter in self.received if letter["Subject"] == subject)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def upgraded(request, tmp_path_factory) -> Iterator[Upgraded]:
    known = json.loads((HERE / "dumps" / f"{request.param}.json").read_text())
    data = tmp_path_factory.mktemp(request.param)
    (data / "static").mkdir()  # WhiteNoise warns where it is missing
    shutil.copytree(HERE / "dumps" / f"{request.param}.files", data, dirs_exist_ok=True)
    if request.param == "sqlite":
        yield _gone_on(known, data, _restored_sqlite(data / "bedel.sqlite3"))
    else:
        with postgresql() as url:
            yield _gone_on(known, data, _restored_postgresql(empty_database(url, "older")))


def _restored_sqlite(file: Path) -> str:
    connection = sqlite3.connect(file)
    connection.executescript(_sql("sqlite"))
    connection.close()
    return f"sqlite:///{file}"


def _restored_postgresql(url: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_sql("postgresql").encode())
        connection.execute("ANALYZE")  # as any database that has run for a while: else it plans for empty tables
    return url


def _sql(database: str) -> str:
    return gzip.decompress((HERE / "dumps" / f"{database}.sql.gz").read_bytes()).decode()


def _gone_on(known: dict, data: Path, database_url: str) -> Upgraded:
    """Migrate the database; look at it; let the mail server take what is due."""
    run = _runner(known, data, database_url)
    run("manage.py", "migrate", "--verbosity", "0")
    found = json.loads(run("-c", INSIDE, "look"))
    with answering_server() as (server, port):
        course = json.loads(run("-c", INSIDE, "go_on", str(port)))
    return Upgraded(known["expected"], known["promised"], found, course, server.received)


def _runner(known: dict, data: Path, database_url: str) -> Callable[..., str]:
    """`run("manage.py", "migrate")` in the installation: returns what it prints, and fails with its words."""
    environment = os.environ | {
        "BEDEL_MODE": "test",
        "SECRET_KEY": known["secret_key"],
        "SITE_URL": "http://127.0.0.1:8000",
        "DATA_DIR": str(data),
        "DATABASE_URL": database_url,
        "BROKER_URL": "filesystem://",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "LOG_LEVEL": "ERROR",
        "PROMISED_LINKS": json.dumps(known["promised"]["links"]),
    }

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{' '.join(arguments)} failed:\n{done.stderr[-4000:]}"
        return done.stdout

    return run


def test_nobody_and_nothing_is_lost(upgraded):
    for label, number in upgraded.expected["rows"].items():
        assert upgraded.found["rows"].get(label) == number, label
    for part in ("mailings", "deliveries", "half_sent", "test_copies"):
        assert upgraded.found[part] == upgraded.expected[part], part


def test_the_answers_of_families_are_kept(upgraded):
    assert len(upgraded.expected["answers"]) >= 18
    assert upgraded.found["answers"] == upgraded.expected["answers"]


def test_the_secrets_of_accounts_can_be_read(upgraded):
    assert upgraded.expected["secrets"]["Old server"] == {"password": "the old password"}
    assert upgraded.found["secrets"] == upgraded.expected["secrets"]


def test_a_draft_with_every_kind_of_entry_leads_to_the_same_people_and_the_same_letter(upgraded):
    assert upgraded.expected["draft"]["getting"] > 20
    found = upgraded.found["draft"]
    for part in ("obstacles", "about_files"):  # in the words of today
        assert len(found.pop(part)) == len(upgraded.expected["draft"][part]), part
    assert found == {part: upgraded.expected["draft"][part] for part in found}


def test_members_log_in_with_their_passwords(upgraded):
    inside = {path for email, path in upgraded.course["logins"].items() if email.endswith("@almendral.example")}
    assert inside == {"/o/almendral/"}
    assert len(upgraded.course["logins"]) >= 7


@pytest.mark.parametrize(("when", "fewest"), [("pages_before", 60), ("pages_after", 20)])
def test_every_page_opens_while_much_is_on_its_way_and_when_all_is_sent(upgraded, when, fewest):
    assert len(upgraded.course[when]) > fewest
    assert {path: status for path, status in upgraded.course[when].items() if status != 200} == {}


def test_links_in_letters_that_were_sent_long_ago_still_open_and_their_buttons_do_what_they_say(upgraded):
    assert len(upgraded.promised["links"]) == 4
    assert upgraded.course["links"] == {name: [200, 200] for name in upgraded.promised["links"]}
    assert upgraded.after["rows"]["surveys.Answer"] == upgraded.expected["rows"]["surveys.Answer"] + 1
    assert upgraded.after["rows"]["targetlists.OptOut"] == upgraded.expected["rows"]["targetlists.OptOut"] + 1


def test_a_message_that_was_half_sent_goes_on_to_its_end_and_nobody_gets_it_twice(upgraded):
    half_sent = upgraded.promised["half_sent"]
    waited = {address for address, state in upgraded.expected["half_sent"].items() if state == "waiting"}
    assert len(waited) > 20
    assert upgraded.recipients("Half sent") == sorted(waited - set(half_sent["heard"]))
    assert upgraded.course["ticks"] > 0
    assert upgraded.after["mailings"]["Half sent"][0] == "done"
    for address, before in upgraded.expected["half_sent"].items():
        expected = "sent" if before == "waiting" else before
        assert upgraded.after["half_sent"][address] == expected, address


def test_what_may_be_a_repeat_bears_the_message_id_under_which_it_left_before(upgraded):
    letters = {to: letter for to, letter in upgraded.received if letter["Subject"] == "Half sent"}
    for address, letter in letters.items():
        assert letter["Message-ID"] == upgraded.promised["half_sent"]["message_ids"][address]


def test_of_certified_mail_what_a_lost_worker_had_in_hand_is_uncertain_and_the_rest_waits_for_its_channel(upgraded):
    in_hand = upgraded.promised["certified"]["in_flight"]
    before = upgraded.expected["deliveries"]["Posta certificata"]
    assert before["in_flight"] == len(in_hand) == 2
    assert upgraded.recipients("Posta certificata") == []
    after = upgraded.after["deliveries"]["Posta certificata"]
    assert (after["uncertain"], after["sent"], after["waiting"]) == (2, before["sent"], before["waiting"])
    state, _starts_at, problem = upgraded.after["mailings"]["Posta certificata"]
    assert state == "stopped"
    assert "cannot send this kind of message" in problem


@pytest.mark.parametrize("subject", ["A letter to the future", "Lunch is late today", "From the old server"])
def test_what_waits_or_stands_still_does_so_after_the_upgrade(upgraded, subject):
    assert upgraded.after["mailings"][subject][:2] == upgraded.expected["mailings"][subject][:2]
    assert upgraded.after["deliveries"][subject] == upgraded.expected["deliveries"][subject]
    assert upgraded.recipients(subject) == []


def test_the_test_copy_that_waited_is_sent(upgraded):
    assert upgraded.expected["test_copies"] == [["direccion@almendral.example", "waiting"]]
    assert upgraded.after["test_copies"] == [["direccion@almendral.example", "sent"]]
    (copy,) = (letter for to, letter in upgraded.received if to == "direccion@almendral.example")
    assert {part.get_filename() for part in copy.iter_attachments()} == {"horario.csv", "plano del autobús.txt"}
