"""Normal forms by which the same address, number or name is recognised again."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

_validate_email = EmailValidator()
MAX_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
# Nearly every address of a school: what this accepts, the long way accepts too, and only lowers its case.
_plain_address = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII | re.IGNORECASE
).fullmatch
# Digits in groups, as nearly every number is written; signs that may mean an extension are left to the long way.
_plain_number = re.compile(r"(\+?)([0-9]+(?:[ .-][0-9]+)*)", re.ASCII).fullmatch
_SEPARATORS = str.maketrans("", "", " .-")


# Signs from the first combining character of Unicode to the last, and letters whose stroke is no sign of its own.
_SIGNS = {code: "" for code in range(0x300, 0x1E94B) if unicodedata.combining(chr(code))}
_STROKES = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
# Between two l of Catalan (gal·la, col·legi), in the signs by which it is written; nobody types it to search.
_DOTS = dict.fromkeys("·•‧∙⋅", "")
_FOLDED = {**_SIGNS, **{ord(letter): plain for letter, plain in (_STROKES | _DOTS).items()}}
# Of no width, and those that turn the direction of what follows (Unicode TR 9): they come along when text is pasted,
# and make a name look like another. Not the joiners of emoji and of Persian.
_NOT_SEEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def without_accents(text: str) -> str:
    """`text` folded for searching: no accents, no case, no middle dot, single spaces."""
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(decomposed.translate(_FOLDED).split())


def split_name(full: str) -> tuple[str, str]:
    """`Puig, Aina` or `Aina Puig` -> (Aina, Puig)."""
    if "," in full:
        last, _comma, first = full.partition(",")
    else:
        first, _space, last = full.partition(" ")
    return first.strip(), last.strip()


def without_unseen(text: str) -> str:
    """`text` without signs of no width, on one line, with single spaces."""
    return " ".join(_NOT_SEEN.sub("", text).split())


def normalize_email(value: str) -> str:
    """The form by which two spellings of one email address are compared: lower case, NFC, no spaces around.

    Raises ValidationError with a sentence for the office when `value` is no address one can write to.
    """
    if len(value) <= MAX_ADDRESS and value.isascii() and _plain_address(value):
        return value.lower()
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
    if domain.startswith("["):  # an address of a machine, RFC 5321 4.1.3: nobody's mailbox
        raise ValidationError(_("“%(value)s” is not an email address.") % {"value": address})
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
    return _plain_phone(value, country) or _parsed_phone(value, country)


class _Numbering(NamedTuple):
    """How numbers are written in a country, where that is simple: no code where it is not."""

    code: str = ""
    lengths: frozenset[int] = frozenset()
    has_zero: bool = False  # before a number that is dialled within the country
    any_number: re.Pattern[str] = re.compile("")


def _plain_phone(value: str, country: str) -> str:
    """The E.164 form of a number in the commonest spellings of its own country; "" where it takes the library."""
    found = _plain_number(value)
    numbering = _numbering(country)
    code = numbering.code
    if not found or not code:
        return ""
    digits = found[2].translate(_SEPARATORS)
    if digits.startswith(code) != bool(found[1]):
        return ""
    if found[1]:
        digits = digits.removeprefix(code)
    elif digits[0] == "0" and numbering.has_zero and not numbering.any_number.fullmatch(digits):
        digits = digits[1:]
    # Any other leading zero means something else in each country.
    return f"+{code}{digits}" if len(digits) in numbering.lengths and digits[0] != "0" else ""


@lru_cache(maxsize=64)
def _numbering(country: str) -> _Numbering:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country or "", None)
    if metadata is None or metadata.country_code is None or metadata.general_desc is None:
        return _Numbering()
    # Of countries that share a code the library asks the first one.
    shares = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(metadata.country_code, ())[:1] != (country,)
    prefix = metadata.national_prefix_for_parsing or ""
    if shares or prefix not in ("", "0") or metadata.international_prefix != "00":
        return _Numbering()
    pattern = re.compile(metadata.general_desc.national_number_pattern or "")
    lengths = frozenset(metadata.general_desc.possible_length)
    return _Numbering(str(metadata.country_code), lengths, prefix == "0", pattern)


@lru_cache(maxsize=20_000)
def _parsed_phone(value: str, country: str) -> str:
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        raise ValidationError(_("“%(value)s” is not a telephone number.") % {"value": printable(value)[:40]}) from None
    if not phonenumbers.is_possible_number(number):
        raise ValidationError(_("“%(value)s” is not a telephone number.") % {"value": printable(value)[:40]})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalize_document(text: str) -> str:
    """An identity document as it is compared: capitals and digits alone (`12.345.678-z` is `12345678Z`)."""
    folded = unicodedata.normalize("NFKD", text.upper())
    return "".join(character for character in folded if character.isascii() and character.isalnum())


def printable(text: str) -> str:
    """`text` with control characters shown as a visible sign, for use inside an error message."""
    return re.sub(r"[\x00-\x1f\x7f]", "\N{SYMBOL FOR NULL}", text)
