"""What the letter to a family says that no email reaches. Words for families alone: they are translated.

The office may change the text: what it writes is in the language of the school.
"""

from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.organizations.scoping import current_organization


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
        if language == "ca":  # 3 de març de 2026, 3 d’abril de 2026
            month = formats.date_format(day, "F").lower()
            return f"{day.day} {'d’' if month[0] in 'ao' else 'de '}{month} de {day.year}"
        written = formats.date_format(day, "j F Y" if language in ("en", "it") else "DATE_FORMAT")
    # Months have a capital in English alone; Django gives the Italian ones one too.
    return written if language == "en" else written.lower()


def letter_text() -> str:
    """The text of the letter as the office left it, else the shipped one."""
    return current_organization().letter_text or shipped_text()


def keep_letter_text(text: str) -> None:
    """Remember the text for all letters of the organisation; an empty one brings the shipped text back."""
    organization = current_organization()
    text = "\n".join(text.strip().splitlines())
    organization.letter_text = "" if text == shipped_text() else text
    organization.save(update_fields=["letter_text"])
