"""The words for how somebody is reached, written once for all: kinds of contact points, and channels of messages.

Email is both. A message by SMS goes to a telephone: of which kind of contact point a channel makes use, it says itself.
Both tables are open: a channel brings its name, and its kind of contact point where it has one of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from .normalizing import normalize_email, normalize_phone
from .registry import Registry

EMAIL, PHONE = "email", "phone"


@dataclass(frozen=True)
class ContactKind:
    """`normalize` takes what was typed and the organisation's country (ISO 3166, two letters).

    It returns the one spelling by which an address is known, and raises ValidationError with a sentence.
    """

    code: str
    label: Any
    normalize: Callable[[str, str], str]


def _normalize_email(value: str, _country: str) -> str:
    return normalize_email(value)


CONTACT_KINDS: Registry[ContactKind] = Registry()
CONTACT_KINDS.register(EMAIL, ContactKind(EMAIL, _("Email"), _normalize_email))
CONTACT_KINDS.register(PHONE, ContactKind(PHONE, _("Telephone"), normalize_phone))
# Code of a channel -> its name on pages.
CHANNEL_LABELS: Registry[Any] = Registry()


def contact_kind(code: str) -> ContactKind:
    """The kind with this code; one that takes any text where the code is of another version of Bedel."""
    return CONTACT_KINDS.get(code) or ContactKind(code, code, lambda value, _country: value.strip())


def contact_kind_choices() -> list[tuple[str, Any]]:
    """For a field: the kinds of contact points."""
    return [(kind.code, kind.label) for kind in CONTACT_KINDS.values()]


def channel_choices() -> list[tuple[str, Any]]:
    """For a field: the channels of messages."""
    return list(CHANNEL_LABELS.items())
