"""The answers of a mailing: student, addresses mailed, answer, who, when."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from apps.campaigns.models import Mailing
from apps.core.normalizing import without_accents
from apps.organizations.permissions import requires

from .answers import Asked, as_csv, asked_of, by_group, totals
from .log_views import head
from .seeing import SEEING, opens_mailing

PAGE = 200


@requires(*SEEING)
@require_GET
@opens_mailing
def answers(request, mailing: Mailing) -> HttpResponse:
    """Totals, by class, and the list; narrowed down by answer, class, and part of a name or address."""
    if mailing.question is None:
        raise Http404
    lines = asked_of(mailing)
    wanted = {name: request.GET.get(name, "") for name in ("answer", "group", "q")}
    found = [line for line in lines if _fits(line, **wanted)]
    start = int(request.GET.get("from", "0")) if request.GET.get("from", "0").isdigit() else 0
    context = head(request, mailing) | {
        "tab": "answers",
        "totals": _named(totals(lines)),
        "asked": len(lines),
        "groups": [(name, _named(counted)) for name, counted in by_group(lines)],
        "lines": found[start : start + PAGE],
        "found": len(found),
        "next": start + PAGE if start + PAGE < len(found) else None,
        "previous": max(0, start - PAGE) if start else None,
        **wanted,
    }
    return render(request, "mailings/answers.html", context)


@requires(*SEEING)
@require_GET
@opens_mailing
def download(request, mailing: Mailing) -> HttpResponse:
    """All answers as a CSV file."""
    if mailing.question is None:
        raise Http404
    name = slugify(mailing.subject) or "answers"
    response = HttpResponse(as_csv(asked_of(mailing)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name[:60]}-answers.csv"'
    return response


def _fits(line: Asked, answer: str, group: str, q: str) -> bool:
    if answer and line.value != ("" if answer == "none" else answer):
        return False
    if group and line.group != group:
        return False
    text = without_accents(" ".join([line.name, *line.addresses]))
    return without_accents(q) in text


def _named(counted) -> dict[str, int]:
    names = {"yes": "yes", "no": "no", "received": "received", "both": "both", "": "none"}
    return {name: counted.get(value, 0) for value, name in names.items()}
