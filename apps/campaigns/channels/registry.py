"""Which channels there are. Each is registered when the portal starts, in `apps.py` of its app."""

from typing import TYPE_CHECKING

from apps.core.channels import CHANNEL_LABELS, CONTACT_KINDS
from apps.core.registry import Registry
from apps.organizations.models import Membership
from apps.senders import providers, sender_kinds
from apps.senders.models import SenderAccount

from .channel import Channel, UnknownChannel

if TYPE_CHECKING:
    from ..models import Mailing

# By code, in the order in which they are offered.
CHANNELS: Registry[Channel] = Registry()


def register(channel: Channel) -> None:
    """Make a channel known under its code, and with it what it brings: kinds of contact points, senders, providers."""
    CHANNELS.register(channel.code, channel)
    CHANNEL_LABELS.register(channel.code, channel.label)
    for kind in channel.contact_kinds:
        CONTACT_KINDS.register(kind.code, kind)
    if channel.sender_kind:
        sender_kinds.KINDS.register(channel.code, channel.sender_kind)
    for provider in channel.providers:
        providers.PROVIDERS.register(provider.code, provider)


def unregister(channel: Channel) -> None:
    """Forget a channel, and what it has brought with it."""
    CHANNELS.unregister(channel.code)
    CHANNEL_LABELS.unregister(channel.code)
    for kind in channel.contact_kinds:
        CONTACT_KINDS.unregister(kind.code)
    if channel.sender_kind:
        sender_kinds.KINDS.unregister(channel.code)
    for provider in channel.providers:
        providers.PROVIDERS.unregister(provider.code)


def channel(code: str) -> Channel:
    """The channel with this code; one that can do nothing where the code is of another version of Bedel."""
    return CHANNELS.get(code) or UnknownChannel(code)


def channel_of(mailing: "Mailing") -> Channel:
    """The channel by which `mailing` leaves."""
    return channel(mailing.channel)


def leaves_once(mailing: "Mailing") -> bool:
    """Whether a copy of `mailing` must never be handed over twice by itself."""
    return channel_of(mailing).leaves_once(account_of(mailing))


def account_of(mailing: "Mailing") -> SenderAccount:
    """The account by which `mailing` leaves. The check page lets none through without a sender."""
    if mailing.sender is None:
        raise ValueError(f"mailing {mailing.pk} has no sender")
    return mailing.sender.account


def channels_open_to(membership: Membership) -> list[Channel]:
    """The channels that a member may use in his organisation."""
    return [each for each in CHANNELS.values() if each.is_open_to(membership)]
