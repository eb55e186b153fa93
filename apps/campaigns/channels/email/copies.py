"""From a row to the copy on the wire: what is the same for all is prepared once per mailing."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from apps.channels.email.esp import EspMail, EspRecipient
from apps.channels.email.mime import Attachment, CompiledMessage, MailContent, compile_message
from apps.channels.email.smtp import Envelope
from apps.senders.models import Sender

from ...audience.audience import AudienceRow
from ...content.attachments import ATTACHMENTS_LIMIT
from ...content.merge_values import Loaded, language_of
from ...content.rendering import UNSUBSCRIBE_LINK, Edition, Renderer
from ...models import Mailing
from ..channel import PreparedRow


@dataclass(frozen=True, slots=True)
class CompiledEdition:
    """The message in one language, and the skeleton of its messages."""

    edition: Edition
    message: CompiledMessage


class EmailContent(NamedTuple):
    """What the copy of one row is made from."""

    edition: CompiledEdition
    loaded: Loaded


class EmailCopies:
    """Makes the envelopes of one mailing. Reads its attachments once, and compiles each edition once."""

    def __init__(self, mailing: Mailing):
        self.mailing = mailing
        self.sender = _sender(mailing)
        self._renderer = Renderer(mailing)
        self._editions: dict[tuple[str, bool], CompiledEdition] = {}
        self._bears_own = self._renderer.bears_own_attachments
        attachments = tuple(_attachments(mailing))
        self._content = MailContent(
            from_name=self.sender.name,
            from_email=self.sender.address,
            reply_to=mailing.reply_to or self.sender.reply_to,
            attachments=attachments,
            bulk=True,
            room_for_own=_room_beside(attachments) if self._bears_own else None,
        )
        self._second = 0
        self._date = timezone.now()
        self._domain = self.sender.address.rpartition("@")[2]
        self._key = hashlib.sha256(settings.SECRET_KEY.encode()).digest()

    def prepare(self, rows: Sequence[AudienceRow]) -> list[PreparedRow]:
        """Read all that the copies of `rows` need: some queries for all of them."""
        loaded = self._renderer.values.load(rows)
        alone = self._bears_own
        return [PreparedRow(row.delivery_id, row, EmailContent(self._edition(row), loaded), alone) for row in rows]

    def envelope(self, prepared: PreparedRow) -> Envelope:
        """The copy of one row. Asks no database. Raises UnsendableAddress, UnsendableAttachment."""
        row, (edition, loaded) = prepared.row, prepared.content
        values = self._renderer.own_values(edition.edition, row, loaded)
        content = edition.message.build(
            values,
            to_name=row.name,
            to_email=row.address,
            message_id=self._message_id(row),
            date=self._now(),
            unsubscribe_url=values[UNSUBSCRIBE_LINK] if self._renderer.shows_unsubscribe_link else "",
            own=self._renderer.values.attachments(row, loaded) if self._bears_own else (),
        )
        return Envelope(row.delivery_id, self.sender.address, row.address, content, is_ready=True)

    def batches(self, rows: Iterable[PreparedRow]) -> Iterator[tuple[EspMail, list[EspRecipient]]]:
        """The copies of `rows` for a mail service: each edition once, and its recipients with their own values."""
        by_edition: dict[int, list[PreparedRow]] = {}
        for row in rows:
            by_edition.setdefault(id(row.content.edition), []).append(row)
        for same in by_edition.values():
            edition = same[0].content.edition.edition
            mail = EspMail(self._content, edition.subject, edition.html, edition.text)
            yield mail, [self._recipient(edition, prepared) for prepared in same]

    def _recipient(self, edition: Edition, prepared: PreparedRow) -> EspRecipient:
        row = prepared.row
        values = {**edition.constants, **self._renderer.own_values(edition, row, prepared.content.loaded)}
        url = values[UNSUBSCRIBE_LINK] if self._renderer.shows_unsubscribe_link else ""
        own = self._renderer.values.attachments(row, prepared.content.loaded) if self._bears_own else ()
        return EspRecipient(row.delivery_id, row.name, row.address, values, url, self._message_id(row), own)

    def _edition(self, row: AudienceRow) -> CompiledEdition:
        key = language_of(self.mailing, row), len(row.about_ids) <= 1
        if key not in self._editions:
            edition = self._renderer.edition(*key)
            templates = edition.subject, edition.html, edition.text
            self._editions[key] = CompiledEdition(
                edition, compile_message(self._content, *templates, edition.constants)
            )
        return self._editions[key]

    def _now(self) -> datetime:
        """The same object for all copies of a second: a header has no smaller unit."""
        second = int(time.time())
        if second != self._second:
            self._second, self._date = second, timezone.now().replace(microsecond=0)
        return self._date

    def _message_id(self, row: AudienceRow) -> str:
        """The same for a row however often it is tried, so that a repeat is recognised; new for each test send."""
        if not row.delivery_id:
            return f"<{uuid4().hex}@{self._domain}>"
        mark = hashlib.blake2b(b"message id %d" % row.delivery_id, key=self._key, digest_size=8)
        return f"<{row.delivery_id}.{mark.hexdigest()}@{self._domain}>"


def _sender(mailing: Mailing) -> Sender:
    if mailing.sender is None:
        raise ValueError(f"mailing {mailing.pk} has no sender; the check page lets none such through")
    return mailing.sender


def _room_beside(attachments: Sequence[Attachment]) -> int:
    """How many bytes of attachments of his own a recipient may get."""
    return max(0, ATTACHMENTS_LIMIT - 1 - sum(len(each.content) for each in attachments))


def _attachments(mailing: Mailing) -> Iterator[Attachment]:
    for attachment in mailing.attachments.all():
        with attachment.file.open("rb") as file:
            yield Attachment(attachment.name, attachment.content_type, file.read())
