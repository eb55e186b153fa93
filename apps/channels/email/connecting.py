"""Opens a connection to a mail server: greeting, TLS with certificate check, login; every failure as a sentence."""

import base64
import smtplib
import socket
import ssl
from dataclasses import dataclass, field

from apps.channels.outcomes import AccountProblem, gettext_noop, shortened

NONE, STARTTLS, TLS = "none", "starttls", "tls"


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """How mail leaves: `security` is "none", "starttls" or "tls"; without `username` there is no login."""

    host: str
    port: int
    security: str
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30


class Unavailable(Exception):
    """The server is there but does not want mail now (a 4xx greeting or login); its reply is the text."""


def connect(account: SmtpAccount, context: ssl.SSLContext | None = None) -> smtplib.SMTP:
    """A connection that is ready for MAIL.

    Raises AccountProblem with a sentence that names the server, or Unavailable when it asks to come back later.
    """
    try:
        smtp = _greeted(account, context or ssl.create_default_context())
    except (OSError, smtplib.SMTPException, UnicodeError, ValueError) as error:
        raise _connection_problem(account, error) from error
    try:
        _prepare(smtp, account, context or ssl.create_default_context())
    except (OSError, smtplib.SMTPException) as error:
        smtp.close()
        raise _connection_problem(account, error) from error
    except BaseException:
        smtp.close()
        raise
    return smtp


def reply_text(code: int, message: bytes | str) -> str:
    """A reply as one line: `550 5.1.1 No such user`."""
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    return shortened(f"{code} {text}" if code > 0 else text)


def _greeted(account: SmtpAccount, context: ssl.SSLContext) -> smtplib.SMTP:
    name = "localhost"  # replaced below; without one, smtplib would ask the name server for it, and wait
    smtp: smtplib.SMTP
    if account.security == TLS:
        smtp = smtplib.SMTP_SSL(account.host, account.port, name, timeout=account.timeout, context=context)
    else:
        smtp = smtplib.SMTP(account.host, account.port, name, timeout=account.timeout)
    assert smtp.sock is not None
    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    smtp.local_hostname = _own_name(smtp.sock)
    return smtp


def _own_name(connection: socket.socket) -> str:
    name = socket.gethostname()
    if "." in name.strip(".") and name.isascii():
        return name
    address = connection.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _prepare(smtp: smtplib.SMTP, account: SmtpAccount, context: ssl.SSLContext) -> None:
    smtp.ehlo_or_helo_if_needed()
    if account.security == STARTTLS:
        if not smtp.has_extn("starttls"):
            raise _problem(
                account,
                gettext_noop(
                    "The server %(host)s offers no STARTTLS on port %(port)s. Choose TLS, or ask for the right port."
                ),
            )
        smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
    if account.username:
        _log_in(smtp, account)


def _log_in(smtp: smtplib.SMTP, account: SmtpAccount) -> None:
    """AUTH in UTF-8 (RFC 4616); the standard library's login knows only ASCII passwords."""
    methods = smtp.esmtp_features.get("auth", "").upper().split()
    if not methods:
        raise _problem(account, gettext_noop("The server %(host)s offers no login on port %(port)s."))
    if "PLAIN" in methods:
        code, message = smtp.docmd("AUTH", "PLAIN " + _base64(f"\0{account.username}\0{account.password}"))
    elif "LOGIN" in methods:
        code, message = smtp.docmd("AUTH", "LOGIN " + _base64(account.username))
        if code == 334:
            code, message = smtp.docmd(_base64(account.password))
    else:
        code, message = smtp.login(account.username, account.password)
    if code not in (235, 503):
        raise smtplib.SMTPAuthenticationError(code, message)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _connection_problem(account: SmtpAccount, error: Exception) -> AccountProblem | Unavailable:
    if isinstance(error, smtplib.SMTPResponseException):
        return _response_problem(account, error)
    return _problem(account, _sentence_for(error), detail=shortened(str(error)))


def _response_problem(account: SmtpAccount, error: smtplib.SMTPResponseException) -> AccountProblem | Unavailable:
    reply = reply_text(error.smtp_code, error.smtp_error)
    if 400 <= error.smtp_code < 500:
        return Unavailable(reply)
    if isinstance(error, smtplib.SMTPAuthenticationError):
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
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return gettext_noop("The server %(host)s does not answer on port %(port)s.")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return gettext_noop("The server %(host)s closed the connection on port %(port)s before any mail was sent.")
    if isinstance(error, smtplib.SMTPException):
        return gettext_noop("The server %(host)s offers no way to log in that Bedel knows.")
    return gettext_noop("The server %(host)s cannot be reached on port %(port)s: %(detail)s")


def _problem(account: SmtpAccount, sentence: str, **values: str) -> AccountProblem:
    return AccountProblem(sentence, host=account.host, port=account.port, **values)
