"""Sends mail over SMTP: one connection that is kept, one outcome per message, in the order of the messages.

The one question that matters when something breaks is whether the message was handed over. Until the final dot has
left, it was not, and the message is tried once more on a new connection. After it, only the server knows.
"""

import re
import smtplib
import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from apps.channels.email.addresses import UnsendableAddress, ascii_address
from apps.channels.email.connecting import SmtpAccount, Unavailable, connect, reply_text
from apps.channels.outcomes import AccountProblem, Outcome, Result, gettext_noop

__all__ = ["Envelope", "SmtpAccount", "SmtpChannel", "check_account"]

_QUIT_SECONDS = 2.0
_PATIENCE_AFTER_DATA = 4  # times the usual timeout: servers scan a message before they answer the final dot
_PIECE = 65_536
_NEEDS_LOGIN = (530, 535, 538)
_CLOSING = 421
_GO_AHEAD = 354
_NO_8_BIT = "The server takes only 7-bit mail, and this message has 8-bit letters."
# bad sender address, sending limit of the account; Postfix says the sentence in answer to RCPT
_ABOUT_SENDER = re.compile(r"\b5\.1\.[78]\b|\b5\.4\.5\b|sender address rejected", re.IGNORECASE)
_ABOUT_SIZE = re.compile(r"552\b|5\d\d 5\.3\.4\b")
_BARE_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message for one recipient. `key` comes back in its Outcome; `content` is the message with CRLF."""

    key: int
    sender: str
    recipient: str
    content: bytes


class _Dropped(Exception):
    """The connection is gone. `handed_over`: whether the final dot had left before."""

    def __init__(self, reply: str, handed_over: bool) -> None:
        super().__init__(reply)
        self.handed_over = handed_over


class SmtpChannel:
    """A mail server as a context manager. `context` replaces the usual trust in certificates (an own authority)."""

    def __init__(
        self,
        account: SmtpAccount,
        *,
        context: ssl.SSLContext | None = None,
        pauses: Sequence[float] = (1, 3),
    ) -> None:
        self._account = account
        self._context = context
        self._pauses = pauses  # seconds before each further attempt to reconnect, once a connection has worked
        self._smtp: smtplib.SMTP | None = None
        self._announced: Envelope | None = None  # its MAIL, RCPT and DATA are written, their replies not yet read
        self._worked = False

    def __enter__(self) -> "SmtpChannel":
        return self

    def __exit__(self, exception_type: type[BaseException] | None, *_exception: object) -> None:
        self._close(politely=exception_type is None)

    def send(self, envelopes: Iterable[Envelope]) -> Iterator[Outcome]:
        """Send each message when its outcome is asked for.

        Where the server offers pipelining, the next envelope is already announced then, but its content is not sent.
        Raises AccountProblem when the server cannot be used; then nothing was sent of the message in hand and those
        after it. When the server asks to come back later, all that is left is postponed without trying.
        """
        unavailable = ""
        queue = _Queue(envelopes)
        for envelope in queue:
            if not unavailable:
                try:
                    yield self._send_one(envelope, queue)
                    continue
                except Unavailable as problem:
                    unavailable = str(problem)
            yield Outcome(envelope.key, Result.POSTPONED, unavailable)

    def check(self) -> None:
        """Connect and log in as for sending. Raises AccountProblem, also when the server asks to come back later."""
        try:
            self._connected()
        except Unavailable as problem:
            raise AccountProblem(
                gettext_noop("The server %(host)s takes no mail at the moment: %(reply)s"),
                host=self._account.host,
                reply=str(problem),
            ) from problem

    def _send_one(self, envelope: Envelope, queue: "_Queue") -> Outcome:
        try:
            return self._attempt(envelope, queue)
        except UnsendableAddress as problem:
            return Outcome(envelope.key, Result.REFUSED, str(problem))
        except _Dropped as first:
            if first.handed_over:
                return Outcome(envelope.key, Result.UNCERTAIN, str(first))
        try:
            return self._attempt(envelope, queue)
        except _Dropped as second:
            result = Result.UNCERTAIN if second.handed_over else Result.POSTPONED
            return Outcome(envelope.key, result, str(second))

    def _attempt(self, envelope: Envelope, queue: "_Queue") -> Outcome:
        """One try on a working connection. Raises _Dropped, UnsendableAddress, and what connecting raises."""
        recipient = ascii_address(envelope.recipient)
        smtp = self._connected()
        commands = self._commands(smtp, envelope, recipient)
        if commands is None:
            return Outcome(envelope.key, Result.REFUSED, _NO_8_BIT)
        try:
            result, reply = self._transaction(smtp, envelope, commands, queue)
        except _Dropped:
            self._close()
            raise
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            raise _Dropped(f"The connection broke off: {reply_text(0, str(error))}", handed_over=False) from error
        return Outcome(envelope.key, result, reply)

    def _transaction(
        self, smtp: smtplib.SMTP, envelope: Envelope, commands: Sequence[str], queue: "_Queue"
    ) -> tuple[Result, str]:
        replies = self._replies(smtp, envelope, commands)
        refused = next(((code, text) for code, text in replies[:2] if code // 100 != 2), None)
        if refused is None and replies[-1][0] != _GO_AHEAD:
            refused = replies[-1]
        if refused is not None:
            if len(replies) == 3 and replies[-1][0] == _GO_AHEAD:  # no recipient left, yet the server waits for data
                smtp.send(b".\r\n")
                smtp.getreply()
            return self._not_taken(smtp, replies, refused)
        data = _for_data(envelope.content)
        _write(smtp, data + self._announcement(smtp, queue), end_of_message=len(data))
        return self._handed_over(smtp)

    def _replies(self, smtp: smtplib.SMTP, envelope: Envelope, commands: Sequence[str]) -> list[tuple[int, bytes]]:
        """The replies to MAIL, RCPT and DATA: in one write where the server offers it, else until one is refused."""
        announced, self._announced = self._announced, None
        if announced is not envelope and smtp.has_extn("pipelining"):
            _write(smtp, _lines(commands))
            announced = envelope
        if announced is envelope:
            return [smtp.getreply() for _command in commands]
        replies = []
        for command in commands:
            smtp.putcmd(command)
            replies.append(smtp.getreply())
            if replies[-1][0] // 100 not in (2, 3):
                break
        return replies

    def _announcement(self, smtp: smtplib.SMTP, queue: "_Queue") -> bytes:
        """MAIL, RCPT and DATA of the next message, for the same write as the end of this one (RFC 2920)."""
        following = queue.peek() if smtp.has_extn("pipelining") else None
        if following is None:
            return b""
        try:
            commands = self._commands(smtp, following, ascii_address(following.recipient))
        except (UnsendableAddress, AccountProblem):
            return b""  # said when it is its turn
        if commands is None:
            return b""
        self._announced = following
        return _lines(commands)

    def _commands(self, smtp: smtplib.SMTP, envelope: Envelope, recipient: str) -> tuple[str, str, str] | None:
        """What announces a message; None when the server cannot take it because it has 8-bit letters."""
        parameters = f" SIZE={len(envelope.content)}" if smtp.has_extn("size") else ""
        if not envelope.content.isascii():
            if not smtp.has_extn("8bitmime"):
                return None
            parameters += " BODY=8BITMIME"
        return f"MAIL FROM:<{self._sender(envelope.sender)}>{parameters}", f"RCPT TO:<{recipient}>", "DATA"

    def _not_taken(
        self, smtp: smtplib.SMTP, replies: list[tuple[int, bytes]], refused: tuple[int, bytes]
    ) -> tuple[Result, str]:
        reply = reply_text(*refused)
        if replies[0][0] in _NEEDS_LOGIN:
            raise AccountProblem(
                gettext_noop("The server %(host)s wants a login or encryption before it takes mail: %(reply)s"),
                host=self._account.host,
                reply=reply,
            )
        if any(code == _CLOSING for code, _text in replies):
            raise _Dropped(reply, handed_over=False)
        result = _result_of(refused[0])
        if result is None:
            raise _Dropped(reply, handed_over=False)
        if result == Result.REFUSED:
            self._stop_if_about_sender(reply, to_mail=replies[0][0] // 100 == 5)
        self._reset(smtp)
        return result, reply

    def _handed_over(self, smtp: smtplib.SMTP) -> tuple[Result, str]:
        """The answer to the final dot; when it does not come, only the server knows what became of the message."""
        assert smtp.sock is not None
        smtp.sock.settimeout(self._account.timeout * _PATIENCE_AFTER_DATA)
        try:
            code, text = smtp.getreply()
            smtp.sock.settimeout(self._account.timeout)
        except (OSError, smtplib.SMTPException) as error:
            sentence = "The connection broke off after the message was handed over, before the server answered: "
            raise _Dropped(sentence + reply_text(0, str(error)), handed_over=True) from error
        if code == _CLOSING:
            raise _Dropped(reply_text(code, text), handed_over=False)
        result = _result_of(code)
        if result is None:
            raise _Dropped(f"The server's answer was not understood: {reply_text(code, text)}", handed_over=True)
        reply = reply_text(code, text)
        if result == Result.REFUSED:
            self._stop_if_about_sender(reply)
        return result, reply

    def _stop_if_about_sender(self, reply: str, to_mail: bool = False) -> None:
        """A refusal that would meet every recipient alike must not be written down as theirs."""
        about_sender = (to_mail and not _ABOUT_SIZE.match(reply)) or _ABOUT_SENDER.search(reply)
        if about_sender:
            sentence = gettext_noop("The server %(host)s takes no mail from this sender: %(reply)s")
            raise AccountProblem(sentence, host=self._account.host, reply=reply)

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            code, _text = smtp.docmd("RSET")
        except (OSError, smtplib.SMTPException):
            code = 0
        if code // 100 != 2:
            self._close()

    def _sender(self, address: str) -> str:
        try:
            return ascii_address(address) if address else ""
        except UnsendableAddress as problem:
            raise AccountProblem(problem.message, **problem.values) from problem

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            self._smtp = self._reconnected() if self._worked else connect(self._account, self._context)
            self._worked = True
        return self._smtp

    def _reconnected(self) -> smtplib.SMTP:
        """A new connection to a server that has worked a moment ago: a restart on its side is waited for."""
        for pause in self._pauses:
            try:
                return connect(self._account, self._context)
            except (AccountProblem, Unavailable):
                time.sleep(pause)
        return connect(self._account, self._context)

    def _close(self, politely: bool = False) -> None:
        smtp, self._smtp = self._smtp, None
        politely = politely and self._announced is None  # the server may be waiting for data
        self._announced = None
        if smtp is None:
            return
        try:
            if politely and smtp.sock is not None:
                smtp.sock.settimeout(_QUIT_SECONDS)
                smtp.quit()
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            smtp.close()


def check_account(account: SmtpAccount, *, context: ssl.SSLContext | None = None) -> None:
    """Connect and log in, and send nothing. Raises AccountProblem with a sentence for the office."""
    with SmtpChannel(account, context=context) as channel:
        channel.check()


class _Queue:
    """The envelopes that are still to come, with a look at the next one."""

    def __init__(self, envelopes: Iterable[Envelope]) -> None:
        self._rest = iter(envelopes)
        self._ahead: Envelope | None = None

    def __iter__(self) -> "_Queue":
        return self

    def __next__(self) -> Envelope:
        envelope, self._ahead = self._ahead, None
        return next(self._rest) if envelope is None else envelope

    def peek(self) -> Envelope | None:
        if self._ahead is None:
            self._ahead = next(self._rest, None)
        return self._ahead


def _lines(commands: Sequence[str]) -> bytes:
    return ("\r\n".join(commands) + "\r\n").encode("ascii")


def _write(smtp: smtplib.SMTP, data: bytes, end_of_message: int | None = None) -> None:
    """Write `data` piece by piece: a timeout counts for one write, and a large attachment may go over a slow line.

    Raises _Dropped; the message was handed over if `end_of_message` bytes of `data` had left.
    """
    if smtp.sock is None:
        raise _Dropped("The connection broke off.", handed_over=False)
    rest, sent = memoryview(data), 0
    try:
        while sent < len(data):
            sent += smtp.sock.send(rest[sent : sent + _PIECE])
    except OSError as error:
        handed_over = end_of_message is not None and sent >= end_of_message
        raise _Dropped(f"The connection broke off: {reply_text(0, str(error))}", handed_over) from error


def _result_of(code: int) -> Result | None:
    return {2: Result.ACCEPTED, 4: Result.POSTPONED, 5: Result.REFUSED}.get(code // 100)


def _for_data(content: bytes) -> bytes:
    """`content` as it follows DATA: only CRLF, dots at line starts doubled (RFC 5321, 4.5.2), and the final dot."""
    if not content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n"):
        content = _BARE_LINE_END.sub(b"\r\n", content)
    if content.startswith(b"."):
        content = b"." + content
    content = content.replace(b"\r\n.", b"\r\n..")
    return content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")
