"""Families whom no email reaches: who they are, class by class, as a table, and a letter on paper for each."""

from itertools import islice

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.exports import csv_response
from apps.organizations.models import Unit
from apps.organizations.permissions import Permission, requires

from .letter_size import MAX_LENGTH, problem_of
from .letter_text import keep_letter_text, letter_text, letter_words
from .models import AcademicYear
from .unreachable import SHOWN, Asked, asked_for, classes_of, counts, filled, number_out_of_reach, students_out_of_reach
from .views import SEEING


@requires(*SEEING)
@require_safe
def unreachable(request) -> HttpResponse:
    """Per class of the year (`?year=`, `?unit=`, `?group=`) the students out of reach, with why."""
    asked = _asked(request)
    classes = counts(asked)
    context = {
        "asked": asked,
        "years": list(AcademicYear.objects.all()),
        "units": Unit.objects.all(),
        "classes": classes_of(asked),
        "sections": filled(classes, islice(students_out_of_reach(asked), SHOWN)),
        "number": number_out_of_reach(asked),
        "shown": SHOWN,
        "may_manage": request.membership.may(Permission.MANAGE_PEOPLE),
    }
    return render(request, "recipients/unreachable.html", context)


@requires(*SEEING)
@require_safe
def download(request) -> FileResponse:
    """All of them as a table, a line for each student."""
    asked = _asked(request)
    header = (_("Class"), _("Unit"), _("Name"), _("Number"), _("Why"))
    rows = (
        (
            group.name if group else "",
            str((group.unit if group else None) or ""),
            person.sorted_name,
            person.external_id,
            "; ".join(map(str, person.reach.obstacles)),  # type: ignore[attr-defined]
        )
        for group, person in students_out_of_reach(asked)
    )
    return csv_response("unreachable-families.csv", header, rows)


@requires(*SEEING)
@require_http_methods(["GET", "HEAD", "POST"])
def letters(request) -> HttpResponse:
    """A page of paper for each family; the text of all of them can be changed, and stays changed."""
    if request.method == "POST":
        if not request.membership.may(Permission.MANAGE_PEOPLE):
            raise PermissionDenied
        problem = _keep(request)
        if not problem:
            return redirect(request.get_full_path())
        messages.error(request, problem)
    asked = _asked(request)
    if "ticked" in request.GET and not asked.chosen:
        messages.error(request, _("Tick somebody first."))
        return redirect(
            request.organization.url("recipients:unreachable") + f"?year={asked.year.pk if asked.year else ''}"
        )
    today = timezone.localdate()
    found: dict[int, tuple] = {}
    for group, student in islice(students_out_of_reach(asked), SHOWN + 1):
        found.setdefault(student.pk, (group, student, letter_words(student, today)))
    context = {
        "asked": asked,
        "letters": list(found.values())[:SHOWN],
        "more": len(found) > SHOWN,
        "shown": SHOWN,
        "text": letter_text(),
        "typed": request.POST.get("text"),  # what did not fit is there to be cut
        "limit": MAX_LENGTH,
        "may_manage": request.membership.may(Permission.MANAGE_PEOPLE),
    }
    return render(request, "recipients/letters.html", context)


def _asked(request) -> Asked:
    try:
        return asked_for(request.GET)
    except ObjectDoesNotExist:
        raise Http404 from None


def _keep(request) -> str:
    """Keep the text of the letters, or say why it is not kept."""
    text = request.POST.get("text", "").replace("\0", "").replace("\r\n", "\n")
    if request.POST.get("do") == "reset":
        text = ""
    elif problem := problem_of(text):
        return problem
    keep_letter_text(text)
    messages.success(request, _("The text of the letters is kept."))
    return ""
