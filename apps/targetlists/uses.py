"""Where lists are used. Those who use them, the apps above and other filters, say so here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.registry import Registry
from apps.recipients.group_uses import Going, Uses

from .conditions import leaves
from .models import TargetList

# Fields of conditions whose values are groups, years, or units.
_FIELDS_OF = {
    "group": ("group", "teaches", "guardian_group"),
    "year": ("year", "guardian_year"),
    "unit": ("unit", "group_unit", "guardian_unit"),
}


@dataclass(frozen=True)
class Messages:
    """How many messages use a list: `waiting` ones have a time at which they start."""

    drafts: int = 0
    waiting: int = 0
    begun: int = 0

    @property
    def total(self) -> int:
        return self.drafts + self.waiting + self.begun


# Who, asked for the ids of lists, gives the messages of those that have any; and who hears that a list is deleted now.
COUNTERS: Registry[Callable[[Iterable[int]], dict[int, Messages]]] = Registry()
TOLD: Registry[Callable[[TargetList], None]] = Registry()


def tell(target_list: TargetList) -> None:
    """The list is deleted now, within the same transaction."""
    for hear in TOLD.values():
        hear(target_list)


def messages_of(lists: Iterable[TargetList]) -> dict[int, Messages]:
    """The messages that use each of `lists`, by its id."""
    found = {each.pk: Messages() for each in lists}
    for count in COUNTERS.values():
        found |= count(found.keys())
    return found


def filters_with(target_list: TargetList) -> list[TargetList]:
    """The filter lists whose condition asks for this list, or for another filter that does; the nearest first."""
    filters = list(TargetList.objects.filter(kind=TargetList.Kind.FILTER).exclude(pk=target_list.pk))
    found, wanted = [], {str(target_list.pk)}
    while nearest := [each for each in filters if each not in found and _asks_for(each, wanted)]:
        found += nearest
        wanted = {str(each.pk) for each in nearest}
    return found


def uses_of_school(going: Going) -> Uses:
    """For recipients.group_uses: the filters that ask for a group, year or unit; if a message waits, it stays."""
    wanted = {"group": going.groups, "year": going.years, "unit": going.units}
    values = {what: {str(pk) for pk in ids} for what, ids in wanted.items()}
    filters = TargetList.objects.filter(kind=TargetList.Kind.FILTER)
    asking = [each for each in filters if _names_any(each, values)] if any(values.values()) else []
    said = (_why_a_filter_must_stay([each, *filters_with(each)]) for each in asking)
    return Uses([sentence for sentence in said if sentence], [_about_filter(each) for each in asking])


def _names_any(filter_list: TargetList, values: dict[str, set[str]]) -> bool:
    return any(
        values[what] & set(leaf.get("value") or [])
        for leaf in leaves(filter_list.condition)
        for what, fields in _FIELDS_OF.items()
        if leaf.get("field") in fields
    )


def _asks_for(filter_list: TargetList, wanted: set[str]) -> bool:
    of_lists = [leaf for leaf in leaves(filter_list.condition) if leaf.get("field") == "list"]
    return any(wanted & set(leaf.get("value") or []) for leaf in of_lists)


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
    said += map(_about_filter, filters_with(target_list))
    return said or [_("No message uses it.")]


def why_it_must_stay(target_list: TargetList) -> str:
    """A sentence when a message that waits for its start uses the list, itself or by a filter; else an empty text."""
    waiting = messages_of([target_list])[target_list.pk].waiting
    if not waiting:
        return _why_a_filter_must_stay(filters_with(target_list))
    sentence = ngettext(
        "A message that waits for its start uses this list. Take the message back first.",
        "%(number)s messages that wait for their start use this list. Take them back first.",
        waiting,
    )
    return sentence % {"number": waiting}


def _why_a_filter_must_stay(filters: list[TargetList]) -> str:
    """A sentence when a message that waits for its start uses one of these filters; else an empty text."""
    use = messages_of(filters)
    name = next((each.name for each in filters if use[each.pk].waiting), None)
    sentence = _(
        "A message that waits for its start uses the filter “%(name)s”, which asks for it. Take it back first."
    )
    return sentence % {"name": name} if name else ""


def _about_filter(filter_list: TargetList) -> str:
    sentence = _("The filter “%(name)s” asks for it. No message can use that filter until it is changed.")
    return sentence % {"name": filter_list.name}
