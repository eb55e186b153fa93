"""Builds the bytes of an email from a skeleton: literal text and attachments are encoded once for a whole mailing, and
per message only the values are escaped, encoded and put in.

Everything is 7-bit with CRLF: bodies in quoted-printable, or in base64 where most letters of the text are outside
ASCII. The one exception is a recipient with such letters before the @: his address stands in UTF-8 in the To header
(RFC 6532). See docs/decisions/building-mail.md.
"""

import binascii
import re
import secrets
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from itertools import chain
from types import MappingProxyType
from typing import Protocol

from apps.channels.email import quoted_printable
from apps.channels.email.addresses import ascii_domain
from apps.channels.email.headers import (
    cleaned,
    link,
    mailbox,
    parameter,
    recipient_mailbox,
    unstructured,
    without_direction_marks,
)
from apps.channels.email.own_attachments import OwnAttachment, check_room, pieces

_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+_-]{0,100}")
_CLOSED_TO_BASE64 = ("multipart/", "message/")  # RFC 2046 allows no base64 on these
_LINE = 76  # of base64
_LINES = struct.Struct(f"{_LINE}s" * 64)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")


class Slot(Protocol):
    """The place of one value, as core.merge makes it: fill() gives the value escaped for that place.

    Equal slots are filled alike.
    """

    @property
    def name(self) -> str: ...

    def fill(self, values: Mapping[str, str], /) -> str: ...


class Template(Protocol):
    """Literal text and slots in order, as core.merge compiles them."""

    @property
    def segments(self) -> Sequence[str | Slot]: ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that every recipient of a mailing gets."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailContent:
    """What is the same in every message of a mailing. `reply_to` may be empty. `bulk`: one text to many people.

    `room_for_own`: so many bytes of attachments of its recipient's own each message may bear besides; None: never any.
    """

    from_name: str
    from_email: str
    reply_to: str = ""
    attachments: Sequence[Attachment] = field(default_factory=tuple)
    bulk: bool = False
    room_for_own: int | None = None


class CompiledMessage:
    """The skeleton of a mailing, waiting for what differs per recipient. Made by compile_message()."""

    __slots__ = ("_attachments", "_base64_bodies", "_date", "_dated", "_head", "_own", "_parts", "_slots", "_subject")

    def __init__(
        self,
        head: str,
        subject: "_Folded",
        parts: "Sequence[str | Slot | _Folded]",
        attachments: bytes,
        own: tuple[str, int] | None,
    ) -> None:
        """`parts` follow the headers of the one recipient: encoded text, slots, and whole bodies for base64.

        `own`: the boundary that is open still after `attachments`, and the room for those of the recipient's own.
        """
        self._head = head
        self._own = own
        self._subject = unstructured(subject.literal) if subject.is_literal else subject
        self._attachments = attachments
        parts = _with_texts_joined(parts)
        self._parts = ["", *(part if isinstance(part, str) else "" for part in parts)]
        places = list(enumerate(parts, start=1))
        self._slots = _by_slot((i, part) for i, part in places if not isinstance(part, (str, _Folded)))
        self._base64_bodies = [(i, part) for i, part in places if isinstance(part, _Folded)]
        self._dated: datetime | None = None
        self._date = ""

    def build(
        self,
        values: Mapping[str, str],
        *,
        to_name: str,
        to_email: str,
        message_id: str,
        date: datetime,
        unsubscribe_url: str = "",
        own: Sequence[OwnAttachment] = (),
    ) -> bytes:
        """The whole message for one recipient, CRLF, ready for DATA; the files `own` are read now.

        No line starts with a dot, so dots need no stuffing (RFC 5321, 4.5.2). All is ASCII unless needs_smtputf8() is
        true of `to_email`. `message_id` comes with its angle brackets; `date` is aware. Raises UnsendableAddress for
        `to_email`, UnsendableAttachment, and ValueError for a `message_id` that is none.
        """
        parts = self._parts.copy()
        parts[0] = (
            f"{self._head}"
            f"To: {recipient_mailbox(to_name, to_email)}\r\n"
            f"Subject: {self._subject_for(values)}\r\n"
            f"Date: {self._date_header(date)}\r\n"
            f"Message-ID: {_checked_message_id(message_id)}\r\n"
            f"{_list_headers(unsubscribe_url)}"
        )
        is_plain, encode = quoted_printable.is_plain, quoted_printable.encode
        for fill, first, others in self._slots:
            value = fill(values)
            parts[first] = value = value if is_plain(value) else encode(value)
            for index in others:
                parts[index] = value
        for index, body in self._base64_bodies:
            parts[index] = _in_base64(body.pieces(values))
        message = "".join(parts).encode()
        if own or self._own:
            return b"".join(self._with_own(message, own))
        return message + self._attachments if self._attachments else message

    def _with_own(self, message: bytes, own: Sequence[OwnAttachment]) -> Iterator[bytes]:
        """`message` with the attachments of all and of its recipient, and the end."""
        if self._own is None:
            raise ValueError("this mailing was compiled for messages without attachments of their own")
        boundary, room = self._own
        check_room(own, room)
        yield message
        yield self._attachments
        for attachment in own:
            yield from _own_part(boundary, attachment)
        yield f"--{boundary}--\r\n".encode()

    def _subject_for(self, values: Mapping[str, str]) -> str:
        return self._subject if isinstance(self._subject, str) else unstructured(self._subject.render(values))

    def _date_header(self, date: datetime) -> str:
        if date is not self._dated:
            self._dated, self._date = date, format_datetime(date)
        return self._date


def compile_message(
    content: MailContent,
    subject: Template,
    html: Template,
    text: Template,
    constants: Mapping[str, str] = MappingProxyType({}),
) -> CompiledMessage:
    """Encode what all messages of a mailing share; a slot named in `constants` is filled now, with that value.

    Raises UnsendableAddress for the sender's or the reply address.
    """
    # "=_" occurs neither in quoted-printable nor in base64: no part can contain a boundary.
    mark = secrets.token_hex(8)
    mixed, alternative = f"=_mixed_{mark}", f"=_body_{mark}"
    attachments = b""
    mixed_open = ""
    own = None if content.room_for_own is None else (mixed, content.room_for_own)
    if content.attachments or own:
        mixed_open = f'Content-Type: multipart/mixed; boundary="{mixed}"\r\n\r\n--{mixed}\r\n'
        attachments = b"".join(_attachment_part(mixed, each) for each in content.attachments)
        attachments += b"" if own else f"--{mixed}--\r\n".encode()
    parts = [
        f'{mixed_open}Content-Type: multipart/alternative; boundary="{alternative}"\r\n\r\n',
        f"--{alternative}\r\nContent-Type: text/plain; charset=utf-8\r\n",
        *_body(_Folded(text, constants)),
        f"--{alternative}\r\nContent-Type: text/html; charset=utf-8\r\n",
        *_body(_Folded(html, constants)),
        f"--{alternative}--\r\n",
    ]
    return CompiledMessage(_shared_headers(content), _Folded(subject, constants), parts, attachments, own)


def _with_texts_joined(parts: "Sequence[str | Slot | _Folded]") -> "list[str | Slot | _Folded]":
    joined: list[str | Slot | _Folded] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _by_slot(places: "Iterable[tuple[int, Slot]]") -> list[tuple[Callable[[Mapping[str, str]], str], int, list[int]]]:
    """How each slot is filled, and where: one that stands in ten places is escaped and encoded once a message."""
    places_of: dict[Slot, list[int]] = {}
    for index, slot in places:
        places_of.setdefault(slot, []).append(index)
    return [(slot.fill, indexes[0], indexes[1:]) for slot, indexes in places_of.items()]


class _Folded:
    """A template in which the constant values have become literal text."""

    __slots__ = ("segments",)

    def __init__(self, template: Template, constants: Mapping[str, str]) -> None:
        self.segments: list[str | Slot] = []
        for segment in template.segments:
            if not isinstance(segment, str) and segment.name in constants:
                segment = segment.fill(constants)
            if isinstance(segment, str) and self.segments and isinstance(self.segments[-1], str):
                self.segments[-1] += segment
            elif segment != "":
                self.segments.append(segment)

    @property
    def is_literal(self) -> bool:
        return all(isinstance(segment, str) for segment in self.segments)

    @property
    def literal(self) -> str:
        """What does not depend on the recipient."""
        return "".join(segment for segment in self.segments if isinstance(segment, str))

    def render(self, values: Mapping[str, str]) -> str:
        return "".join(self.pieces(values))

    def pieces(self, values: Mapping[str, str]) -> list[str]:
        return [segment if isinstance(segment, str) else segment.fill(values) for segment in self.segments]


def _body(body: _Folded) -> "Iterator[str | Slot | _Folded]":
    """The rest of a part's headers and its encoded body, with the CRLF that belongs to the boundary after it."""
    if _is_mostly_outside_ascii(body.literal):
        yield "Content-Transfer-Encoding: base64\r\n\r\n"
        yield _in_base64([body.literal]) if body.is_literal else body
        return
    yield "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    before = "\r\n"
    for segment in body.segments:
        piece = quoted_printable.encode(segment) if isinstance(segment, str) else segment
        at_line_start = before.endswith("\r\n") or (isinstance(piece, str) and piece.startswith("\r\n"))
        if not at_line_start:
            yield quoted_printable.SOFT_BREAK
        yield piece
        before = piece if isinstance(piece, str) else ""
    yield "\r\n"


def _is_mostly_outside_ascii(text: str) -> bool:
    """Whether base64 is the shorter one: every byte outside ASCII takes three in quoted-printable."""
    size = len(text.encode("utf-8", "replace"))
    return (size - len(text.encode("ascii", "ignore"))) * 6 > size


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


def _attachment_part(boundary: str, attachment: Attachment) -> bytes:
    head = _attachment_head(boundary, attachment.name, attachment.content_type)
    return head + _base64_lines(attachment.content)


def _own_part(boundary: str, attachment: OwnAttachment) -> Iterator[bytes]:
    yield _attachment_head(boundary, attachment.name, attachment.content_type)
    if not attachment.size:
        yield _base64_lines(b"")
    for piece in pieces(attachment):
        yield _base64_lines(piece)


def _attachment_head(boundary: str, name: str, content_type: str) -> bytes:
    head = (
        f"--{boundary}\r\n"
        f"Content-Type: {attachment_type(content_type)}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment{parameter('filename', attachment_name(name))}\r\n\r\n"
    )
    return head.encode("ascii")


def attachment_type(content_type: str) -> str:
    """`content_type` where an attachment in base64 may have it, else the one that says nothing."""
    content_type = content_type.lower().strip()
    if not _CONTENT_TYPE.fullmatch(content_type) or content_type.startswith(_CLOSED_TO_BASE64):
        return "application/octet-stream"
    return content_type


def attachment_name(name: str) -> str:
    """`name` on one line, without what would show another ending than it has."""
    return without_direction_marks(cleaned(name)).strip() or "attachment"


def _base64_lines(data: bytes) -> bytes:
    """`data` in base64, each line with its end; cut in portions, in half the time of the standard library."""
    encoded = binascii.b2a_base64(data, newline=False)
    whole = len(encoded) // _LINES.size * _LINES.size
    lines = list(chain.from_iterable(_LINES.iter_unpack(memoryview(encoded)[:whole])))
    lines += [encoded[i : i + _LINE] for i in range(whole, len(encoded), _LINE)]
    return b"\r\n".join(lines) + b"\r\n"


def _in_base64(pieces: list[str]) -> str:
    text = "".join([quoted_printable.one_kind_of_break(piece) for piece in pieces])
    return _base64_lines(text.replace("\n", "\r\n").encode("utf-8", "replace")).decode("ascii")
