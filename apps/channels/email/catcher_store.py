"""Caught mails on disk: one .eml file each, and a small SQLite index by which 20,000 of them are listed at once."""

import email
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from pathlib import Path

PER_FOLDER = 1000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY, received_at REAL, sender TEXT, recipient TEXT, subject TEXT, size INTEGER, search TEXT)
"""


@dataclass(frozen=True)
class CaughtMail:
    """What the list shows of a mail. `recipient` holds every address it was handed over for, with commas."""

    id: int
    received_at: float
    sender: str
    recipient: str
    subject: str
    size: int


class MailStore:
    """The mails in `folder`. One thread writes; any number may read."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._index = sqlite3.connect(folder / "index.sqlite3", check_same_thread=False, isolation_level=None)
        # Losing the last mails at a power cut does not matter here; waiting for the disk at each mail would.
        self._index.execute("PRAGMA synchronous = OFF")
        self._index.execute("PRAGMA journal_mode = WAL")
        self._index.execute(_SCHEMA)

    def add(self, sender: str, recipients: Sequence[str], content: bytes) -> int:
        """Keep a mail as it came over the wire; return its number."""
        recipient, subject = ", ".join(recipients), _subject(content)
        row = (time.time(), sender, recipient, subject, len(content), f"{recipient} {subject}".casefold())
        with self._lock:
            number = self._next_id()
            path = self.path(number)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            self._index.execute("INSERT INTO mail VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *row))
        return number

    def _next_id(self) -> int:
        (highest,) = self._index.execute("SELECT MAX(id) FROM mail").fetchone()
        return (highest or 0) + 1

    def path(self, number: int) -> Path:
        return self.folder / f"{number // PER_FOLDER:04d}" / f"{number:07d}.eml"

    def count(self, search: str = "") -> int:
        """How many mails have `search` in their recipients or their subject."""
        with self._lock:
            return self._index.execute(f"SELECT COUNT(*) FROM mail {_where(search)}", _like(search)).fetchone()[0]

    def newest(self, search: str = "", limit: int = 100, offset: int = 0) -> list[CaughtMail]:
        """A page of the mails that have `search` in their recipients or their subject, newest first."""
        sql = (
            "SELECT id, received_at, sender, recipient, subject, size FROM mail "
            f"{_where(search)} ORDER BY id DESC LIMIT ? OFFSET ?"
        )
        with self._lock:
            return [CaughtMail(*row) for row in self._index.execute(sql, (*_like(search), limit, offset))]

    def raw(self, number: int) -> bytes:
        """The mail as it came. Raises FileNotFoundError."""
        return self.path(number).read_bytes()

    def parsed(self, number: int) -> EmailMessage:
        """The mail for reading. Raises FileNotFoundError."""
        return email.message_from_bytes(self.raw(number), policy=default)

    def close(self) -> None:
        with self._lock:
            self._index.close()


def _where(search: str) -> str:
    return "WHERE search LIKE ? ESCAPE '\\'" if search else ""


def _like(search: str) -> tuple[str, ...]:
    literal = search.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return (f"%{literal}%",) if search else ()


def _subject(content: bytes) -> str:
    """The subject for the list: only the head is parsed, attachments are not."""
    head = content.partition(b"\r\n\r\n")[0]
    return str(email.message_from_bytes(head, policy=default).get("Subject", ""))


def display_name(address: str) -> str:
    """`Núria Ortega` of `Núria Ortega <nuria@…>`, or the address itself."""
    name, plain = parseaddr(address)
    return name or plain
