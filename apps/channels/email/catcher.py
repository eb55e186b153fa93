"""A mail server for demonstrations and tests: takes every mail on the loopback interface, keeps it, delivers nothing.

Addresses that begin with `unknown@` or `bounce` are refused with 550 5.1.1, as a server refuses a mailbox that does
not exist, so that a failure can be seen too. Run it as `python -m apps.channels.email.catcher --folder DIR`: it prints
one line of JSON with its two ports (also kept in DIR/ports.json) and runs until SIGTERM or Ctrl-C.
"""

import argparse
import json
import signal
import socket
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from .catcher_pages import serve_pages
from .catcher_store import MailStore

HOST = "127.0.0.1"
MAX_MAIL_BYTES = 40_000_000
NO_SUCH_MAILBOX = "550 5.1.1 No mailbox here by that name"


def is_refused(address: str) -> bool:
    """Whether the catcher plays the server that does not know `address`."""
    local = address.lower().rpartition("@")[0]
    return local == "unknown" or local.startswith("bounce")


class CatchingHandler:
    """aiosmtpd calls these: every recipient that is not refused is accepted, every mail is kept."""

    def __init__(self, store: MailStore):
        self._store = store

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _options) -> str:
        if is_refused(address):
            return NO_SUCH_MAILBOX
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        number = self._store.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        return f"250 2.0.0 Kept as {number}"


class Catcher:
    """The SMTP server and its pages over one folder, on the wanted ports or the next free ones (0: any free one).

    `url` leads to the pages; `smtp_port` is known inside the `with` block.
    """

    def __init__(self, folder: Path, smtp_port: int = 0, web_port: int = 0):
        self.store = MailStore(folder)
        self.smtp_port = smtp_port
        self._pages = serve_pages(self.store, HOST, free_port(web_port))
        self.web_port: int = self._pages.server_port
        self.url = f"http://{HOST}:{self.web_port}"

    def __enter__(self) -> "Catcher":
        self._controller = self._start_smtp(attempts=5)
        threading.Thread(target=self._pages.serve_forever, daemon=True, name="catcher pages").start()
        return self

    def _start_smtp(self, attempts: int) -> Controller:
        """Listen for mail. Between finding a free port and taking it, somebody else may: then look again."""
        port = free_port(self.smtp_port)
        controller = Controller(
            CatchingHandler(self.store),
            hostname=HOST,
            port=port,
            data_size_limit=MAX_MAIL_BYTES,
            enable_SMTPUTF8=True,
            ident="catcher",
        )
        try:
            controller.start()
        except OSError:
            if attempts == 1:
                raise
            return self._start_smtp(attempts - 1)
        self.smtp_port = port
        return controller

    def __exit__(self, *_exception) -> None:
        self._controller.stop()
        self._pages.shutdown()
        self._pages.server_close()
        self.store.close()


def free_port(wanted: int = 0) -> int:
    """`wanted` if nobody listens there, else one of the nineteen after it, else any free port of this machine."""
    candidates = [*range(wanted, wanted + 20), 0] if wanted else [0]
    for port in candidates:
        with socket.socket() as listener:
            # As servers do: a port that is only waiting out its last connections is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, port))
            except OSError:
                continue
            return listener.getsockname()[1]
    raise OSError("No port is free on 127.0.0.1.")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="catcher", description="Keeps every mail it is given; shows them on a page.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, default=8025)
    parser.add_argument("--web-port", type=int, default=8026)
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Catcher(options.folder, options.smtp_port, options.web_port) as catcher:
        ports = json.dumps({"smtp": catcher.smtp_port, "web": catcher.web_port})
        (options.folder / "ports.json").write_text(ports)
        print(ports, flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
