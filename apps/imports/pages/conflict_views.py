"""Where a file and a detail mended by hand differ: the queue in which a person decides."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.core.keyset import paginate
from apps.organizations.permissions import Permission, requires
from apps.recipients.models import ImportConflict
from apps.recipients.posted_ids import posted_ids

from ..conflicts import keep, take
from .tabs import sections

_OPEN = ImportConflict.Decision.OPEN


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def conflicts(request) -> HttpResponse:
    """What is to be decided, a hundred at a time."""
    waiting = ImportConflict.objects.filter(decision=_OPEN).select_related("person", "run")
    page = paginate(waiting, request, order=("id",))
    context = {"page": page, "number": waiting.count(), "sections": sections("conflicts", request.organization.url)}
    return render(request, "imports/conflicts.html", context)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def decide(request) -> HttpResponse:
    """Keep ours, or take the file's: of one row by its button, or of all that are ticked."""
    decision, _sign, row = request.POST.get("do", "").partition(":")
    ids = posted_ids([row]) if row else posted_ids(request.POST.getlist("conflict"))
    act = {"keep": keep, "take": take}.get(decision)
    waiting = ImportConflict.objects.filter(decision=_OPEN, pk__in=ids)
    number = sum(act(conflict, request.user) for conflict in waiting) if act else 0
    if number:
        said = ngettext("%(number)s is decided.", "%(number)s are decided.", number)
        messages.success(request, said % {"number": number})
    return redirect(request.organization.url("imports:conflicts"))
