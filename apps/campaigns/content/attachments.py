"""Files that go with a message: kept under their names, and refused where they would be too much."""

import mimetypes
import re
import unicodedata

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.core.message_parts import parts

from ..models import Attachment, Mailing

ATTACHMENTS_LIMIT = 5_000_000  # bytes: this much or more is refused
NAME_LENGTH = 150


class AttachmentRefused(Exception):
    """The file is not attached; the text is a sentence for the office."""


def attachments_size(mailing: Mailing) -> int:
    """The sum of the mailing's attachments in bytes."""
    return mailing.attachments.aggregate(total=Sum("size"))["total"] or 0


def largest_own(mailing: Mailing) -> int:
    """How many bytes of files of his own a recipient gets at the most."""
    return sum(part.largest_own(mailing) for part in parts() if part.is_in(mailing))


def attach(mailing: Mailing, file) -> Attachment:
    """Attach an uploaded file. Raises AttachmentRefused: empty, or 5,000,000 bytes or more with what is there."""
    if not file.size:
        raise AttachmentRefused(_("“%(name)s” is empty.") % {"name": clean_name(file.name)})
    with transaction.atomic():
        Mailing.objects.select_for_update().get(pk=mailing.pk)
        if attachments_size(mailing) + file.size >= ATTACHMENTS_LIMIT:
            raise AttachmentRefused(
                _("“%(name)s” is too large: all attachments together must stay under 5 MB.")
                % {"name": clean_name(file.name)}
            )
        name = clean_name(file.name)
        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Attachment.objects.create(
            mailing=mailing, file=file, name=name, content_type=content_type, size=file.size
        )


def detach(mailing: Mailing, pk: int) -> None:
    """Take an attachment out, and delete its file."""
    attachment = mailing.attachments.filter(pk=pk).first()
    if attachment:
        attachment.delete()
        attachment.file.delete(save=False)


def clean_name(name: str) -> str:
    """A file name without folders and invisible signs, of at most 150 letters, with its ending kept."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C").strip() or "file"
    stem, dot, ending = name.rpartition(".")
    if len(name) > NAME_LENGTH and dot and len(ending) < 20:
        return stem[: NAME_LENGTH - len(ending) - 1] + dot + ending
    return name[:NAME_LENGTH]
