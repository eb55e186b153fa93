"""Builds the bytes of an email. What is the same for a whole mailing is encoded once; the rest is joined per message.

Everything is 7-bit with CRLF: bodies in quoted-printable, or in base64 where most letters are outside ASCII. The
standard library's message classes are not used for building because they take 2 ms a message; its parser is what the
tests hold the result against.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from apps.channels.email.addresses import ascii_domain
from apps.channels.email.headers import cleaned, link, mailbox, parameter, unstructured, without_direction_marks

_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+_-]{0,100}")
_CLOSED_TO_BASE64 = ("multipart/", "message/")  # RFC 2046 allows no base64 on these
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that every recipient of a mailing gets."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailContent:
    """What is the same in every message of a mailing. `reply_to` may be empty. `bulk`: one text to many people."""

    from_name: str
    from_email: str
    reply_to: str = ""
    attachments: Sequence[Attachment] = field(default_factory=tuple)
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """A mailing's headers and attachments, encoded, waiting for what differs per recipient."""

    _head: bytes
    _mixed_open: bytes
    _alternative_type: bytes
    _text_open: bytes
    _html_open: bytes
    _alternative_close: bytes
    _tail: bytes

    def build(
        self,
        *,
        to_name: str,
        to_email: str,
        subject: str,
        html: str,
        text: str,
        message_id: str,
        date: datetime,
        unsubscribe_url: str = "",
    ) -> bytes:
        """The whole message for one recipient, CRLF, ready for DATA (dots not yet stuffed).

        `message_id` comes with its angle brackets; `date` is aware. Raises UnsendableAddress for `to_email` and
        ValueError for a `message_id` that is none.
        """
        own_headers = (
            f"To: {mailbox(to_name, to_email)}\r\n"
            f"Subject: {unstructured(subject)}\r\n"
            f"Date: {format_datetime(date)}\r\n"
            f"Message-ID: {_checked_message_id(message_id)}\r\n"
            f"{_list_headers(unsubscribe_url)}"
        )
        text_encoding, text_body = _encoded_body(text)
        html_encoding, html_body = _encoded_body(html)
        return b"".join(
            (
                self._head,
                own_headers.encode("ascii"),
                self._mixed_open,
                self._alternative_type,
                self._text_open,
                text_encoding,
                text_body,
                self._html_open,
                html_encoding,
                html_body,
                self._alternative_close,
                self._tail,
            )
        )


def compile_message(content: MailContent) -> CompiledMessage:
    """Encode what all messages of a mailing share. Raises UnsendableAddress for the sender's or the reply address."""
    # "=_" occurs neither in quoted-printable nor in base64: no part can contain a boundary.
    mark = secrets.token_hex(8)
    mixed, alternative = f"=_mixed_{mark}", f"=_body_{mark}"
    mixed_open = tail = ""
    if content.attachments:
        mixed_open = f'Content-Type: multipart/mixed; boundary="{mixed}"\r\n\r\n--{mixed}\r\n'
        tail = f"--{mixed}--\r\n"
    return CompiledMessage(
        _head=_shared_headers(content).encode("ascii"),
        _mixed_open=mixed_open.encode("ascii"),
        _alternative_type=f'Content-Type: multipart/alternative; boundary="{alternative}"\r\n\r\n'.encode(),
        _text_open=f"--{alternative}\r\nContent-Type: text/plain; charset=utf-8\r\n".encode(),
        _html_open=f"--{alternative}\r\nContent-Type: text/html; charset=utf-8\r\n".encode(),
        _alternative_close=f"--{alternative}--\r\n".encode(),
        _tail=b"".join(_attachment_part(mixed, attachment) for attachment in content.attachments) + tail.encode(),
    )


def _shared_headers(content: MailContent) -> str:
    lines = [f"From: {mailbox(content.from_name, content.from_email)}"]
    if content.reply_to:
        lines.append(f"Reply-To: {mailbox('', content.reply_to)}")
    if content.bulk:
        # docs/decisions/headers-of-a-mailing.md: why neither Precedence nor Auto-Submitted
        lines.append("X-Auto-Response-Suppress: OOF, AutoReply")
    lines.append("MIME-Version: 1.0\r\n")
    return "\r\n".join(lines)


def _checked_message_id(message_id: str) -> str:
    if not message_id.isascii():
        left, at, domain = message_id.rstrip(">").rpartition("@")
        message_id = f"{left}{at}{ascii_domain(domain)}>"
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"{message_id!r} is no Message-ID")
    return message_id


def _list_headers(unsubscribe_url: str) -> str:
    if not unsubscribe_url:
        return ""
    return f"List-Unsubscribe: {link(unsubscribe_url)}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def _encoded_body(body: str) -> tuple[bytes, bytes]:
    """The rest of the part's headers, and the encoded body with the CRLF that belongs to the boundary after it."""
    body = body.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    data = body.replace("\n", "\r\n").encode("utf-8", "replace")
    if not body.isascii() and (len(data) - len(data.decode("ascii", "ignore"))) * 6 > len(data):
        return b"Content-Transfer-Encoding: base64\r\n\r\n", _base64_lines(data)
    return b"Content-Transfer-Encoding: quoted-printable\r\n\r\n", binascii.b2a_qp(data + b"\r\n", istext=True)


def _attachment_part(boundary: str, attachment: Attachment) -> bytes:
    content_type = attachment.content_type.lower().strip()
    if not _CONTENT_TYPE.fullmatch(content_type) or content_type.startswith(_CLOSED_TO_BASE64):
        content_type = "application/octet-stream"
    name = without_direction_marks(cleaned(attachment.name)).strip() or "attachment"
    head = (
        f"--{boundary}\r\n"
        f"Content-Type: {content_type}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment{parameter('filename', name)}\r\n\r\n"
    )
    return head.encode("ascii") + _base64_lines(attachment.content)


def _base64_lines(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n") or b"\r\n"
