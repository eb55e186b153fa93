"""What a sender is in each channel: an email address, a number or name on a telephone, a certified mailbox."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.registry import Registry


@dataclass(frozen=True)
class SenderKind:
    """`field` makes the field of a form in which its address is typed; what it says of wrong ones is for the office.

    `takes_replies`: whether another address can be named to which replies go.
    """

    channel: str
    field: Callable[[], forms.Field]
    takes_replies: bool = False


# By the code of the channel.
KINDS: Registry[SenderKind] = Registry()


def sender_kind(channel: str) -> SenderKind:
    """What a sender of `channel` is; free text where the channel is of another version of Bedel."""
    return KINDS.get(channel) or SenderKind(channel, _plain_address)


def _plain_address() -> forms.Field:
    return forms.CharField(label=_("Address people see"), max_length=254)


def _email_address() -> forms.Field:
    return forms.EmailField(label=_("Address people see"), max_length=254)


EMAIL = SenderKind("email", _email_address, takes_replies=True)
