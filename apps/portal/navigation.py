"""The rail, the dock and the sub-navigation: what there is, and what this member may open."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.urls import NoReverseMatch
from django.utils.translation import gettext_lazy as _

from apps.deliveries.pages.who_may_see import SEEING
from apps.imports.conflicts import number_to_decide
from apps.organizations.models import Membership, Organization
from apps.organizations.permissions import SENDING, Permission
from apps.organizations.scoping import without_scope


@dataclass(frozen=True)
class Place:
    """One entry: where it leads, and the permissions of which a member needs one to see it (none: everybody).

    `waiting` counts what somebody has to decide there. `namespace`: its pages are those of this namespace of URLs.
    """

    label: object
    url_name: str
    icon: str = ""
    arguments: tuple = ()
    any_of: tuple[str, ...] = ()
    children: tuple["Place", ...] = ()
    waiting: Callable[[], int] | None = None
    namespace: str = ""


_PEOPLE = (Permission.VIEW_PEOPLE, Permission.MANAGE_PEOPLE)

HOME = Place(_("Home"), "organization:home", "home")
MESSAGES = Place(
    _("Messages"),
    "deliveries:history",
    "envelope",
    any_of=SEEING,
    children=(
        Place(_("New"), "campaigns:new", any_of=SENDING),
        Place(_("Saved"), "campaigns:saved", any_of=SENDING),
        Place(_("Scheduled and running"), "deliveries:running", any_of=SEEING),
        Place(_("History"), "deliveries:history", any_of=SEEING),
    ),
)
PEOPLE = Place(
    _("People"),
    "recipients:list",
    "users",
    ("students",),
    _PEOPLE,
    (
        Place(_("Find anybody"), "recipients:find", any_of=_PEOPLE),
        Place(_("Students"), "recipients:list", arguments=("students",), any_of=_PEOPLE),
        Place(_("Guardians"), "recipients:list", arguments=("guardians",), any_of=_PEOPLE),
        Place(_("Staff"), "recipients:list", arguments=("staff",), any_of=_PEOPLE),
        Place(_("Contacts"), "recipients:list", arguments=("contacts",), any_of=_PEOPLE),
        Place(_("Groups by year"), "recipients:groups", any_of=_PEOPLE),
        Place(_("Unreachable"), "recipients:unreachable", any_of=_PEOPLE),
        Place(_("Duplicates"), "recipients:duplicates", any_of=(Permission.MANAGE_PEOPLE,)),
        Place(_("Target lists"), "targetlists:index", any_of=(*_PEOPLE, Permission.MANAGE_LISTS)),
        Place(
            _("Import"),
            "imports:new",
            any_of=(Permission.MANAGE_PEOPLE,),
            waiting=number_to_decide,
            namespace="imports",
        ),
    ),
)
SETTINGS = Place(
    _("Settings"),
    "organization:settings",
    "adjustments-horizontal",
    any_of=(Permission.MANAGE_ORGANIZATION, Permission.MANAGE_SENDERS, Permission.MANAGE_MEMBERS),
    children=(
        Place(_("Organisation"), "organization:settings", any_of=(Permission.MANAGE_ORGANIZATION,)),
        Place(_("Schedules and limits"), "organization:limits", any_of=(Permission.MANAGE_ORGANIZATION,)),
        Place(_("Senders"), "senders:list", any_of=(Permission.MANAGE_SENDERS,)),
        Place(_("Members and roles"), "members:index", any_of=(Permission.MANAGE_MEMBERS,), namespace="members"),
    ),
)
_NEW = Place(_("New"), "campaigns:new", "plus", any_of=SENDING)
# Which place a page belongs to, by the namespace of its URL.
_NAMESPACES = {
    "organization": HOME,
    "campaigns": MESSAGES,
    "deliveries": MESSAGES,
    "recipients": PEOPLE,
    "targetlists": PEOPLE,
    "imports": PEOPLE,
    "senders": SETTINGS,
    "members": SETTINGS,
}


@dataclass
class Item:
    """A place as this member sees it on this page."""

    label: object
    url: str
    icon: str
    here: bool = False
    inside: bool = False
    new_url: str = ""
    new: bool = False
    waiting: int = 0
    children: list["Item"] = field(default_factory=list)


def navigation(request) -> dict:
    """Context processor: `navigation` with items, foot, dock and the member's other organisations."""
    if getattr(request, "membership", None) is None:
        return {}
    top = [_item(request, place) for place in (HOME, MESSAGES, PEOPLE) if _may(request, place)]
    foot = [_item(request, place) for place in (SETTINGS,) if _may(request, place)]
    for item in top:
        if item.icon == MESSAGES.icon and _may(request, _NEW):
            item.new_url = request.organization.url("campaigns:new")
    new = [_item(request, _NEW)] if _may(request, _NEW) else []
    for item in new:
        item.new, item.inside = True, False
    dock = top[:2] + new + top[2:] + foot
    return {
        "navigation": {
            "items": top,
            "foot": foot,
            "dock": dock,
            "may_write": bool(new),
            "organizations": _organizations(request),
        }
    }


def _may(request, place: Place) -> bool:
    return request.membership.may_any(place.any_of)


def _item(request, place: Place) -> Item:
    open_to_him = [child for child in place.children if _may(request, child)]
    item = Item(place.label, _url(request, _front(place, open_to_him)), place.icon)
    item.here = request.path == item.url
    item.inside = item.here or _namespace_place(request) is place
    if item.inside:
        item.children = [_child(request, child) for child in open_to_him]
    return item


def _front(place: Place, open_to_him: list[Place]) -> Place:
    """Where the entry leads: to its own page, or if that is shut for this member, to the first one that is not."""
    own = place.url_name in {child.url_name for child in open_to_him}
    return place if own or not open_to_him else open_to_him[0]


def _child(request, place: Place) -> Item:
    item = Item(place.label, _url(request, place), place.icon)
    item.here = request.path == item.url
    item.inside = item.here or place.namespace in _namespaces(request)
    item.waiting = place.waiting() if place.waiting else 0
    return item


def _namespaces(request) -> list[str]:
    return request.resolver_match.namespaces if request.resolver_match else []


def _namespace_place(request) -> Place | None:
    match = request.resolver_match
    if match is None or not match.namespaces:
        return None
    if match.view_name in {child.url_name for child in SETTINGS.children}:
        return SETTINGS
    return _NAMESPACES.get(match.namespaces[0])


def _url(request, place: Place) -> str:
    try:
        return request.organization.url(place.url_name, *place.arguments)
    except NoReverseMatch:
        return request.organization.get_absolute_url()


def _organizations(request) -> list[Organization]:
    """The user's organisations, if there is more than one to choose from."""
    with without_scope():
        memberships = Membership.objects.filter(user=request.user).select_related("organization")
        organizations = sorted((membership.organization for membership in memberships), key=lambda each: each.name)
    return organizations if len(organizations) > 1 else []
