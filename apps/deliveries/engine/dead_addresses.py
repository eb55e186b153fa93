"""Addresses that do not exist (any more), by what a server or a mail service says of them."""

import re

from apps.recipients.models import ContactPoint

# RFC 3463: the address or its domain does not exist (or no longer).
_DEAD = re.compile(r"\b5\.1\.(1|2|3|6|10)\b")


def says_dead(reply: str) -> bool:
    """Whether a server's reply means that the address itself is wrong."""
    return bool(_DEAD.search(reply))


def mark_dead(normalized: str, reply: str) -> None:
    """Remember of every email contact point with this address that mail to it came back."""
    for point in ContactPoint.objects.filter(channel="email", normalized=normalized, health="good"):
        point.mark_failed(reply)
