"""Which channels there are. Each is registered when the portal starts, in `apps.py` of its app."""

from typing import TYPE_CHECKING

from apps.senders.models import SenderAccount

from .channel import Channel, UnknownChannel

if TYPE_CHECKING:
    from ..models import Mailing

_CHANNELS: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Make a channel known under its code, in place of one that was known under it before."""
    _CHANNELS[channel.code] = channel


def unregister(code: str) -> None:
    """Forget a channel."""
    _CHANNELS.pop(code, None)


def channel(code: str) -> Channel:
    """The channel with this code; one that can do nothing where the code is of another version of Bedel."""
    return _CHANNELS.get(code) or UnknownChannel(code)


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


def channels() -> list[Channel]:
    """All channels, in the order in which they were registered."""
    return list(_CHANNELS.values())
