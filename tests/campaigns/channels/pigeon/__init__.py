"""A channel that no product needs: carrier pigeons. All of it is in this folder; `register(PIGEON)` turns it on.

It proves `docs/adding-a-channel.md`: recipients, content, check, sending, log and words work without a line elsewhere.
"""

from .channel import PIGEON

__all__ = ["PIGEON"]
