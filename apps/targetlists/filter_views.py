"""The builder of a filter: rows of conditions, in words above, with the number and the first names beside."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.organizations.permissions import Permission, requires

from . import building
from .condition_fields import fields_by_heading
from .conditions import first_people_meeting, in_words, number_meeting, people_meeting, problems
from .list_fields import saving
from .members import PEOPLE_ORDER
from .models import TargetList

NAMES_SHOWN = 12


@requires(Permission.MANAGE_LISTS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, pk: int) -> HttpResponse:
    """Show the filter; a POST does what its button says with the rows as they stand, and only Save keeps them."""
    found = get_object_or_404(TargetList, pk=pk, kind=TargetList.Kind.FILTER)
    action = request.POST.get("do", "")
    draft = building.as_draft(found.condition)
    if request.method == "POST":
        draft = building.changed(building.read_draft(request.POST), action)
    condition = building.as_condition(draft)
    with saving(found.pk):
        wrong = problems(condition)
    if action == "save" and not wrong:
        return _saved(request, found, condition)
    is_new = not found.condition and request.method != "POST"
    shows_errors = action == "save" or (request.method != "POST" and not is_new)
    return render(request, "targetlists/filter.html", _page(found, draft, wrong, shows_errors))


def _saved(request, found: TargetList, condition: dict) -> HttpResponse:
    found.condition = condition
    found.save(update_fields=["condition", "updated_at"])
    if not people_meeting(condition).exists():
        messages.warning(request, _("The filter is kept. Nobody meets it at the moment."))
    return redirect(request.organization.url("targetlists:list", found.pk))


def _page(found: TargetList, draft: dict, wrong: list, shows_errors: bool) -> dict:
    condition = building.as_condition(draft)
    context = {
        "list": found,
        "root": building.as_rows(draft, wrong if shows_errors else []),
        "headings": fields_by_heading().items(),
        "joins": building.JOINS.items(),
        "words": in_words(condition),
        "is_complete": building.is_complete(draft),
        "wrong": wrong,
        "shows_errors": shows_errors,
    }
    if not wrong:
        number = number_meeting(condition)
        first = first_people_meeting(condition, number).order_by(*PEOPLE_ORDER)
        context |= {"number": number, "names": list(first[:NAMES_SHOWN])}
    return context
