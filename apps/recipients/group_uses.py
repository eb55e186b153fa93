"""Which messages wait for their start and have chosen a group. Those who keep messages, the apps above, say so here."""

from collections.abc import Callable, Iterable

from django.utils.translation import ngettext

from .models import Group

# Asked for the ids of groups, it gives how many waiting messages have chosen any of them.
Counter = Callable[[Iterable[int]], int]
_counters: list[Counter] = []


def register(counter: Counter) -> None:
    """Let `counter` say how many messages that wait have chosen any of some groups."""
    if counter not in _counters:
        _counters.append(counter)


def why_they_must_stay(groups: Iterable[Group]) -> str:
    """A sentence when a message that waits for its start has chosen one of `groups`; else an empty text."""
    ids = [group.pk for group in groups]
    waiting = sum(counter(ids) for counter in _counters)
    if not waiting:
        return ""
    sentence = ngettext(
        "%(number)s message that waits for its start goes to it. Take the message back first.",
        "%(number)s messages that wait for their start go to it. Take them back first.",
        waiting,
    )
    return sentence % {"number": waiting}
