"""The answers of a mailing: student, addresses mailed, answer, who, when."""

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from apps.campaigns.models import Mailing
from apps.core.exports import csv_response
from apps.core.keyset import paginate
from apps.organizations.permissions import requires

from .answers import (
    address_lines,
    by_class,
    header,
    narrowed_addresses,
    narrowed_students,
    student_lines,
    summed,
    table,
    totals_of,
)
from .log_views import head
from .who_may_see import SEEING, opens_mailing


@requires(*SEEING)
@require_safe
@opens_mailing
def answers(request, mailing: Mailing) -> HttpResponse:
    """Totals, by class, and the list; narrowed down by answer, class, and part of a name or address."""
    if mailing.question is None:
        raise Http404
    totals = totals_of([mailing])[mailing.pk]
    part = "addresses" if not totals["students"]["asked"] or request.GET.get("part") == "addresses" else "students"
    changed = narrowed_addresses(mailing, "changed") if part == "addresses" else narrowed_students(mailing, "changed")
    wanted = {name: request.GET.get(name, "")[:200] for name in ("answer", "group", "q")}
    context = head(request, mailing) | {
        "tab": "answers",
        "part": part,
        "totals": summed(totals),
        "of_part": totals[part] | {"changed_mind": changed.count()},
        "students": totals["students"]["asked"],
        "addresses": totals["addresses"]["asked"],
        "classes": by_class(mailing),
        **wanted,
        **_lines(request, mailing, part, **wanted),
    }
    return render(request, "deliveries/answers.html", context)


@requires(*SEEING)
@require_safe
@opens_mailing
def download(request, mailing: Mailing) -> FileResponse:
    """All answers as a CSV file."""
    if mailing.question is None:
        raise Http404
    name = f"{slugify(mailing.subject)[:60] or 'message'}-{mailing.pk}-answers.csv"
    return csv_response(name, header(), table(mailing))


def _lines(request, mailing: Mailing, part: str, answer: str, group: str, q: str) -> dict:
    if part == "addresses":
        page = paginate(narrowed_addresses(mailing, answer, q), request, order=("id",))
        return {"page": page, "lines": address_lines(mailing, page.rows)}
    page = paginate(narrowed_students(mailing, answer, group, q), request)
    return {"page": page, "lines": student_lines(mailing, page.rows)}
