"""From a row to the message on the wire: what is the same for all is prepared once per mailing."""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from apps.campaigns.audience import AudienceRow
from apps.campaigns.merge_values import values_for
from apps.campaigns.models import Mailing
from apps.campaigns.rendering import Renderer
from apps.channels.email.addresses import UnsendableAddress
from apps.channels.email.mime import Attachment, MailContent, compile_message
from apps.channels.email.smtp import Envelope
from apps.recipients.models import Person
from apps.senders.models import Sender

from .models import DeliveryAbout


@dataclass(frozen=True, slots=True)
class PreparedRow:
    """A row with its values: all that its letter needs."""

    key: int
    row: AudienceRow
    values: dict[str, str]
    students: dict[int, Person]


class LetterMaker:
    """Makes the envelopes of one mailing. Reads its attachments once."""

    def __init__(self, mailing: Mailing):
        self.mailing = mailing
        self._renderer = Renderer(mailing)
        self.sender = _sender(mailing)
        self._message = compile_message(
            MailContent(
                from_name=self.sender.name,
                from_email=self.sender.email,
                reply_to=mailing.reply_to or self.sender.reply_to,
                attachments=tuple(_attachments(mailing)),
                bulk=True,
            ),
            self._renderer.subject,
            self._renderer.html,
            self._renderer.text,
        )

    def prepare(self, rows: Sequence[tuple]) -> list["PreparedRow"]:
        """Read all that the letters of `rows` (Delivery.ROW_FIELDS) need: some queries for all of them."""
        audience = audience_rows(rows)
        students = Person.objects.in_bulk({i for row in audience for i in row.about_ids})
        values = values_for(self.mailing, audience)
        return [PreparedRow(row.delivery_id, row, own, students) for row, own in zip(audience, values, strict=True)]

    def envelope(self, prepared: "PreparedRow") -> Envelope:
        """The letter of one row. Asks no database. Raises UnsendableAddress."""
        return self._envelope(prepared.row, prepared.values, prepared.students)

    def envelopes(self, rows: Sequence[AudienceRow]) -> Iterator[Envelope | UnsendableAddress]:
        """One per row, in their order, made as they are asked for; the error stands in the place of its row."""
        students = Person.objects.in_bulk({i for row in rows for i in row.about_ids})
        for row, values in zip(rows, values_for(self.mailing, rows), strict=True):
            try:
                yield self._envelope(row, values, students)
            except UnsendableAddress as error:
                yield error

    def _envelope(self, row: AudienceRow, values: dict[str, str], students: dict[int, Person]) -> Envelope:
        all_values = self._renderer.slot_values(row, values, students)
        content = self._message.build(
            all_values,
            to_name=row.name,
            to_email=row.address,
            message_id=self._message_id(row),
            date=timezone.now(),
            unsubscribe_url=all_values["unsubscribe_link"] if self._renderer.shows_unsubscribe_link else "",
        )
        return Envelope(key=row.delivery_id, sender=self.sender.email, recipient=row.address, content=content)

    def _message_id(self, row: AudienceRow) -> str:
        """The same for a row however often it is tried, so that a repeat is recognised; new for each test send."""
        domain = self.sender.email.rpartition("@")[2]
        if not row.delivery_id:
            return f"<{uuid4().hex}@{domain}>"
        secret = settings.SECRET_KEY.encode()
        mark = hmac.new(secret, b"message id %d" % row.delivery_id, hashlib.sha256).hexdigest()[:16]
        return f"<{row.delivery_id}.{mark}@{domain}>"


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
    abouts = DeliveryAbout.objects.filter(delivery__in=delivery_ids).order_by("person_id")
    for delivery_id, person_id in abouts.values_list("delivery_id", "person_id"):
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
