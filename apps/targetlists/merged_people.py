"""What happens to lists when two people on record turn out to be one."""

from collections.abc import Iterator
from typing import Any, cast

from django.utils.translation import gettext_lazy as _

from apps.recipients.merging import move_rows
from apps.recipients.models import Person

from .conditions import leaves
from .models import TargetList, TargetListMember

# Fields of conditions whose values are people.
_NAMES_PEOPLE = ("taught_by",)
FIGURES = ((_("Target lists"), TargetListMember, "person"),)


def move(kept: Person, gone: Person) -> None:
    """Whoever was on a list stays on it, once; and whom a filter names, it names still."""
    move_rows(TargetListMember, "person", kept, gone, ("list",))
    filters = TargetList.objects.filter(kind=TargetList.Kind.FILTER)
    renamed = [each for each in filters if _name_instead(each.condition, str(kept.pk), str(gone.pk))]
    TargetList.objects.bulk_update(renamed, ["condition"])


def _name_instead(condition: dict, kept: str, gone: str) -> bool:
    """Put `kept` where the condition names `gone`. Out: whether it did."""
    found = cast(Iterator[dict[str, Any]], leaves(condition))
    naming = [leaf for leaf in found if leaf["field"] in _NAMES_PEOPLE and gone in leaf.get("value", ())]
    for leaf in naming:
        leaf["value"] = list(dict.fromkeys(kept if value == gone else value for value in leaf["value"]))
    return bool(naming)
