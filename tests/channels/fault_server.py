"""A small mail server that fails where it is told to, for what no well-behaved server can show."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

DROP = "drop"  # close the connection instead of answering
SILENT = "silent"  # keep the connection, say nothing


class FaultServer:
    """`script` gives the answers of each connection in turn: step -> reply, DROP or SILENT; {} behaves well.

    Steps: greeting, ehlo, auth, mail, rcpt, data, dot, rset, quit, and "body" (DROP closes in the middle of the data).
    A step may be limited to the n-th message of the connection: "rcpt 2". The last script serves all further
    connections. `received` holds what came with a final dot that was answered with 250, `commands` every line.
    """

    def __init__(self, *scripts: dict[str, str], extensions: tuple[str, ...] = ()) -> None:
        self._scripts = list(scripts) or [{}]
        self._extensions = extensions
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.received: list[bytes] = []
        self.commands: list[str] = []
        self.connections = 0
        self._open: list[socket.socket] = []

    def serve(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            self._open.append(client)
            threading.Thread(target=self._serve_quietly, args=(client, script), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._open:
            client.close()

    def _serve_quietly(self, client: socket.socket, script: dict[str, str]) -> None:
        try:
            _Dialogue(self, client, script, self._extensions).run()
        except (OSError, _Over):
            pass
        finally:
            client.close()


class _Over(Exception):
    """The script ends the connection here."""


class _Dialogue:
    def __init__(self, server: FaultServer, client: socket.socket, script: dict[str, str], extensions: tuple) -> None:
        self._server, self._client, self._script = server, client, script
        self._extensions = extensions
        self._lines = client.makefile("rb")
        self._message = 0
        self._senders = self._recipients = 0

    def run(self) -> None:
        self._answer("greeting", "220 fault.example ESMTP")
        for line in self._lines:
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            self._server.commands.append(command)
            verb = command[:4].lower()
            if verb in ("ehlo", "helo"):
                self._answer("ehlo", "\r\n".join(self._ehlo_lines()))
            elif verb == "data":
                self._data()
            elif verb == "quit":
                self._answer("quit", "221 Bye")
                return
            else:
                self._other(verb)

    def _other(self, verb: str) -> None:
        self._message += verb == "mail"
        good = {"auth": "235 2.7.0 Welcome"}.get(verb, "250 OK")
        if verb == "rcpt" and not self._senders:
            good = "503 5.5.1 No sender"
        accepted = self._answer(verb, good).startswith("250")
        self._senders += verb == "mail" and accepted
        self._recipients += verb == "rcpt" and accepted
        if verb == "rset":
            self._senders = self._recipients = 0

    def _ehlo_lines(self) -> list[str]:
        lines = ["fault.example", *self._extensions]
        return [f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines]

    def _data(self) -> None:
        reply = self._answer("data", "354 Go ahead" if self._recipients else "503 5.5.1 No recipient")
        self._senders = self._recipients = 0
        if not reply.startswith("354"):
            return
        content = []
        for line in self._lines:
            if line == b".\r\n":
                break
            content.append(line)
            self._act(self._script.get("body"))
        else:
            raise _Over  # the connection ended without a final dot
        if self._answer("dot", "250 2.0.0 Taken").startswith("250"):
            self._server.received.append(b"".join(content))

    def _answer(self, step: str, good: str) -> str:
        reply = self._script.get(f"{step} {self._message}", self._script.get(step, good))
        self._act(reply)
        self._client.sendall(reply.encode() + b"\r\n")
        if reply.startswith("421"):
            raise _Over
        return reply

    def _act(self, reply: str | None) -> None:
        if reply == DROP:
            self._client.shutdown(socket.SHUT_RDWR)
            raise _Over
        if reply == SILENT:
            time.sleep(30)


@contextmanager
def fault_server(*scripts: dict[str, str], extensions: tuple[str, ...] = ()) -> Iterator[FaultServer]:
    """The server, listening; closed at the end."""
    server = FaultServer(*scripts, extensions=extensions)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(5)
