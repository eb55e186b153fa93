"""What the letter to a family says that no email reaches. Words for families alone: they are translated.

The office may change the text. It is kept in the language of the school as a file of the organisation, beside the
files that people attach and import.
"""

from datetime import date

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.organizations.scoping import current_organization

# What fits on the page together with the address and the slip.
MAX_LENGTH = 1500


def shipped_text() -> str:
    """Bedel's own text, in the language of the organisation."""
    with override(current_organization().language):
        paragraphs = (
            (_("The school writes to its families by email, and has no address of yours that works."),),
            (
                _("Write an email address and a telephone number on the slip below and return it to the office."),
                _("The school uses them only to write to you about your child."),
            ),
            (_("If you use no email, say so on the slip, and the office finds another way."),),
        )
    return "\n\n".join(" ".join(sentences) for sentences in paragraphs)


def letter_date(day: date) -> str:
    """The day as it stands in a letter in the language of the organisation: 22 November 2026."""
    language = current_organization().language
    with override(language):
        return formats.date_format(day, "j F Y" if language == "en" else "DATE_FORMAT")


def letter_text() -> str:
    """The text of the letter as the office left it, else the shipped one."""
    if not default_storage.exists(_path()):
        return shipped_text()
    with default_storage.open(_path()) as file:
        return file.read().decode()


def keep_letter_text(text: str) -> None:
    """Remember the text for all letters of the organisation; an empty one brings the shipped text back."""
    text = "\n".join(text.strip().splitlines())
    default_storage.delete(_path())
    if text and text != shipped_text():
        default_storage.save(_path(), ContentFile(text.encode()))


def _path() -> str:
    return f"letters/{current_organization().pk}/unreachable.txt"
