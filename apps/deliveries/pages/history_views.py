"""The mailings that were sent, are being sent, or wait for their start."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.core.keyset import paginate
from apps.organizations.permissions import requires

from ..engine.tallies import tallies_of
from .answers import how_many_answered
from .who_may_see import RUNNING, SEEING, mailings_seen_by


@requires(*SEEING)
@require_safe
def history(request) -> HttpResponse:
    """All that is no draft: type, subject, sent n/N, date, time."""
    mailings = mailings_seen_by(request.membership)
    search = request.GET.get("q", "")[:200].replace("\0", "")
    if search:
        mailings = mailings.filter(subject__icontains=search)
    return _page(request, "deliveries/history.html", mailings, q=search)


@requires(*SEEING)
@require_safe
def running(request) -> HttpResponse:
    """What waits for its start, is being sent, or was stopped on the way."""
    return _page(request, "deliveries/running.html", mailings_seen_by(request.membership).filter(state__in=RUNNING))


def _page(request, template: str, mailings, **context) -> HttpResponse:
    page = paginate(mailings, request, order=("-id",), size=50)
    tallies = tallies_of([mailing.pk for mailing in page.rows])
    answered = how_many_answered(mailing.question_id for mailing in page.rows if mailing.question_id)
    rows = [
        {"mailing": mailing, "tally": tallies[mailing.pk], "answers": answered.get(mailing.question_id, 0)}
        for mailing in page.rows
    ]
    return render(request, template, {"page": page, "rows": rows, **context})
