"""A real SMTP server on a free loopback port that keeps what it gets, and answers recipients as it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller

from tests.servers.running import free_port


class AnsweringServer:
    """`answers` maps a recipient to the reply for its RCPT, such as "550 5.1.1 no such user"; others are accepted."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.received: list[tuple[str, EmailMessage]] = []
        self.port = 0
        self.connections = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        for recipient in envelope.rcpt_tos:
            self.received.append((recipient, message))  # type: ignore[arg-type]
        return f"250 2.0.0 Ok: queued as {len(self.received)}"

    @property
    def recipients(self) -> list[str]:
        return sorted(recipient for recipient, _message in self.received)

    def message_to(self, recipient: str) -> EmailMessage:
        return next(message for address, message in self.received if address == recipient)


@contextmanager
def answering_server() -> Iterator[tuple[AnsweringServer, int]]:
    """The server and its port; it is closed at the end."""
    handler = AnsweringServer()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    handler.port = controller.port
    try:
        yield handler, controller.port
    finally:
        controller.stop()
