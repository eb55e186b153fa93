"""Makes `dumps/`: the databases of an older commit, of two schools in the middle of their work, for test_upgrading.py.

The older commit makes them itself, with its own code and its own packages:

    git worktree add ../bedel-older OLDER-COMMIT
    cd ../bedel-older && bin/check            # prepares its .venv
    PYTHONPATH=. .venv/bin/python REPOSITORY/tests/upgrading/make_dump.py --into REPOSITORY/tests/upgrading/dumps

That takes about half a minute, and needs PostgreSQL (initdb, postgres, pg_dump) on this machine. What stands in the
databases is written by school_at_work.py. Its imports, and those of what it calls, are of today: so that today's commit
can be the older one tomorrow. The dumps that are here were made before the house was rebuilt, by the commit that stands
in `dumps/*.json`, with the names that its modules had then. For each database there are

    NAME.sql.gz      the whole database as plain SQL
    NAME.files/      its folder of data: attachments, uploaded files, and the journal of a worker that was killed
    NAME.json        what its own commit says of it (`expected`), and what families and mail servers hold (`promised`)
"""

import argparse
import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.servers.postgresql import empty_database, postgresql
from tests.servers.running import program

HERE = Path(__file__).resolve().parent
OLDER = Path.cwd()
# That of config/settings.py in the mode "test", written down: secrets and links of the dumps open by it alone.
SECRET_KEY = "only for test, never for a school's server: not secret at all"
KEPT_FOLDERS = ("files", "journals")
BEGIN = "import django; django.setup(); import {0}; {0}.main()"


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the databases of an older commit; run in its working tree.")
    parser.add_argument("--into", type=Path, default=HERE / "dumps", help="the folder of the dumps (default: beside)")
    into = parser.parse_args().into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bedel-dump-") as folder:
        file = Path(folder) / "bedel.sqlite3"
        make("sqlite", f"sqlite:///{file}", Path(folder) / "sqlite", into, lambda: sqlite_as_sql(file))
    with tempfile.TemporaryDirectory(prefix="bedel-dump-") as folder, postgresql() as server:
        url = empty_database(server, "older")
        make("postgresql", url, Path(folder) / "postgresql", into, lambda: postgresql_as_sql(url))


def make(name: str, database_url: str, data: Path, into: Path, as_sql: Callable[[], str]) -> None:
    """Fill the empty database, and write its three parts into the folder `into`."""
    environment = os.environ | {
        "BEDEL_MODE": "test",
        "SECRET_KEY": SECRET_KEY,
        "SITE_URL": "http://127.0.0.1:8000",
        "DATA_DIR": str(data),
        "DATABASE_URL": database_url,
        "BROKER_URL": "filesystem://",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": f"{OLDER}{os.pathsep}{HERE}",
        "LOG_LEVEL": "ERROR",
    }
    run(environment, "manage.py", "migrate", "--verbosity", "0")
    promised = json.loads(run(environment, "-c", BEGIN.format("school_at_work")))
    expected = json.loads(run(environment, "-c", BEGIN.format("installation"), "look"))
    known = {"commit": commit(), "secret_key": SECRET_KEY, "promised": promised, "expected": expected}
    (into / f"{name}.json").write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    (into / f"{name}.sql.gz").write_bytes(gzip.compress(as_sql().encode(), mtime=0))
    keep_files(data, into / f"{name}.files")
    print(f"{name}: {(into / f'{name}.sql.gz').stat().st_size:,} bytes")


def run(environment: dict[str, str], *arguments: str) -> str:
    """Run `python ARGUMENTS` in the older working tree; return what it prints. Ends all with its words if it fails."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=OLDER, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def commit() -> str:
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=OLDER, capture_output=True, text=True).stdout.strip()


def keep_files(data: Path, kept: Path) -> None:
    """The data folder without what any installation makes anew; journals without the room that they are given."""
    shutil.rmtree(kept, ignore_errors=True)
    for folder in KEPT_FOLDERS:
        shutil.copytree(data / folder, kept / folder)
    for journal in (kept / "journals").iterdir():
        journal.write_bytes(journal.read_bytes().rstrip(b"\0"))


def sqlite_as_sql(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def postgresql_as_sql(url: str) -> str:
    """As INSERTs, which any client can read; without the lines that only psql understands."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: float(each.parent.name), reverse=True)
    pg_dump = program("pg_dump", *map(str, folders))
    command = [pg_dump, "--no-owner", "--no-privileges", "--rows-per-insert=100", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("\\"))


if __name__ == "__main__":
    main()
