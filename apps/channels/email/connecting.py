"""Opens a connection to a mail server: greeting, TLS with certificate check, login; every failure as a sentence."""

import asyncio
import base64
import hashlib
import hmac
import re
import socket
import ssl
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from apps.channels.email.replies import GarbledReply, Reply, ReplyReader, reply_text
from apps.channels.outcomes import AccountBusy, AccountProblem, gettext_noop, shortened

NONE, STARTTLS, TLS = "none", "starttls", "tls"
_LOGIN_METHODS = ("PLAIN", "LOGIN", "CRAM-MD5")


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """How mail leaves: `security` is "none", "starttls" or "tls"; without `username` there is no login.

    With an `access_token` the login is XOAUTH2, else it takes the `password`. `timeout` is in seconds.
    """

    host: str
    port: int
    security: str
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30
    access_token: str = field(default="", repr=False)


class Connection(asyncio.Protocol):
    """The line to a server. Replies wait in order until they are fetched with reply()."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self.extensions: dict[str, str] = {}
        self.lost: Exception | None = None
        self.writes_are_held_up = False
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._waiting: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        # Held up as soon as anything has not left: so a loss can tell what was handed over. Not 0, which makes TLS
        # transports say "held up" and "go on" in turn, whatever has left.
        transport.set_write_buffer_limits(high=1)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self._replies.extend(self._reader.feed(data))
        self.replies_came()
        if self._reader.problem is not None:
            self.drop(self._reader.problem)

    def replies_came(self) -> None:
        """While the connection is being opened: tell whoever awaits them."""
        self._wake()

    def pause_writing(self) -> None:
        self.writes_are_held_up = True

    def resume_writing(self) -> None:
        self.writes_are_held_up = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.lost or exc or ConnectionResetError("Connection closed by the server")
        self._wake()

    def drop(self, reason: Exception) -> None:
        """Close at once, whatever is on its way; `reason` is what connection_lost will find in `lost`."""
        self.lost = self.lost or reason
        self.transport.abort()

    async def reply(self) -> Reply:
        """The next reply. Raises OSError when the connection is gone, GarbledReply when it said nonsense."""
        while not self._replies:
            if self.lost:
                raise self.lost
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._replies.popleft()

    async def command(self, line: str) -> Reply:
        """Say one line and await its reply."""
        self.transport.write(line.encode("utf-8") + b"\r\n")
        return await self.reply()

    def is_in_step(self) -> bool:
        """Whether nothing has come that was not asked for."""
        return self._reader.is_empty and not self._replies

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


AnyConnection = TypeVar("AnyConnection", bound=Connection)


async def connect(
    account: SmtpAccount, connection: AnyConnection, context: ssl.SSLContext | None = None
) -> AnyConnection:
    """Make `connection` ready for MAIL. `context` replaces the usual trust in certificates (an own authority).

    Raises AccountProblem with a sentence that names the server; AccountBusy when it asks to come back later.
    """
    try:
        async with asyncio.timeout(account.timeout):
            await _dial(account, connection, _context(account, context))
    except (OSError, EOFError, GarbledReply, UnicodeError, ValueError, _Refused, _NoWayToLogIn) as error:
        _hang_up(connection)
        raise _problem_of(account, error) from error
    except BaseException:
        _hang_up(connection)
        raise
    return connection


def _context(account: SmtpAccount, context: ssl.SSLContext | None) -> ssl.SSLContext | None:
    """Whose certificates are trusted: reading those of this machine takes 30 ms, so it is done where there are any."""
    if account.security == NONE:
        return None
    return context or _trust_of_this_machine()


@lru_cache(maxsize=1)
def _trust_of_this_machine() -> ssl.SSLContext:
    return ssl.create_default_context()


async def _dial(account: SmtpAccount, connection: Connection, context: ssl.SSLContext | None) -> None:
    await asyncio.get_running_loop().create_connection(
        lambda: connection, account.host, account.port, ssl=context if account.security == TLS else None
    )
    _expect(await connection.reply(), 220)
    await _introduce(connection)
    if account.security == STARTTLS:
        await _start_tls(account, connection, context)
    if account.username:
        await _log_in(account, connection)
    if connection.lost:
        raise connection.lost
    if not connection.is_in_step():
        raise GarbledReply(reply_text(*await connection.reply()))


async def _introduce(connection: Connection) -> None:
    """EHLO, or HELO to a server from before 1995; notes what it offers."""
    name = _own_name(connection)
    reply = await connection.command(f"EHLO {name}")
    if reply[0] in (500, 502, 504):
        _expect(await connection.command(f"HELO {name}"), 250)
        connection.extensions = {}
        return
    _expect(reply, 250)
    offers = reply[1].decode("ascii", "replace").split("\n")[1:]
    parts = (re.split("[ =]", offer.strip(), maxsplit=1) for offer in offers)  # "AUTH=" is how old servers wrote it
    connection.extensions = {part[0].lower(): part[-1] for part in parts}


def _own_name(connection: Connection) -> str:
    name = socket.gethostname()
    if "." in name.strip(".") and name.isascii():
        return name
    address = connection.transport.get_extra_info("sockname")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


async def _start_tls(account: SmtpAccount, connection: Connection, context: ssl.SSLContext | None) -> None:
    if "starttls" not in connection.extensions:
        raise _problem(
            account,
            gettext_noop(
                "The server %(host)s offers no STARTTLS on port %(port)s. Choose TLS, or ask for the right port."
            ),
        )
    _expect(await connection.command("STARTTLS"), 220)
    if not connection.is_in_step():  # words slipped in before the encryption (CVE-2011-0411)
        raise _problem(account, gettext_noop("The server %(host)s speaks out of turn before the encryption starts."))
    assert context is not None
    loop = asyncio.get_running_loop()
    transport = await loop.start_tls(connection.transport, connection, context, server_hostname=account.host)
    if transport is None:
        raise connection.lost or EOFError()
    connection.connection_made(transport)
    await _introduce(connection)


async def _log_in(account: SmtpAccount, connection: Connection) -> None:
    """AUTH in UTF-8 (RFC 4616 for PLAIN; LOGIN and XOAUTH2 after what Microsoft and Google say of them)."""
    offered = connection.extensions.get("auth", "").upper().split()
    if not offered:
        raise _problem(account, gettext_noop("The server %(host)s offers no login on port %(port)s."))
    if account.access_token:
        reply = await _log_in_with_token(account, connection, offered)
    else:
        method = next((method for method in _LOGIN_METHODS if method in offered), "")
        reply = await _log_in_with_password(account, connection, method)
    if reply[0] not in (235, 503):
        raise _Refused(reply, at_login=True)


async def _log_in_with_token(account: SmtpAccount, connection: Connection, offered: list[str]) -> Reply:
    if "XOAUTH2" not in offered:
        raise _NoWayToLogIn
    said = f"user={account.username}\1auth=Bearer {account.access_token}\1\1"
    reply = await connection.command(f"AUTH XOAUTH2 {_base64(said)}")
    if reply[0] == 334:  # what is wrong comes as JSON, and the refusal only after an empty line
        reply = await connection.command("")
    return reply


async def _log_in_with_password(account: SmtpAccount, connection: Connection, method: str) -> Reply:
    if method == "PLAIN":
        return await connection.command("AUTH PLAIN " + _base64(f"\0{account.username}\0{account.password}"))
    if method == "LOGIN":
        reply = await connection.command("AUTH LOGIN " + _base64(account.username))
        return await connection.command(_base64(account.password)) if reply[0] == 334 else reply
    if method == "CRAM-MD5":
        reply = await connection.command("AUTH CRAM-MD5")
        return await connection.command(_cram_md5(account, reply[1])) if reply[0] == 334 else reply
    raise _NoWayToLogIn


def _cram_md5(account: SmtpAccount, challenge: bytes) -> str:
    """RFC 2195, for servers that know nothing newer."""
    try:
        asked = base64.b64decode(challenge)
    except ValueError:
        raise GarbledReply(reply_text(334, challenge)) from None
    digest = hmac.new(account.password.encode("utf-8", "replace"), asked, hashlib.md5).hexdigest()
    return _base64(f"{account.username} {digest}")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


class _Refused(Exception):
    """A reply that ends the attempt to connect."""

    def __init__(self, reply: Reply, at_login: bool = False) -> None:
        super().__init__(reply_text(*reply))
        self.code = reply[0]
        self.at_login = at_login


class _NoWayToLogIn(Exception):
    """The server knows no method of ours."""


def _expect(reply: Reply, code: int) -> None:
    if reply[0] != code:
        raise _Refused(reply)


def _hang_up(connection: Connection) -> None:
    if connection.transport is not None:
        connection.transport.abort()


def _problem_of(account: SmtpAccount, error: Exception) -> AccountProblem:
    if isinstance(error, _Refused):
        return _refusal(account, error)
    return _problem(account, _sentence_for(error), detail=shortened(str(error)))


def _refusal(account: SmtpAccount, refused: _Refused) -> AccountProblem:
    reply = str(refused)
    if 400 <= refused.code < 500:
        sentence = gettext_noop("The server %(host)s takes no mail at the moment: %(reply)s")
        return AccountBusy(sentence, host=account.host, port=account.port, reply=reply)
    if refused.at_login:
        sentence = gettext_noop("The server %(host)s does not know this user name and password: %(reply)s")
    else:
        sentence = gettext_noop("The server %(host)s refuses the connection: %(reply)s")
    return _problem(account, sentence, reply=reply)


def _sentence_for(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return gettext_noop("The certificate of the server %(host)s is not valid, so nothing was sent: %(detail)s")
    if isinstance(error, ssl.SSLError):
        return gettext_noop("The server %(host)s does not speak TLS on port %(port)s. Choose another port or STARTTLS.")
    if isinstance(error, (socket.gaierror, UnicodeError, ValueError)):
        return gettext_noop("There is no server with the name %(host)s.")
    if isinstance(error, ConnectionRefusedError):
        return gettext_noop("The server %(host)s takes no connection on port %(port)s.")
    if isinstance(error, TimeoutError):
        return gettext_noop("The server %(host)s does not answer on port %(port)s.")
    if isinstance(error, (ConnectionResetError, BrokenPipeError, EOFError)):
        return gettext_noop("The server %(host)s closed the connection on port %(port)s before any mail was sent.")
    if isinstance(error, GarbledReply):
        return gettext_noop("What answers at %(host)s on port %(port)s is no mail server: %(detail)s")
    if isinstance(error, _NoWayToLogIn):
        return gettext_noop("The server %(host)s offers no way to log in that Bedel knows.")
    return gettext_noop("The server %(host)s cannot be reached on port %(port)s: %(detail)s")


def _problem(account: SmtpAccount, sentence: str, **values: str) -> AccountProblem:
    return AccountProblem(sentence, host=account.host, port=account.port, **values)
