"""From a row to the message on the wire: what is the same for all is prepared once per mailing."""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
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
            )
        )

    def envelopes(self, rows: Sequence[AudienceRow]) -> Iterator[Envelope | UnsendableAddress]:
        """One per row, in their order, made as they are asked for; the error stands in the place of its row."""
        students = Person.objects.in_bulk({i for row in rows for i in row.about_ids})
        for row, values in zip(rows, values_for(self.mailing, rows), strict=True):
            try:
                yield self._envelope(row, values, students)
            except UnsendableAddress as error:
                yield error

    def _envelope(self, row: AudienceRow, values: dict[str, str], students: dict[int, Person]) -> Envelope:
        letter = self._renderer.render(row, values, students)
        content = self._message.build(
            to_name=row.name,
            to_email=row.address,
            subject=letter.subject,
            html=letter.html,
            text=letter.text,
            message_id=self._message_id(row),
            date=timezone.now(),
            unsubscribe_url=letter.unsubscribe_url,
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


def _sender(mailing: Mailing) -> Sender:
    if mailing.sender is None:
        raise ValueError(f"mailing {mailing.pk} has no sender; the check page lets none such through")
    return mailing.sender


def _attachments(mailing: Mailing) -> Iterator[Attachment]:
    for attachment in mailing.attachments.all():
        with attachment.file.open("rb") as file:
            yield Attachment(attachment.name, attachment.content_type, file.read())
