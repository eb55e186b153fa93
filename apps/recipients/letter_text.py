"""What the letter to a family says that no email reaches. Words for families alone: they are translated.

The office may change the text: what it writes is in the language of the school.
"""

from datetime import date
from typing import NamedTuple

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.organizations.scoping import current_organization

from .models import Person


class LetterWords(NamedTuple):
    """What stands in letters of one language (its code): the text, and the day as it is written there."""

    language: str
    text: str
    date: str


def letter_words(student: Person, day: date) -> LetterWords:
    """For a letter to the family of `student`, to whom reaching.with_reach has been.

    In the language of the first guardian who has one, else of the student, else of the organisation. A text that the
    office wrote is in the language of the organisation, and then all the words around it are too.
    """
    own_text = current_organization().letter_text
    language = "" if own_text else _language_of_family(student)
    language = language or current_organization().language
    return LetterWords(language, own_text or shipped_text(language), letter_date(day, language))


def _language_of_family(student) -> str:
    known = [pair.guardian.language for pair in student.pairs if not pair.restricted]
    return next(filter(None, [*known, student.language]), "")


def shipped_text(language: str) -> str:
    """Bedel's own text, in this language."""
    with override(language):
        paragraphs = (
            (_("The school writes to its families by email, and has no address of yours that works."),),
            (
                _("Write an email address and a telephone number on the slip below and return it to the office."),
                _("The school uses them only to write to you about your child."),
            ),
            (_("If you use no email, say so on the slip, and the office finds another way."),),
        )
    return "\n\n".join(" ".join(sentences) for sentences in paragraphs)


def letter_date(day: date, language: str) -> str:
    """The day as it stands in a letter in this language: 22 November 2026."""
    with override(language):
        if language == "ca":  # 3 de març de 2026, 3 d’abril de 2026
            month = formats.date_format(day, "F").lower()
            return f"{day.day} {'d’' if month[0] in 'ao' else 'de '}{month} de {day.year}"
        written = formats.date_format(day, "j F Y" if language in ("en", "it") else "DATE_FORMAT")
    # Months have a capital in English alone; Django gives the Italian ones one too.
    return written if language == "en" else written.lower()


def letter_text() -> str:
    """The text of the letter as the office left it, else the shipped one in the language of the organisation."""
    return current_organization().letter_text or shipped_text(current_organization().language)


def keep_letter_text(text: str) -> None:
    """Remember the text for all letters of the organisation; an empty one brings the shipped text back."""
    organization = current_organization()
    text = "\n".join(text.strip().splitlines())
    organization.letter_text = "" if text == shipped_text(organization.language) else text
    organization.save(update_fields=["letter_text"])
