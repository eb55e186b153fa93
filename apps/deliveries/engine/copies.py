"""From a row to the message on the wire: what is the same for all is prepared once per mailing."""

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from apps.campaigns.audience.audience import AudienceRow
from apps.campaigns.content.merge_values import Loaded, language_of
from apps.campaigns.content.rendering import UNSUBSCRIBE_LINK, Edition, Renderer
from apps.campaigns.models import Mailing
from apps.channels.email.esp import EspMail, EspRecipient
from apps.channels.email.mime import Attachment, CompiledMessage, MailContent, compile_message
from apps.channels.email.smtp import Envelope
from apps.core.fetching import fetch
from apps.senders.models import Sender

from ..models import DeliveryAbout


class PreparedRow(NamedTuple):
    """A row with all that its letter needs."""

    key: int
    row: AudienceRow
    edition: "CompiledEdition"
    loaded: Loaded


@dataclass(frozen=True, slots=True)
class CompiledEdition:
    """The letter in one language, and the skeleton of its messages."""

    edition: Edition
    message: CompiledMessage


class LetterMaker:
    """Makes the envelopes of one mailing. Reads its attachments once, and compiles each edition once."""

    def __init__(self, mailing: Mailing):
        self.mailing = mailing
        self.sender = _sender(mailing)
        self._renderer = Renderer(mailing)
        self._editions: dict[tuple[str, bool], CompiledEdition] = {}
        self._content = MailContent(
            from_name=self.sender.name,
            from_email=self.sender.email,
            reply_to=mailing.reply_to or self.sender.reply_to,
            attachments=tuple(_attachments(mailing)),
            bulk=True,
        )
        self._second = 0
        self._date = timezone.now()
        self._domain = self.sender.email.rpartition("@")[2]
        self._key = hashlib.sha256(settings.SECRET_KEY.encode()).digest()

    def prepare(self, rows: Sequence[AudienceRow]) -> list[PreparedRow]:
        """Read all that the letters of `rows` need: some queries for all of them."""
        loaded = self._renderer.values.load(rows)
        return [PreparedRow(row.delivery_id, row, self._edition(row), loaded) for row in rows]

    def envelope(self, prepared: PreparedRow) -> Envelope:
        """The letter of one row. Asks no database. Raises UnsendableAddress."""
        row, edition = prepared.row, prepared.edition
        values = self._renderer.own_values(edition.edition, row, prepared.loaded)
        content = edition.message.build(
            values,
            to_name=row.name,
            to_email=row.address,
            message_id=self._message_id(row),
            date=self._now(),
            unsubscribe_url=values[UNSUBSCRIBE_LINK] if self._renderer.shows_unsubscribe_link else "",
        )
        return Envelope(row.delivery_id, self.sender.email, row.address, content, is_ready=True)

    def batches(self, rows: Iterable[PreparedRow]) -> Iterator[tuple[EspMail, list[EspRecipient]]]:
        """The letters of `rows` for a mail service: each edition once, and its recipients with their own values."""
        by_edition: dict[int, list[PreparedRow]] = {}
        for row in rows:
            by_edition.setdefault(id(row.edition), []).append(row)
        for same in by_edition.values():
            edition = same[0].edition.edition
            mail = EspMail(self._content, edition.subject, edition.html, edition.text)
            yield mail, [self._recipient(edition, prepared) for prepared in same]

    def _recipient(self, edition: Edition, prepared: PreparedRow) -> EspRecipient:
        row = prepared.row
        values = {**edition.constants, **self._renderer.own_values(edition, row, prepared.loaded)}
        url = values[UNSUBSCRIBE_LINK] if self._renderer.shows_unsubscribe_link else ""
        return EspRecipient(row.delivery_id, row.name, row.address, values, url, self._message_id(row))

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
        """The same object for all letters of a second: a header has no smaller unit."""
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


def audience_rows(rows: Sequence[tuple]) -> list[AudienceRow]:
    """`rows` (Delivery.ROW_FIELDS of deliveries) with the students they are about: one query for all."""
    about = _students_of([row[0] for row in rows])
    return [
        AudienceRow(person_id, name, address, normalized, "", None, language, variables, about[key], key)
        for key, person_id, name, address, normalized, language, variables in rows
    ]


def _students_of(delivery_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Delivery id -> the ids of the students it is about."""
    about: dict[int, tuple[int, ...]] = defaultdict(tuple)
    abouts = DeliveryAbout.objects.filter(delivery__any_of=delivery_ids).order_by("person_id")
    for delivery_id, person_id in fetch(abouts.values_list("delivery_id", "person_id")):
        about[delivery_id] += (person_id,)
    return about


def _sender(mailing: Mailing) -> Sender:
    if mailing.sender is None:
        raise ValueError(f"mailing {mailing.pk} has no sender; the check page lets none such through")
    return mailing.sender


def _attachments(mailing: Mailing) -> Iterator[Attachment]:
    for attachment in mailing.attachments.all():
        with attachment.file.open("rb") as file:
            yield Attachment(attachment.name, attachment.content_type, file.read())
