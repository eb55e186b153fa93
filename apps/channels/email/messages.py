"""A message for one recipient, as it goes to a mail server and while it is on its way."""

import re
from typing import NamedTuple, Protocol

from apps.channels.email.replies import Reply
from apps.channels.outcomes import Outcome

_BARE_LINE_END = re.compile(rb"\r\n|\r|\n")


class Envelope(NamedTuple):
    """One message for one recipient. `key` comes back in its Outcome; `content` is the message with CRLF.

    `is_ready`: all its line ends are CRLF, it ends in one, and no line starts with a dot.
    """

    key: int
    sender: str
    recipient: str
    content: bytes
    is_ready: bool = False


class Client(Protocol):
    """Who gave the message, and is told what became of it."""

    def report(self, outcome: Outcome) -> None: ...


class Message:
    """An envelope on its way, how often it was begun, and what the server has said to it so far."""

    __slots__ = ("client", "data", "envelope", "lines", "replies", "tries")

    def __init__(self, envelope: Envelope, client: Client) -> None:
        self.envelope = envelope
        self.client = client
        self.tries = 0
        self.lines: list[bytes] = []
        self.replies: list[Reply] = []
        self.data = b""


def for_data(content: bytes) -> bytes:
    """`content` as it follows DATA: only CRLF, dots at line starts doubled (RFC 5321, 4.5.2), and the final dot."""
    if not content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n"):
        content = _BARE_LINE_END.sub(b"\r\n", content)
    if content.startswith(b"."):
        content = b"." + content
    content = content.replace(b"\r\n.", b"\r\n..")
    return content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")
