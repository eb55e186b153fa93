"""Put people and addresses on a list that is picked by hand, and take them off."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.keyset import paginate
from apps.core.typed_addresses import read_typed
from apps.organizations.permissions import Permission, requires
from apps.recipients.models import Person
from apps.recipients.posted_ids import posted_ids

from .finding import KINDS, Search, groups_to_choose, members_without_person, with_membership
from .members import PEOPLE_ORDER, add_addresses, add_people, add_typed, number_of, remove_addresses, remove_people
from .models import TargetList

MAX_TYPED = 2_000
BAD_SHOWN = 10


@requires(Permission.MANAGE_LISTS)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request, pk: int) -> HttpResponse:
    """Search people of all kinds; put the ticked, or all that were found, on the list."""
    found, search = _static(pk), Search.asked(request.GET)
    if request.method == "POST":
        _say_added(request, _add(request, found, search))
        return redirect(request.get_full_path())
    return render(request, "targetlists/add.html", _page(request, found, search))


@requires(Permission.MANAGE_LISTS)
@require_http_methods(["GET", "HEAD", "POST"])
def type_addresses(request, pk: int) -> HttpResponse:
    """Put the good addresses of the box on the list, and show the bad ones again."""
    found = _static(pk)
    good, bad = read_typed(request.POST.get("typed", ""))
    if request.method == "POST" and len(good) <= MAX_TYPED:
        _say_added(request, add_typed(found, good))
        good = []
    if not good and not bad:
        return redirect(request.organization.url("targetlists:add", pk))
    if good:
        bad.insert(0, ("", _("More than 2,000 typed addresses: put them into a file.")))
    context = _page(request, found, Search())
    left = [*(each.text for each in good), *(value for value, _sentence in bad if value)]
    context |= {"typed": "\n".join(left), "bad": bad[:BAD_SHOWN]}
    return render(request, "targetlists/add.html", context | {"bad_more": max(0, len(bad) - BAD_SHOWN)})


@requires(Permission.MANAGE_LISTS)
@require_POST
def remove(request, pk: int) -> HttpResponse:
    """Take the ticked people and addresses off, or (`do=all`) everybody of the kind that is shown."""
    found = _static(pk)
    if request.POST.get("do") == "all_people":
        number = remove_people(found, Person.objects.all())
    elif request.POST.get("do") == "all_addresses":
        number = remove_addresses(found)
    else:
        number = remove_people(found, Person.objects.filter(pk__any_of=_ids(request, "person")))
        number += remove_addresses(found, _ids(request, "address"))
    said = ngettext("%(number)s is off the list.", "%(number)s are off the list.", number) % {"number": f"{number:,}"}
    messages.success(request, said)
    show = "?show=addresses" if request.POST.get("show") == "addresses" else ""
    return redirect(request.organization.url("targetlists:list", pk) + show)


def _static(pk: int) -> TargetList:
    return get_object_or_404(TargetList, pk=pk, kind=TargetList.Kind.STATIC)


def _add(request, found: TargetList, search: Search) -> int:
    """Of members of the portal who are nobody on record, the login address."""
    portal_members = members_without_person(search)
    if request.POST.get("do") == "all":
        number = add_people(found, search.people)
    else:
        number = add_people(found, Person.objects.filter(pk__any_of=_ids(request, "person")))
        portal_members = portal_members.filter(pk__any_of=_ids(request, "member"))
    return number + add_addresses(found, [member.user.email for member in portal_members])


def _page(request, found: TargetList, search: Search) -> dict:
    people, portal_members = search.people, members_without_person(search)
    return {
        "list": found,
        "search": search,
        "kinds": KINDS.items(),
        "groups": groups_to_choose(),
        "page": paginate(with_membership(people, found), request, PEOPLE_ORDER),
        "found_number": people.count() + portal_members.count(),
        "portal_members": portal_members[:200],
        "number": number_of(found),
    }


def _say_added(request, number: int) -> None:
    said = ngettext("%(number)s more is on the list.", "%(number)s more are on the list.", number)
    if number:
        messages.success(request, said % {"number": f"{number:,}"})
    else:
        messages.info(request, _("Nobody was added: whoever you chose is on the list already."))


def _ids(request, name: str) -> list[int]:
    return posted_ids(request.POST.getlist(name))
