"""Starts what a bench needs, each a child process on a free port of this machine, and stops it at the end."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.postgresql import postgresql
from tests.servers.prepared import migrated_sqlite
from tests.servers.redis import redis_server
from tests.servers.running import HOST, child, free_port, listens, program, wait_until

ROOT = Path(__file__).resolve().parents[1]


class BenchProblem(Exception):
    """A sentence that says why there is nothing to report."""


@dataclass(frozen=True)
class Installation:
    """A Bedel without people, as an operator would set it up; everything it writes lies in `folder`."""

    folder: Path
    database_url: str
    broker_url: str

    @property
    def environment(self) -> dict[str, str]:
        """What its processes see. Nothing of a .env or of the shell's settings can lead to another database."""
        return os.environ | {
            "BEDEL_MODE": "server",
            "SECRET_KEY": "of a bench, on this machine alone",
            "SITE_URL": "https://bedel.school.example",
            "DATA_DIR": str(self.folder / "data"),
            "DATABASE_URL": self.database_url,
            "BROKER_URL": self.broker_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "false",
        }

    def manage(self, *arguments: str) -> None:
        """Run a command of manage.py to its end. Raises BenchProblem with its words when it fails."""
        self.run("manage.py", *arguments)

    def run(self, *arguments: str) -> str:
        """Run `python ARGUMENTS` to its end and return what it prints. Raises BenchProblem when it fails."""
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise BenchProblem(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
        return done.stdout


@contextmanager
def installation(database: str) -> Iterator[Installation]:
    """PostgreSQL (with default durability) and Redis; or SQLite and the queue of files, as the demo has them.

    The database is migrated.
    """
    with ExitStack() as running:
        folder = tempfile.TemporaryDirectory(prefix="bedel-bench-", ignore_cleanup_errors=True)
        path = Path(running.enter_context(folder))
        if database == "sqlite":
            (path / "data").mkdir()
            with migrated_sqlite() as migrated:
                shutil.copy(migrated, path / "data")
            yield Installation(path, f"sqlite:///{path / 'data' / 'bedel.sqlite3'}", "filesystem://")
        else:
            urls = running.enter_context(postgresql()), running.enter_context(redis_server())
            yield Installation(path, *urls)


@dataclass(frozen=True)
class MailServer:
    port: int
    pid: int


@contextmanager
def smtp_sink(folder: Path) -> Iterator[MailServer]:
    """Postfix's test server, which throws away what it takes: nothing is quicker."""
    port, log = free_port(), folder / "smtp-sink.log"
    user = ["-u", "postfix"] if os.geteuid() == 0 else []
    command = [program("smtp-sink"), "-4", *user, f"{HOST}:{port}", "1024"]
    with child(command, log, cwd=folder) as process:
        wait_until(lambda: listens(port), process, log)
        yield MailServer(port, process.pid)


@contextmanager
def noting_server(folder: Path, *options: str) -> Iterator[MailServer]:
    """The server of bench/noting_server.py, with its options."""
    port = free_port()
    log = folder / f"noting-server-{port}.log"
    command = [sys.executable, "-m", "bench.noting_server", "--port", str(port), *options]
    with child(command, log, cwd=ROOT) as process:
        wait_until(lambda: listens(port), process, log)
        yield MailServer(port, process.pid)
