"""What takes long to make and comes out the same each time: made once, kept, and handed out to be copied.

A migrated database takes as long as a hundred tests, and one run of the suite needs some twenty of them.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_IMPORTED = re.compile(r"\bapps(?:\.\w+)+")


@contextmanager
def prepared(name: str, made_of: str, make: Callable[[Path], None]) -> Iterator[Path]:
    """The folder that `make` has filled, now or earlier; nobody else makes or removes it while the block runs.

    `made_of` is a fingerprint of what it depends on: of each `name` only one is kept.
    """
    place = _place()
    place.mkdir(parents=True, exist_ok=True)
    folder = place / f"{name}-{made_of[:20]}"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _make(place, name, folder, make)
        yield folder


def _place() -> Path:
    """BEDEL_PREPARED, where a run wants to make everything itself; a folder that pytest keeps, elsewhere."""
    return Path(os.environ.get("BEDEL_PREPARED") or ROOT / ".pytest_cache" / "prepared")


def _make(place: Path, name: str, folder: Path, make: Callable[[Path], None]) -> None:
    for former in place.glob(f"{name}-*"):
        shutil.rmtree(former)
    with tempfile.TemporaryDirectory(dir=place, prefix="making-", ignore_cleanup_errors=True) as making:
        made = Path(making) / "made"
        made.mkdir()
        make(made)
        made.rename(folder)


def fingerprint(files: Iterable[Path], *others: str) -> str:
    """Changes with the name or the content of any of `files`, and with `others`."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes() + b"\0")
    digest.update("\0".join((sys.version, *others)).encode())
    return digest.hexdigest()


def of_the_migrations() -> str:
    """A fingerprint of all that decides how a migrated database looks: migrations, what they import, packages."""
    migrations = list(ROOT.glob("apps/*/migrations/*.py"))
    imported = {name for path in migrations for name in _IMPORTED.findall(path.read_text(encoding="utf-8"))}
    modules = [path for name in imported if (path := ROOT / f"{name.replace('.', '/')}.py").is_file()]
    return fingerprint([*migrations, *modules, ROOT / "config" / "settings.py", ROOT / "requirements-dev.lock"])


@contextmanager
def migrated_sqlite() -> Iterator[Path]:
    """The file of a migrated database without rows, to be copied while the block runs."""
    with prepared("sqlite", of_the_migrations(), _migrate_sqlite) as folder:
        yield folder / "bedel.sqlite3"


def _migrate_sqlite(folder: Path) -> None:
    migrate(folder, f"sqlite:///{folder / 'bedel.sqlite3'}")


def migrate(data: Path, database_url: str) -> None:
    """What an operator does with an empty database. Raises CalledProcessError."""
    manage(data, database_url, "migrate", "--verbosity", "0")


def manage(data: Path, database_url: str, *arguments: str, mode: str = "test") -> None:
    """Run a command of manage.py to its end. Raises CalledProcessError."""
    environment = os.environ | {"BEDEL_MODE": mode, "DATA_DIR": str(data), "DATABASE_URL": database_url}
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
