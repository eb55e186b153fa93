"""The whole demo as a person starts it, in a temporary folder: portal, worker, scheduler and catcher."""

import json
import os
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apps.portal.demo.logins import PASSWORD, login

from .running import HOST, child, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]


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


@contextmanager
def running_demo(data: Path, people: int = 200) -> Iterator[RunningDemo]:
    """Run the demo until the block ends; yields once /healthz answers 200."""
    port, log = free_port(), data.parent / "demo.log"
    log.unlink(missing_ok=True)
    options = ["--port", str(port), "--data", str(data), "--people", str(people)]
    command = ["sh", str(ROOT / "bin" / "demo"), *options]
    with child(command, log, cwd=ROOT, env=_environment()) as process:
        wait_until(lambda: "Bedel is ready" in log.read_text(errors="replace"), process, log, seconds=90)
        ports = json.loads((data / "mail" / "ports.json").read_text())
        url = log.read_text().partition("Bedel is ready:")[2].split()[0]
        yield RunningDemo(url, f"http://{HOST}:{ports['web']}", data, process)


def _environment() -> dict[str, str]:
    """The person's environment, without what the test run has set for itself."""
    ours = ("BEDEL_MODE", "DATA_DIR", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if name not in ours} | {"PYTHONUNBUFFERED": "1"}


def read_json(url: str) -> dict:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as response:
        return json.load(response)
