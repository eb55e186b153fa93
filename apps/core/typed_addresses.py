"""Addresses as people type them, and as they paste them from a mail program or a sheet."""

import re
from collections.abc import Callable
from email.utils import unquote
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .normalizing import normalize_email, printable

NAME_LENGTH = 200
# The parts of an entry in which a separator separates nothing; limited, so that no text takes long.
_WHOLE = r'"(?:[^"\\\r\n]|\\.){0,300}"|<[^<>\r\n]{0,300}>|\([^()\r\n]{0,300}\)'
_between_commas = re.compile(rf"(?:{_WHOLE}|[^,])+").findall
_between_others = re.compile(rf"(?:{_WHOLE}|[^;\t\r\n])+").findall
# RFC 5322, 3.4: a name before the address in angle brackets, or a comment after it. The library's own parser is not
# asked: of what it cannot read it takes a part, and which part depends on the release of Python.
_named = re.compile(r'(?P<name>(?:"(?:[^"\\]|\\.)*"|[^"<>])*)<(?P<address>[^<>]*)>').fullmatch
_commented = re.compile(r'(?P<address>[^<>()"\s]+)\s*\((?P<name>[^()]*)\)').fullmatch
_quoted = re.compile(r'"(?:[^"\\]|\\.)*"')


class TypedAddress(NamedTuple):
    """`text`: the entry as it was typed. `name`: empty where it has none."""

    text: str
    name: str
    address: str
    normalized: str


def read_typed(
    text: str, normalize: Callable[[str], str] = normalize_email
) -> tuple[list[TypedAddress], list[tuple[str, str]]]:
    """Read entries separated by commas, semicolons, tabs or line ends: (good ones, (bad text, sentence) of the others).

    Each may be an address alone, `Name <address>`, `"Last, First" <address>` or `address (Name)`. None is read in part.
    `normalize` raises ValidationError for what is no address.
    """
    good, bad = [], []
    for entry in _entries(text.replace("\0", "\N{SYMBOL FOR NULL}")):
        try:
            good.append(_read(entry, normalize))
        except ValidationError as error:
            bad.append((entry, error.messages[0]))
    return good, bad


def _entries(text: str) -> list[str]:
    lines = [line.strip() for line in _between_others(text)]
    has_lines = len(lines) > 1 or ";" in text
    entries = []
    for line in lines:
        parts = [part.strip() for part in _between_commas(line)]
        entries += [line] if has_lines and _is_last_name_first(parts) else parts
    return [entry for entry in entries if entry]


def _is_last_name_first(parts: list[str]) -> bool:
    """`Roca, Pau <address>` without quotation marks, as Outlook writes it between semicolons."""
    return len(parts) == 2 and "@" not in parts[0] and "@" in parts[1] and bool(_named(parts[1]))


def _read(entry: str, normalize: Callable[[str], str]) -> TypedAddress:
    """Raises ValidationError with a sentence."""
    found = _named(entry) or _commented(entry)
    name, address = (found["name"].strip(), found["address"].strip()) if found else ("", entry)
    if not address or re.search(r"[<>]", address):
        raise ValidationError(_("“%(value)s” is not an email address.") % {"value": printable(entry)[:100]})
    normalized = normalize(address)
    is_address_again = address.lower() in (name.lower(), name[1:-1].lower())
    if "@" in _quoted.sub("", name) and not is_address_again:
        raise ValidationError(_("“%(value)s” has two addresses in it.") % {"value": printable(entry)[:100]})
    name = "" if is_address_again else " ".join(printable(unquote(name)).split())
    return TypedAddress(entry, name[:NAME_LENGTH], address, normalized)
