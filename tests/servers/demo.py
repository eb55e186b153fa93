"""The whole demo as a person starts it, in a temporary folder: portal, worker, scheduler and catcher."""

import json
import os
import shutil
import sqlite3
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from apps.portal.demo.logins import PASSWORD, login

from .prepared import ROOT, fingerprint, manage, migrated_sqlite, of_the_migrations, prepared
from .running import HOST, child, free_port, wait_until

# A school of more than six hundred families.
PEOPLE = 1800


@dataclass(frozen=True)
class RunningDemo:
    """`url` of the portal, `catcher_url` of the page with the caught mails."""

    url: str
    catcher_url: str
    data: Path
    process: subprocess.Popen
    password: str = PASSWORD

    def login(self, role: str = "office", slug: str = "almendral") -> str:
        return login(slug, role)

    def mails(self, search: str = "") -> list[dict]:
        """The newest hundred caught mails with `search` in a recipient or the subject."""
        return read_json(f"{self.catcher_url}/mails.json?{urllib.parse.urlencode({'q': search})}")["mails"]

    def count(self, search: str = "") -> int:
        return read_json(f"{self.catcher_url}/count.json?{urllib.parse.urlencode({'q': search})}")["count"]

    def keep(self) -> None:
        """Keep the database as it is, for `begin_anew`."""
        _copy_rows(self.data / "bedel.sqlite3", self.data / "kept.sqlite3")

    def begin_anew(self) -> None:
        """Give the schools back what they had at the start, under the running processes: all of it in one transaction.

        It takes a moment; starting another demo takes as long as a file of tests.
        """
        _copy_rows(self.data / "kept.sqlite3", self.data / "bedel.sqlite3")
        shutil.rmtree(self.data / "cache", ignore_errors=True)


def _copy_rows(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as rows, closing(sqlite3.connect(target, timeout=30)) as other:
        rows.backup(other)


@contextmanager
def running_demo(data: Path, people: int = PEOPLE, is_first_start: bool = False) -> Iterator[RunningDemo]:
    """Run the demo until the block ends; yields once /healthz answers 200.

    It finds its two schools as a former start has left them, unless `is_first_start`.
    """
    if not is_first_start:
        copy_schools(data, people)
    port, log = free_port(), data.parent / "demo.log"
    log.unlink(missing_ok=True)
    options = ["--port", str(port), "--data", str(data), "--people", str(people)]
    command = ["sh", str(ROOT / "bin" / "demo"), *options]
    with child(command, log, cwd=ROOT, env=_environment()) as process:
        wait_until(lambda: "Bedel is ready" in log.read_text(errors="replace"), process, log, seconds=90)
        ports = json.loads((data / "mail" / "ports.json").read_text())
        url = log.read_text().partition("Bedel is ready:")[2].split()[0]
        running = RunningDemo(url, f"http://{HOST}:{ports['web']}", data, process)
        running.keep()
        yield running


def copy_schools(data: Path, people: int) -> None:
    """Put the demo schools into the folder `data`, made once for all who ask."""

    def load(folder: Path) -> None:
        with migrated_sqlite() as migrated:
            shutil.copy(migrated, folder)
        options = ("--people", str(people), "--smtp-port", "8025")
        manage(folder, f"sqlite:///{folder / 'bedel.sqlite3'}", "load_demo", *options, mode="demo")

    # The schools have the year in which they were made.
    made_of = fingerprint((ROOT / "apps").rglob("*.py"), of_the_migrations(), date.today().isoformat())
    with prepared(f"demo of {people}", made_of, load) as folder:
        data.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "bedel.sqlite3", data)


def _environment() -> dict[str, str]:
    """The person's environment, without what the test run has set for itself."""
    ours = ("BEDEL_MODE", "DATA_DIR", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if name not in ours} | {"PYTHONUNBUFFERED": "1"}


def read_json(url: str) -> dict:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as response:
        return json.load(response)
