"""What an adapter says about each message it was given, in the words all channels share."""

from enum import StrEnum
from typing import NamedTuple

MAX_REPLY = 1000


class Result(StrEnum):
    """What became of one message."""

    ACCEPTED = "accepted"  # the server has taken it over
    REFUSED = "refused"  # final: this message will not be taken
    POSTPONED = "postponed"  # not now: try again later
    UNCERTAIN = "uncertain"  # handed over, but the answer was never seen


class Outcome(NamedTuple):
    """The result of the message `key`, with the server's reply or a sentence of ours.

    `reference`: the provider's own name of the message, by which it reports later. `parts`: of how many it consists, as
    an SMS of its segments; 0 where nobody counts. `cost`: what it costs, as a decimal number; empty where not known.
    """

    key: int
    result: Result
    reply: str = ""
    reference: str = ""
    parts: int = 0
    cost: str = ""

    @property
    def has_details(self) -> bool:
        """Whether the provider said more than its reply."""
        return bool(self.reference or self.parts or self.cost)


class AccountProblem(Exception):
    """The account cannot send at all: nothing of what is left was sent.

    `message` is a sentence with `%(name)s` places, marked for translation where it is written; `values` fill it. The
    text of the exception is the English sentence; `gettext(problem.message) % problem.values` gives another language.
    """

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.values = values


class AccountBusy(AccountProblem):
    """The server is there but wants no mail now, or wants it more slowly: nothing is wrong with the account."""


def gettext_noop(message: str) -> str:
    """Mark `message` for translation. Adapters do not import Django: who shows the sentence translates it."""
    return message


def shortened(reply: str) -> str:
    """A server's reply on one line, without control characters, at most `MAX_REPLY` characters long."""
    if len(reply) <= MAX_REPLY and reply.isascii() and reply.isprintable() and "  " not in reply:
        return reply.strip(" ")
    return " ".join("".join(c if c.isprintable() else " " for c in reply).split())[:MAX_REPLY]
