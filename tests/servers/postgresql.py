"""A PostgreSQL of its own in a temporary folder.

As a program (`python -m tests.servers.postgresql COMMAND ...`) it runs the command with DATABASE_URL leading to it.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from .running import HOST, child, free_port, program, wait_until

NOT_AVAILABLE = 77  # what test runners agree on for "skipped"


class RunningPostgresql:
    """A server on a port and a folder of its own; `url` is the DATABASE_URL of an empty database of `bedel`."""

    def __init__(self, command: list[str], log: Path, port: int, options: dict[str, Any]) -> None:
        self._command, self._log, self._port, self._options = command, log, port, options
        self._running = ExitStack()
        self.url = f"postgresql://bedel@{HOST}:{port}/postgres"

    def start(self) -> None:
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every connection to be closed.
        process = self._running.enter_context(child(self._command, self._log, signal.SIGINT, **self._options))
        wait_until(lambda: _is_ready(self._port), process, self._log)

    def stop(self) -> None:
        """Break off every connection and every transaction, and end in order."""
        self._running.close()

    def restart(self) -> None:
        self.stop()
        self.start()


@contextmanager
def postgresql() -> Iterator[str]:
    """A running server; yields its DATABASE_URL."""
    with running_postgresql() as server:
        yield server.url


@contextmanager
def running_postgresql() -> Iterator[RunningPostgresql]:
    """A running server that can be restarted."""
    binaries = _binaries()
    initdb, postgres = program("initdb", *binaries), program("postgres", *binaries)
    user = _unprivileged_user()
    with tempfile.TemporaryDirectory(prefix="bedel-postgresql-", ignore_cleanup_errors=True) as folder:
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        options: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        data, log, port = Path(folder) / "data", Path(folder) / "log", free_port()
        initialize = [initdb, "--pgdata", str(data), "--username=bedel", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        subprocess.run(initialize, check=True, stdout=subprocess.DEVNULL, cwd=folder, **options)
        command = [postgres, "-D", str(data), "-p", str(port), "-h", HOST, "-k", folder]
        server = RunningPostgresql(command, log, port, {"cwd": folder, **options})
        try:
            server.start()
            yield server
        finally:
            server.stop()


def is_installed() -> bool:
    path = os.pathsep.join([os.environ.get("PATH", ""), *_binaries()])
    return all(shutil.which(name, path=path) for name in ("initdb", "postgres"))


def _binaries() -> list[str]:
    """Debian keeps the server's programs outside PATH, one folder per version: the newest first."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return [str(folder) for folder in sorted(folders, key=lambda folder: float(folder.parent.name), reverse=True)]


def _unprivileged_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then the account of Debian's package is used."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _is_ready(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(f"postgresql://bedel@{HOST}:{port}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def main() -> int:
    if not is_installed():
        print("PostgreSQL is not installed (on Debian: apt-get install postgresql).", file=sys.stderr)
        return NOT_AVAILABLE
    # Ctrl-C reaches the command too; the server has to outlive it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with postgresql() as url:
        process = subprocess.Popen(sys.argv[1:], env=os.environ | {"DATABASE_URL": url})
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


if __name__ == "__main__":
    sys.exit(main())
