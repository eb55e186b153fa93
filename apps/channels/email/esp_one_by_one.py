"""Requests to a mail service for one recipient each, because each bears files of his own.

A request that is not taken may be the recipient's fault (a kind of file that the service does not like) or that of the
account (a domain that was not verified). Nobody's message must fail for the second, and nobody's file stop the others'.
"""

from collections.abc import Callable, Iterator, Sequence

from apps.channels.email.esp_services import Copy, Request, ServiceRefusal
from apps.channels.outcomes import Outcome, Result

# HTTP: wrong, too large, of a kind that is not taken, not to be worked with.
_ABOUT_ONE_REQUEST = (400, 413, 415, 422)
_MOST_IN_A_ROW = 3

HandOver = Callable[[Request, Sequence[tuple[int, Copy]]], Iterator[Outcome]]


class Silent(Exception):
    """The service has not answered for some requests in a row; the text is what was heard instead."""


class OneByOne:
    """The requests of one sender, by `hand_over`, which makes one.

    What is refused is held back until something is taken: then it was the recipient's own fault. `is_trusted` says
    whether the service has taken anything of this sender yet.
    """

    def __init__(self, hand_over: HandOver, is_trusted: Callable[[], bool]) -> None:
        self._hand_over = hand_over
        self._is_trusted = is_trusted
        self._held: list[tuple[int, ServiceRefusal]] = []
        self._silences = 0

    def send(self, request: Request, key: int, copy: Copy) -> Iterator[Outcome]:
        """The outcomes that are known now. Raises ServiceRefusal for what is the account's, and Silent."""
        try:
            (outcome,) = self._hand_over(request, [(key, copy)])
        except ServiceRefusal as refusal:
            if refusal.status not in _ABOUT_ONE_REQUEST:
                raise
            self._held.append((key, refusal))
        else:
            yield outcome
            self._listen(outcome)
        if self._is_trusted() or len(self._held) == _MOST_IN_A_ROW:
            yield from self.end()

    def end(self) -> Iterator[Outcome]:
        """The outcomes of what was held back. Raises ServiceRefusal when nothing was taken."""
        held, self._held = self._held, []
        for key, refusal in held:
            if not self._is_trusted():
                raise refusal
            yield Outcome(key, Result.REFUSED, str(refusal))

    def _listen(self, outcome: Outcome) -> None:
        self._silences = self._silences + 1 if outcome.result == Result.UNCERTAIN else 0
        if self._silences == _MOST_IN_A_ROW:
            raise Silent(outcome.reply)
