"""Where lists are used. Those who use them, the apps above and other filters, say so here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .conditions import leaves
from .models import TargetList


@dataclass(frozen=True)
class Messages:
    """How many messages use a list: `waiting` ones have a time at which they start."""

    drafts: int = 0
    waiting: int = 0
    begun: int = 0

    @property
    def total(self) -> int:
        return self.drafts + self.waiting + self.begun


# Asked for the ids of lists, it gives the messages of those that have any.
Counter = Callable[[Iterable[int]], dict[int, Messages]]
_counters: list[Counter] = []


def register(counter: Counter) -> None:
    """Let `counter` say which messages use a list."""
    if counter not in _counters:
        _counters.append(counter)


def messages_of(lists: Iterable[TargetList]) -> dict[int, Messages]:
    """The messages that use each of `lists`, by its id."""
    found = {each.pk: Messages() for each in lists}
    for counter in _counters:
        found |= counter(found.keys())
    return found


def filters_with(target_list: TargetList) -> list[TargetList]:
    """The filter lists whose condition asks for this list."""
    filters = TargetList.objects.filter(kind=TargetList.Kind.FILTER).exclude(pk=target_list.pk)
    wanted = str(target_list.pk)
    return [
        each
        for each in filters
        if any(leaf.get("field") == "list" and wanted in (leaf.get("value") or []) for leaf in leaves(each.condition))
    ]


def sentences(target_list: TargetList) -> list[str]:
    """What happens to whom if the list is deleted."""
    use, said = messages_of([target_list])[target_list.pk], []
    if use.drafts:
        said.append(
            ngettext(
                "%(number)s draft uses it, and goes on without it: whom it chose is chosen no more, "
                "whom it left out is left out no more.",
                "%(number)s drafts use it, and go on without it: whom it chose is chosen no more, "
                "whom it left out is left out no more.",
                use.drafts,
            )
            % {"number": use.drafts}
        )
    if use.begun:
        said.append(
            ngettext(
                "%(number)s message was sent with it. Its log stays as it is.",
                "%(number)s messages were sent with it. Their logs stay as they are.",
                use.begun,
            )
            % {"number": use.begun}
        )
    for each in filters_with(target_list):
        said.append(_("The filter “%(name)s” asks for it, and finds nobody until it is changed.") % {"name": each.name})
    return said or [_("No message uses it.")]


def why_it_must_stay(target_list: TargetList) -> str:
    """A sentence when a message that waits for its start uses the list; else an empty text."""
    waiting = messages_of([target_list])[target_list.pk].waiting
    return (
        ngettext(
            "A message that waits for its start uses this list. Take the message back first.",
            "%(number)s messages that wait for their start use this list. Take them back first.",
            waiting,
        )
        % {"number": waiting}
        if waiting
        else ""
    )
