"""A small mail server that fails where it is told to, for what no well-behaved server can show."""

import os
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

DROP = "drop"  # close the connection instead of answering
RESET = "reset"  # the same, and what was said before may be lost on its way
SILENT = "silent"  # keep the connection, say nothing
BROKEN_TLS = "broken TLS"  # bytes that no key of the encryption has made
JOINED, SPLIT, SLOW = "joined", "split", "slow"

_BETWEEN_PIECES = 0.0003
_SLOW = 6_000_000  # bytes a second


@dataclass(frozen=True)
class Fault:
    """A reply with something wrong about it; `reply` None is the usual one, bytes go out as they are.

    It is said `times` times, after `delay` seconds. With `only`, so many bytes leave, and then the connection ends;
    `closes` ends it after the whole.
    """

    reply: str | bytes | None = None
    delay: float = 0
    times: int = 1
    only: int | None = None
    closes: bool = False


Answer = str | bytes | Fault
Script = dict[str, Answer]


class FaultServer:
    """`scripts` give the answers of each connection in turn: step -> reply, or what goes wrong; {} behaves well.

    Steps: greeting, ehlo, starttls, handshake, auth, secret (what follows a 334), mail, rcpt, data, body (before each
    of its lines; a reply there ends the connection), dot, rset, quit. A step may be limited to the n-th message of the
    connection: "rcpt 2". "wire" says how replies travel: JOINED are those that can be in one packet, SPLIT is each in
    several; SLOW is a line that takes its time for what comes. The last script serves all further connections. More
    than `at_most` connections at a time are turned away with 421.

    `received` holds what came with a final dot that was answered with 250; `taken` also what the server may have kept
    while its answer was lost or was nonsense. `commands` holds every line.
    """

    def __init__(
        self,
        *scripts: Script,
        extensions: tuple[str, ...] = (),
        context: ssl.SSLContext | None = None,
        at_most: int | None = None,
    ) -> None:
        self._scripts = list(scripts) or [{}]
        self.extensions = extensions
        self.context = context
        self._at_most = at_most
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self._listener.getsockname()[1]
        self.received: list[bytes] = []
        self.taken: list[bytes] = []
        self.commands: list[str] = []
        self.connections = self.now_open = self.most_at_once = 0
        self.messages_of: list[int] = []  # how many messages each connection brought
        self.over = threading.Event()
        self._count = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._wires: list[_Wire] = []

    def serve(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            self.change_open(1)
            if self._at_most is not None and self.now_open > self._at_most:
                script = {"greeting": "421 4.7.0 Too many connections from you"}
            thread = threading.Thread(target=self._serve_quietly, args=(client, script), daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """No more connections; what clients that are gone have sent is still read, and counted."""
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def hang_up(self, words: bytes = b"") -> None:
        """End every connection now, whatever it is about, after these words."""
        for wire in self._wires:
            with suppress(OSError):
                wire.socket.sendall(words)
                wire.socket.shutdown(socket.SHUT_RDWR)

    def change_open(self, by: int) -> None:
        with self._count:
            self.now_open += by
            self.most_at_once = max(self.most_at_once, self.now_open)

    def _serve_quietly(self, client: socket.socket, script: Script) -> None:
        wire = _Wire(client, str(script.get("wire", "")), self.over)
        self._wires.append(wire)
        dialogue = _Dialogue(self, wire, script)
        try:
            dialogue.run()
        except (OSError, _Over):
            pass
        finally:
            with self._count:
                self.messages_of.append(dialogue.message)
            wire.close()
            if not dialogue.said_goodbye:
                self.change_open(-1)


class _Over(Exception):
    """The script ends the connection here."""


class _Wire:
    """A connection's bytes: lines in, replies out."""

    def __init__(self, client: socket.socket, shape: str, over: threading.Event) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket, self._shape, self._over = client, shape, over
        self._arrived = bytearray()
        self._said = b""

    def line(self) -> bytes:
        """The next line; nothing at the end of the connection."""
        while (end := self._arrived.find(b"\n")) < 0:
            self.flush()
            data = self.socket.recv(65_536)
            if not data:
                return b""
            self._arrived += data
            if self._shape == SLOW:
                self._over.wait(len(data) / _SLOW)
        line = bytes(self._arrived[: end + 1])
        del self._arrived[: end + 1]
        return line

    def say(self, data: bytes) -> None:
        self._said += data
        if self._shape != JOINED:
            self.flush()

    def flush(self) -> None:
        said, self._said = self._said, b""
        if self._shape != SPLIT:
            self.socket.sendall(said)
            return
        size = len(said) // 2 + 1
        for start in range(0, len(said), size):
            self.socket.sendall(said[start : start + size])
            self._over.wait(_BETWEEN_PIECES)

    def encrypt(self, context: ssl.SSLContext) -> None:
        self.flush()
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def break_off_handshake(self, context: ssl.SSLContext, size: int) -> None:
        """Answer the client's first words with the first `size` bytes of what they should get, and close."""
        self.flush()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        encrypted = context.wrap_bio(incoming, outgoing, server_side=True)
        while not outgoing.pending:
            incoming.write(self.socket.recv(65_536))
            with suppress(ssl.SSLWantReadError):
                encrypted.do_handshake()
        self.socket.sendall(outgoing.read()[:size])
        raise _Over

    def reset(self) -> None:
        """Let close() cut the connection off, instead of ending it in order."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        with suppress(OSError):
            self.flush()
        self.socket.close()


class _Dialogue:
    def __init__(self, server: FaultServer, wire: _Wire, script: Script) -> None:
        self._server, self._wire, self._script = server, wire, script
        self.message = 0
        self.said_goodbye = False
        self._senders = self._recipients = 0

    def run(self) -> None:
        self._answer("greeting", "220 fault.example ESMTP")
        while line := self._wire.line():
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            self._server.commands.append(command)
            verb = command.partition(" ")[0].lower()
            if verb in ("ehlo", "helo"):
                self._answer("ehlo", "\r\n".join(self._ehlo_lines()))
            elif verb == "starttls":
                self._start_tls()
            elif verb == "auth":
                self._log_in()
            elif verb == "data":
                self._data()
            elif verb == "quit":
                self.said_goodbye = True
                self._server.change_open(-1)  # before the answer: the client may call again at once
                self._answer("quit", "221 Bye")
                return
            else:
                self._other(verb)

    def _other(self, verb: str) -> None:
        self.message += verb == "mail"
        good = "503 5.5.1 No sender" if verb == "rcpt" and not self._senders else "250 OK"
        accepted = self._answer(verb, good)[:1] == "2"
        self._senders += verb == "mail" and accepted
        self._recipients += verb == "rcpt" and accepted
        if verb == "rset":
            self._senders = self._recipients = 0

    def _ehlo_lines(self) -> list[str]:
        lines = ["fault.example", *self._server.extensions]
        return [f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines]

    def _start_tls(self) -> None:
        context = self._server.context
        assert context is not None
        self._answer("starttls", "220 Ready")
        fault = self._script.get("handshake")
        if isinstance(fault, Fault) and fault.only is not None:
            self._wire.break_off_handshake(context, fault.only)
        if fault is not None:
            self._wire.flush()
            self._wire.socket.recv(65_536)  # what the client begins with
            self._answer("handshake", "")
            raise _Over
        self._wire.encrypt(context)

    def _log_in(self) -> None:
        reply = self._answer("auth", "235 2.7.0 Welcome")
        while reply.startswith("334"):
            self._server.commands.append(self._wire.line().decode().rstrip("\r\n"))
            reply = self._answer("secret", "235 2.7.0 Welcome")

    def _data(self) -> None:
        reply = self._answer("data", "354 Go ahead" if self._recipients else "503 5.5.1 No recipient")
        self._senders = self._recipients = 0
        if not reply.startswith("354"):
            return
        content = []
        while (line := self._wire.line()) != b".\r\n":
            if not line:
                raise _Over  # the connection ended without a final dot
            content.append(line)
            if self._fault("body") and self._answer("body", ""):
                raise _Over  # who answers in the middle does not want to hear the rest
        self._answer("dot", "250 2.0.0 Taken", keeps=b"".join(content))

    def _fault(self, step: str) -> Answer | None:
        return self._script.get(f"{step} {self.message}", self._script.get(step))

    def _answer(self, step: str, good: str, keeps: bytes | None = None) -> str:
        """Say what the script wants, else what is `good`; the reply as it was meant."""
        answer = self._fault(step)
        fault = answer if isinstance(answer, Fault) else Fault(answer)
        reply = good if fault.reply is None else fault.reply
        if keeps is not None:
            self._keep(keeps, reply)
        if fault.delay:
            self._server.over.wait(fault.delay)
        if not isinstance(reply, bytes):
            self._end_instead(reply)
        data = reply if isinstance(reply, bytes) else f"{reply}\r\n".encode() if reply else b""
        self._wire.say(data[: fault.only] * fault.times)
        if fault.only is not None or fault.closes or data.startswith(b"421"):
            raise _Over
        return data.decode("latin-1")

    def _keep(self, content: bytes, reply: str | bytes) -> None:
        """Bytes are nonsense: what the server made of the message is anybody's guess."""
        if isinstance(reply, bytes) or reply[:1] not in ("4", "5"):
            self._server.taken.append(content)
        if isinstance(reply, str) and reply.startswith("250"):
            self._server.received.append(content)

    def _end_instead(self, reply: str) -> None:
        if reply == SILENT:
            self._wire.flush()
            self._server.over.wait(30)
            raise _Over
        if reply == RESET:
            self._wire.reset()
        if reply == BROKEN_TLS:
            os.write(self._wire.socket.fileno(), b"\x17\x03\x03\x00\x05Hello")
        if reply in (DROP, RESET, BROKEN_TLS):
            raise _Over


@contextmanager
def fault_server(*scripts: Script, **options) -> Iterator[FaultServer]:
    """The server, listening; closed at the end. `options` are those of FaultServer."""
    server = FaultServer(*scripts, **options)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(5)
