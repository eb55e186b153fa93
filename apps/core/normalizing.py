"""Normal forms by which the same address, number or name is recognised again."""

import re
import unicodedata

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

_validate_email = EmailValidator()
MAX_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


def without_accents(text: str) -> str:
    """`text` folded for searching: no accents, no case, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def normalize_email(value: str) -> str:
    """The form by which two spellings of one email address are compared: lower case, NFC, no spaces around.

    Raises ValidationError with a sentence for the office when `value` is no address one can write to.
    """
    address = unicodedata.normalize("NFC", value.strip())
    if not address:
        raise ValidationError(_("The address is empty."))
    if any(unicodedata.category(c)[0] == "C" for c in address):
        raise ValidationError(_("“%(value)s” has invisible characters in it.") % {"value": printable(address)})
    if len(address) > MAX_ADDRESS:
        raise ValidationError(_("“%(value)s…” is too long for an address.") % {"value": address[:40]})
    if "@" not in address:
        raise ValidationError(_("“%(value)s” has no @ in it.") % {"value": address})
    domain = address.rpartition("@")[2]
    if "." not in domain.strip("."):
        raise ValidationError(_("“%(value)s” has no ending such as .es.") % {"value": address})
    try:
        _validate_email(address)
    except ValidationError:
        raise ValidationError(_("“%(value)s” is not an email address.") % {"value": address}) from None
    return address.lower()


def normalize_phone(value: str, country: str) -> str:
    """The E.164 form (`+34600000000`) of a number as written in `country` (ISO 3166 two letters).

    Raises ValidationError when it is no number that can exist there.
    """
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        raise ValidationError(_("“%(value)s” is not a telephone number.") % {"value": printable(value)[:40]}) from None
    if not phonenumbers.is_possible_number(number):
        raise ValidationError(_("“%(value)s” is not a telephone number.") % {"value": printable(value)[:40]})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def printable(text: str) -> str:
    """`text` with control characters shown as a visible sign, for use inside an error message."""
    return re.sub(r"[\x00-\x1f\x7f]", "\N{SYMBOL FOR NULL}", text)
