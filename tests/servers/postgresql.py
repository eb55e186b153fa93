"""A PostgreSQL of its own in a temporary folder, with a migrated database.

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

from .prepared import fingerprint, migrate, of_the_migrations, prepared
from .running import HOST, child, free_port, program, wait_until

NOT_AVAILABLE = 77  # what test runners agree on for "skipped"
DATABASE = "bedel"
# The variable of the environment that names the migrated database; whoever copies it must not connect to it.
TEMPLATE = "BEDEL_TEMPLATE"
# For a server whose rows nobody needs after the run.
NOT_DURABLE = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


def url_of(database: str, port: int) -> str:
    return f"postgresql://bedel@{HOST}:{port}/{database}"


class RunningPostgresql:
    """A server on a port and a folder of its own; `url` is the DATABASE_URL of a migrated database without rows."""

    def __init__(self, command: list[str], log: Path, port: int, options: dict[str, Any]) -> None:
        self._command, self._log, self.port, self._options = command, log, port, options
        self._running = ExitStack()
        self.url = url_of(DATABASE, port)

    def start(self) -> None:
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every connection to be closed.
        process = self._running.enter_context(child(self._command, self._log, signal.SIGINT, **self._options))
        wait_until(lambda: _is_ready(self.port), process, self._log)

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


def empty_database(url: str, name: str) -> str:
    """Make a database without any table on the server of `url`; returns its DATABASE_URL."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return url.rpartition("/")[0] + f"/{name}"


@contextmanager
def running_postgresql(*settings: str) -> Iterator[RunningPostgresql]:
    """A running server that can be restarted; `settings` are options of the program `postgres`."""
    program("postgres", *_binaries())
    with _folder() as folder:
        with prepared("postgresql", _made_of(), _make_cluster) as made:
            # With owner and rights: PostgreSQL insists on them.
            subprocess.run(["cp", "-a", str(made / "data"), str(folder)], check=True)
        with _started(folder, *settings) as server:
            yield server


def _made_of() -> str:
    return fingerprint([], of_the_migrations(), program("postgres", *_binaries()))


def _make_cluster(made: Path) -> None:
    import psycopg

    with _folder() as folder:
        initialize = ["--username=bedel", "--auth=trust", "--encoding=UTF8", "--no-sync", "--pgdata"]
        command = [program("initdb", *_binaries()), *initialize, str(folder / "data")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **_account())
        with _started(folder, *NOT_DURABLE) as server:
            with psycopg.connect(url_of("postgres", server.port), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            migrate(made, server.url)
        subprocess.run(["cp", "-a", str(folder / "data"), str(made)], check=True)


@contextmanager
def _folder() -> Iterator[Path]:
    """A temporary folder that belongs to the account of the server."""
    with tempfile.TemporaryDirectory(prefix="bedel-postgresql-", ignore_cleanup_errors=True) as name:
        if account := _account():
            os.chown(name, account["user"], account["group"])
        yield Path(name)


@contextmanager
def _started(folder: Path, *settings: str) -> Iterator[RunningPostgresql]:
    """The server over `folder`/data, running."""
    port = free_port()
    command = [program("postgres", *_binaries()), "-D", str(folder / "data"), "-p", str(port), "-h", HOST]
    options: dict[str, Any] = {"cwd": folder, **_account()}
    server = RunningPostgresql([*command, "-k", str(folder), *settings], folder / "log", port, options)
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


def _account() -> dict[str, Any]:
    """Who starts the server: PostgreSQL refuses to run as root, then it is the account of Debian's package."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _is_ready(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(url_of("postgres", port), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def main() -> int:
    if not is_installed():
        print("PostgreSQL is not installed (on Debian: apt-get install postgresql).", file=sys.stderr)
        return NOT_AVAILABLE
    # Ctrl-C reaches the command too; the server has to outlive it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with running_postgresql(*NOT_DURABLE) as server:
        environment = os.environ | {"DATABASE_URL": server.url, TEMPLATE: DATABASE}
        process = subprocess.Popen(sys.argv[1:], env=environment)
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
