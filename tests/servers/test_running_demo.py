"""`bin/demo` from the outside: everything answers, everything is kept, everything stops together."""

import http.cookiejar
import json
import os
import re
import signal
import smtplib
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.servers.demo import ROOT, read_json, running_demo
from tests.servers.running import HOST, listens, stop

pytestmark = pytest.mark.server


def test_every_part_of_the_demo_is_well(demo):
    assert set(read_json(f"{demo.url}/healthz").values()) == {"ok"}
    assert set(read_json(f"{demo.url}/healthz")) == {"database", "broker", "worker", "sender", "scheduler"}


@pytest.mark.parametrize("role", ["administrator", "office", "teacher"])
def test_the_printed_logins_open_the_portal(demo, role):
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
    page = browser.open(f"{demo.url}/accounts/login/", timeout=10).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    form = {"login": demo.login(role), "password": demo.password, "csrfmiddlewaretoken": token[1] if token else ""}
    body = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(f"{demo.url}/accounts/login/", body, {"Referer": demo.url})
    assert browser.open(request, timeout=10).url == f"{demo.url}/o/almendral/"


def test_mail_for_the_sender_account_of_the_demo_is_caught(demo):
    ports = json.loads((demo.data / "mail" / "ports.json").read_text())
    with smtplib.SMTP(HOST, ports["smtp"], timeout=10) as server:
        server.sendmail("office@almendral.example", ["nuria@mail.example"], b"Subject: Caught\r\n\r\nText")
    assert [mail["subject"] for mail in demo.mails("nuria@mail.example")] == ["Caught"]


def test_a_second_demo_over_the_same_folder_says_why_it_does_not_start(demo):
    command = ["sh", str(ROOT / "bin" / "demo"), "--data", str(demo.data)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert f"A demo runs already with the folder {demo.data}." in second.stderr


def test_ctrl_c_stops_everything_and_a_second_start_finds_what_was_kept(tmp_path):
    data = tmp_path / "a folder with spaces"
    with running_demo(data, people=60, is_first_start=True) as first:
        first_children = _session_leaders(first.process.pid)
        stop(first.process, signal.SIGINT)
    assert first.process.returncode == 0
    assert first_children
    assert not any(Path(f"/proc/{pid}").exists() for pid in first_children)
    made = (data / "bedel.sqlite3").stat().st_ino
    with running_demo(data, people=60, is_first_start=True) as second:
        assert "left as they are" in (data / "log" / "school.log").read_text()
        assert set(read_json(f"{second.url}/healthz").values()) == {"ok"}
    assert (data / "bedel.sqlite3").stat().st_ino == made


def test_when_one_part_dies_all_stop_and_its_words_are_shown(tmp_path):
    data = tmp_path / "data"
    with running_demo(data) as running:
        portal_port = urllib.parse.urlsplit(running.url).port
        (catcher,) = (pid for pid in _session_leaders(running.process.pid) if "catcher" in _command(pid))
        os.kill(catcher, signal.SIGKILL)
        assert running.process.wait(30) == 1
    assert "The catcher stopped" in (tmp_path / "demo.log").read_text()
    assert not listens(portal_port)


def _session_leaders(parent: int) -> list[int]:
    """The children of a process: the parts of the demo."""
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
