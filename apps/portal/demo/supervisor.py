"""Starts the catcher, the portal and the worker of the demo, watches them, and stops them all together.

Needs the standard library and the catcher alone: Django runs in the children, with an environment of its own.
"""

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from apps.channels.email.catcher import HOST, free_port

from .logins import PASSWORD, ROLES, SCHOOL_NAMES, login

ROOT = Path(__file__).resolve().parents[3]
READY_WITHIN_SECONDS = 90
STOP_WITHIN_SECONDS = 10
CATCHER_SMTP_PORT, CATCHER_WEB_PORT = 8025, 8026


class DemoProblem(Exception):
    """A sentence that says why the demo does not run."""


class Demo:
    """One run of the demo over the folder `data`."""

    def __init__(self, data: Path, port: int, people: int):
        self.data, self.people = data, people
        self.wanted_port = port
        self.children: dict[str, subprocess.Popen] = {}
        self.stopping = threading.Event()

    def run(self) -> int:
        """Run until a signal asks to stop; return the exit status. Raises DemoProblem."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())
        with self._lock():
            try:
                self._start()
                self._watch()
            finally:
                self._stop()
        return 0

    def _lock(self) -> IO[str]:
        """Hold the folder; two demos over one database would send each other's mail. Raises DemoProblem."""
        try:
            for folder in ("log", "static"):
                (self.data / folder).mkdir(parents=True, exist_ok=True)
            lock = (self.data / "demo.lock").open("w")
        except OSError as error:
            raise DemoProblem(f"The folder {self.data} cannot be used: {error.strerror}.") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise DemoProblem(f"A demo runs already with the folder {self.data}. Stop it, or use --data.") from None
        return lock

    def _start(self) -> None:
        self.port = free_port(self.wanted_port)
        if self.port != self.wanted_port:
            print(f"Port {self.wanted_port} is taken; the portal answers on {self.port}.")
        self.url = f"http://{HOST}:{self.port}"
        self.catcher = self._start_catcher()
        self.environment = self._environment()
        self._finish("migrate", "manage.py", "migrate", "--verbosity", "0")
        self._finish("school", "manage.py", "load_demo", *self._load_options())
        self._spawn(
            "portal", "-m", "granian", "--interface", "wsgi", *self._portal_options(), "config.wsgi:application"
        )
        celery = ("-m", "celery", "-A", "config", "worker", "-c", "1", "-l", "warning")
        self._spawn("worker", *celery, "-Q", "celery", "-B", "-n", "worker@%h")
        self._spawn("sender", *celery, "-Q", "sending", "-n", "sender@%h")
        self._wait_until_ready()

    def _start_catcher(self) -> dict[str, int]:
        """Start the catcher; return its ports once it has bound them."""
        folder = self.data / "mail"
        ports = folder / "ports.json"
        ports.unlink(missing_ok=True)
        self.environment = os.environ | {"PYTHONPATH": str(ROOT)}
        wanted = ("--smtp-port", str(CATCHER_SMTP_PORT), "--web-port", str(CATCHER_WEB_PORT))
        self._spawn("catcher", "-m", "apps.channels.email.catcher", "--folder", str(folder), *wanted)
        while not self.stopping.wait(0.05):
            self._complain_of_the_dead()
            if ports.exists() and (content := ports.read_text()):
                return json.loads(content)
        raise DemoProblem("Stopped before the demo was ready.")

    def _environment(self) -> dict[str, str]:
        """What the children see: nothing of a .env or of the shell's settings can lead the demo to a real server."""
        return self.environment | {
            "BEDEL_MODE": "demo",
            "DATA_DIR": str(self.data),
            "DATABASE_URL": f"sqlite:///{self.data / 'bedel.sqlite3'}",
            "BROKER_URL": "filesystem://",
            "EMAIL_URL": f"smtp://{HOST}:{self.catcher['smtp']}",
            "SECRET_KEY": self._secret_key(),
            "SITE_URL": self.url,
            "ALLOWED_HOSTS": f"{HOST},localhost",
            "DEBUG": "false",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def _secret_key(self) -> str:
        """The key of this folder, made at its first start."""
        path = self.data / "secret-key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(50))
        return path.read_text()

    def _load_options(self) -> tuple[str, ...]:
        return ("--people", str(self.people), "--smtp-port", str(self.catcher["smtp"]))

    def _portal_options(self) -> tuple[str, ...]:
        return ("--host", HOST, "--port", str(self.port), "--workers", "1", "--blocking-threads", "4")

    def _finish(self, name: str, *command: str) -> None:
        """Run a command to its end. Raises DemoProblem with its last words when it fails."""
        child = self._spawn(name, *command)
        while child.poll() is None:
            if self.stopping.wait(0.05):
                raise DemoProblem("Stopped before the demo was ready.")
        if child.returncode:
            raise DemoProblem(f"The demo could not start ({name}):\n{self._last_words(name)}")
        del self.children[name]

    def _spawn(self, name: str, *command: str) -> subprocess.Popen:
        """Start `python command` in a session of its own: Ctrl-C reaches the supervisor, who stops them in order."""
        with (self.data / "log" / f"{name}.log").open("wb") as log:
            self.children[name] = subprocess.Popen(
                (sys.executable, *command),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.children[name]

    def _last_words(self, name: str) -> str:
        lines = (self.data / "log" / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-25:])

    def _complain_of_the_dead(self) -> None:
        for name, child in self.children.items():
            if child.poll() is not None:
                raise DemoProblem(f"The {name} stopped (exit status {child.returncode}):\n{self._last_words(name)}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        health = ""
        while not self.stopping.wait(0.2):
            self._complain_of_the_dead()
            ready, health = _health(f"{self.url}/healthz")
            if ready:
                return self._greet()
            if time.monotonic() > deadline:
                raise DemoProblem(f"The demo was not ready after {READY_WITHIN_SECONDS} seconds: {health}")
        raise DemoProblem(f"Stopped before the demo was ready. {health}")

    def _greet(self) -> None:
        width = max(map(len, SCHOOL_NAMES.values()))
        print(f"\nBedel is ready:  {self.url}\nCaught mail:     http://{HOST}:{self.catcher['web']}\n")
        for slug, name in SCHOOL_NAMES.items():
            print("\n".join(f"  {name:{width}}  {login(slug, role)}" for role in ROLES))
        print(f"\nThe password of all of them is {PASSWORD}. No mail leaves this machine.")
        print(f"Everything is kept in {self.data}. Ctrl-C stops.", flush=True)

    def _watch(self) -> None:
        while not self.stopping.wait(0.5):
            self._complain_of_the_dead()

    def _stop(self) -> None:
        """Ask all to stop, the catcher last (a mail may still be on its way to it), then insist."""
        print("Stopping; what is being sent is finished first.", flush=True)
        order = sorted(self.children, key=lambda name: name == "catcher")
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        for group in (order[:-1], order[-1:]) if "catcher" in order else (order,):
            running = [self.children[name] for name in group]
            for child in running:
                child.terminate()
            for child in running:
                _wait_or_kill(child, max(0.1, deadline - time.monotonic()))


def _wait_or_kill(child: subprocess.Popen, seconds: float) -> None:
    """Give the child its time; then end whatever is left of its session, grandchildren too."""
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _health(url: str) -> tuple[bool, str]:
    """Whether everything answers `ok`, and what was answered."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as response:
            return True, response.read().decode()
    except urllib.error.HTTPError as error:
        return False, error.read().decode(errors="replace")[:500]
    except OSError as error:
        return False, str(error)
