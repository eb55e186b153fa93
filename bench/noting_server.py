"""An SMTP server for benches: notes every message it accepts, answers late if told to, offers pipelining or hides it.

A latency is that of a wire: each piece that arrives is answered that much later, whatever else is on its way.
"""

import argparse
import asyncio
import contextlib
import mmap
import re
import signal
import struct
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

HOST = "127.0.0.1"
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_FLUSH_SECONDS = 0.05
_COUNT = struct.Struct("=Q")


@dataclass(frozen=True)
class Accepted:
    """A line of the journal: when a message was accepted, for whom, and which."""

    at: float
    recipient: str
    message_id: str
    size: int


class Journal:
    """Appends a line for each accepted message to the file `path`; a second file beside it holds their number."""

    def __init__(self, path: Path):
        self._file = path.open("wb")
        counter = count_path(path)
        counter.write_bytes(_COUNT.pack(0))
        with counter.open("r+b") as file:
            self._number = mmap.mmap(file.fileno(), _COUNT.size)
        self._accepted = 0

    def note(self, recipients: list[bytes], message: bytes) -> None:
        found = _MESSAGE_ID.search(message, 0, 8192)
        message_id = found[1] if found else b"-"
        for recipient in recipients:
            self._file.write(b"%.6f %s %s %d\n" % (time.time(), recipient, message_id, len(message)))
        self._accepted += 1
        _COUNT.pack_into(self._number, 0, self._accepted)

    def flush(self) -> None:
        self._file.flush()


def count_path(journal: Path) -> Path:
    return journal.with_suffix(".count")


def number_accepted(journal: Path) -> int:
    """How many messages the server has accepted by now."""
    return _COUNT.unpack(count_path(journal).read_bytes())[0]


def read_journal(journal: Path) -> list[Accepted]:
    """Everything that was accepted, in order; complete some hundredths of a second after the last message."""
    lines = journal.read_text().splitlines()
    parts = (line.split(" ") for line in lines)
    return [Accepted(float(at), recipient, message_id, int(size)) for at, recipient, message_id, size in parts]


class Session(asyncio.Protocol):
    """One connection. Commands that arrive together are answered together, in their order."""

    def __init__(self, journal: Journal, latency: float, extensions: bytes, sample: Path | None):
        self._journal, self._latency, self._extensions, self._sample = journal, latency, extensions, sample
        self._received = bytearray()
        self._in_message = False
        self._searched = 0
        self._recipients: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._reply(b"220 bench.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._received += data
        replies = []
        while (reply := self._next_reply()) is not None:
            replies.append(reply)
        if replies:
            self._reply(b"".join(replies))

    def _next_reply(self) -> bytes | None:
        """The reply to the next whole command or message; None when more has to arrive first."""
        ending = b"\r\n.\r\n" if self._in_message else b"\r\n"
        end = self._received.find(ending, self._searched)
        if end < 0:
            self._searched = max(0, len(self._received) - len(ending))
            return None
        piece = bytes(self._received[:end])
        del self._received[: end + len(ending)]
        self._searched = 0
        return self._end_of_message(piece) if self._in_message else self._answer(piece)

    def _end_of_message(self, message: bytes) -> bytes:
        self._in_message = False
        self._journal.note(self._recipients, message)
        if self._sample:
            self._sample.write_bytes(message.replace(b"\r\n..", b"\r\n."))
            self._sample = None
        return b"250 2.0.0 Ok\r\n"

    def _answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return self._extensions
        if verb == b"MAIL":
            self._recipients = []
        if verb == b"RCPT":
            self._recipients.append(line.partition(b"<")[2].partition(b">")[0])
        if verb == b"DATA":
            self._in_message = True
            return b"354 End data with <CR><LF>.<CR><LF>\r\n"
        return b"221 2.0.0 Bye\r\n" if verb == b"QUIT" else b"250 2.0.0 Ok\r\n"

    def _reply(self, replies: bytes) -> None:
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._write, replies)
        else:
            self._write(replies)

    def _write(self, replies: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(replies)
            if replies.endswith(b"Bye\r\n"):
                self._transport.close()


def _extensions(hide_pipelining: bool) -> bytes:
    lines = [
        b"bench.example",
        *([] if hide_pipelining else [b"PIPELINING"]),
        b"SIZE 52428800",
        b"8BITMIME",
        b"SMTPUTF8",
    ]
    return b"".join(b"250-%s\r\n" % line for line in lines[:-1]) + b"250 %s\r\n" % lines[-1]


async def _serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    journal, over = Journal(options.journal), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    made = partial(Session, journal, options.latency_ms / 1000, _extensions(options.hide_pipelining), options.sample)
    server = await loop.create_server(made, HOST, options.port, backlog=1024)
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), _FLUSH_SECONDS)
        journal.flush()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.noting_server", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True, help="gets a line for each message")
    parser.add_argument("--sample", type=Path, help="gets the first message of each connection, whole")
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--hide-pipelining", action="store_true")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
