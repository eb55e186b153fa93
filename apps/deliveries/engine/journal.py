"""What a worker has heard and not yet written into the database, kept so that SIGKILL loses none of it.

Each worker appends every outcome to a file of its own before it is collected for the database: a write to the kernel's
memory, some microseconds, that survives the process though not the machine. The file is locked as long as the worker
lives; whoever finds one that is not replays it and lets go of the packets that the dead worker held.
"""

import fcntl
import logging
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.channels.outcomes import Outcome, Result

logger = logging.getLogger(__name__)

_SUFFIX = ".journal"
_GROWTH = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One outcome as it was heard for a row of `packet_id`."""

    packet_id: int
    outcome: Outcome


class Journal:
    """The journal of the worker named `worker`; a context manager that removes the file at a regular end.

    The file is mapped into memory: noting an outcome is a copy of some bytes, which the kernel keeps.
    """

    def __init__(self, worker: str) -> None:
        self._path = _folder() / f"{worker}{_SUFFIX}"
        self._end = 0

    def __enter__(self) -> "Journal":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unlocked = self._path.with_suffix(".new")  # found by nobody until it is locked
        self._file = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.ftruncate(self._file, _GROWTH)
        self._map = mmap.mmap(self._file, _GROWTH)
        unlocked.rename(self._path)
        return self

    def __exit__(self, exception_type: type[BaseException] | None, *_exception: object) -> None:
        self._map.close()
        if exception_type is None:
            self._path.unlink(missing_ok=True)
        os.close(self._file)

    def note(self, packet_id: int, outcome: Outcome) -> None:
        """Append one outcome. Its reply is one line already, as every adapter makes it."""
        line = f"{packet_id}\t{outcome.key}\t{outcome.result}\t{outcome.reply}\n".encode("utf-8", "replace")
        if outcome.has_details:
            details = f"\t{outcome.reference}\t{outcome.parts}\t{outcome.cost}\n"
            line = line[:-1] + details.encode("utf-8", "replace")
        end = self._end + len(line)
        if end > len(self._map):
            self._map.resize(end + _GROWTH)
        self._map[self._end : end] = line
        self._end = end


@dataclass(frozen=True, slots=True)
class LeftJournal:
    """What a worker that is gone has left behind."""

    worker: str
    entries: list[Entry]
    path: Path


def left_journals() -> Iterator[LeftJournal]:
    """The journals of dead workers, one after the other; each is locked until the next is asked for."""
    folder = _folder()
    for path in sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else ():
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.exists():  # not removed by somebody faster
                    yield LeftJournal(path.stem, list(_entries(file.read())), path)
        except OSError:  # its worker lives, or it was removed just now
            continue


def _entries(content: bytes) -> Iterator[Entry]:
    """The whole lines of a journal; what was never written is NUL, and the last line may have been cut off."""
    for line in content.rstrip(b"\0").decode("utf-8", "replace").split("\n")[:-1]:
        try:
            yield _entry(line)
        except ValueError:
            logger.exception("a line of a journal cannot be read: %r", line)


def _entry(line: str) -> Entry:
    """One line; of a version that knew no details it has four fields. Raises ValueError."""
    packet_id, key, result, reply, *details = line.split("\t")
    outcome = Outcome(int(key), Result(result), reply)
    if details:
        reference, parts, cost = details
        outcome = outcome._replace(reference=reference, parts=int(parts), cost=cost)
    return Entry(int(packet_id), outcome)


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "journals"
