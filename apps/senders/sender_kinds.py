"""What a sender is in each channel: an email address, a number or name on a telephone, a certified mailbox."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class SenderKind:
    """`field` makes the field of a form in which its address is typed; what it says of wrong ones is for the office.

    `takes_replies`: whether another address can be named to which replies go.
    """

    channel: str
    label: Any
    field: Callable[[], forms.Field]
    takes_replies: bool = False


_KINDS: dict[str, SenderKind] = {}


def register(kind: SenderKind) -> None:
    """Make known what a sender of a channel is, in place of what was known before."""
    _KINDS[kind.channel] = kind


def unregister(channel: str) -> None:
    """Forget what a sender of `channel` is."""
    _KINDS.pop(channel, None)


def sender_kind(channel: str) -> SenderKind:
    """What a sender of `channel` is; free text where the channel is of another version of Bedel."""
    return _KINDS.get(channel) or SenderKind(channel, channel, _plain_address)


def choices() -> list[tuple[str, Any]]:
    """Code and name of the channels that have senders."""
    return [(kind.channel, kind.label) for kind in _KINDS.values()]


def _plain_address() -> forms.Field:
    return forms.CharField(label=_("Address people see"), max_length=254)


def _email_address() -> forms.Field:
    return forms.EmailField(label=_("Address people see"), max_length=254)


EMAIL = SenderKind("email", _("Email"), _email_address, takes_replies=True)
