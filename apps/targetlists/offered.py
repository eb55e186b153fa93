"""Which lists a member may choose: a filter that tells what others answered is for those who may see that."""

from apps.organizations.models import Membership
from apps.organizations.permissions import Permission
from apps.recipients.posted_ids import posted_ids

from .condition_fields import field_named
from .conditions import Condition, leaves
from .list_fields import MAX_LISTS_DEEP
from .models import TargetList


def sees_private_matters(membership: Membership) -> bool:
    """Whether the member may know what was sent to whom, who answered what, and who is not to be contacted."""
    return membership.may(Permission.VIEW_REPORTS) or membership.may(Permission.SEND_TO_ALL)


def lists_offered_to(membership: Membership) -> list[TargetList]:
    """All lists by name, less the filters by which the member would learn what he may not see."""
    lists = list(TargetList.objects.select_related("uploaded").order_by("name"))
    if sees_private_matters(membership):
        return lists
    return [each for each in lists if not _tells_private_matters(each.condition)]


def _tells_private_matters(condition: Condition, depth: int = 0) -> bool:
    """Whether a filter asks for them, or for a list whose filter does."""
    if depth > MAX_LISTS_DEEP:
        return True
    for leaf in leaves(condition):
        field = field_named(leaf["field"])
        if field and field.is_private:
            return True
        value = leaf.get("value")
        if leaf["field"] == "list" and isinstance(value, list):
            asked = TargetList.objects.filter(pk__in=posted_ids(map(str, value)))
            if any(_tells_private_matters(each.condition, depth + 1) for each in asked):
                return True
    return False
