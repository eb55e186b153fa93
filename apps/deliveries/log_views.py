"""A mailing's page: how far it is, and what became of every copy."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from apps.campaigns.audience import Reason
from apps.campaigns.models import Mailing
from apps.campaigns.reasons import sentence
from apps.core.keyset import paginate
from apps.organizations.permissions import requires

from .answers import how_many_answered
from .log import as_csv, dressed, rows_of_log
from .models import Delivery
from .seeing import SEEING, may_control, opens_mailing
from .tallies import Tally

_CHIPS = ("sent", "in_flight", "waiting", "failed", "uncertain", "skipped")


@requires(*SEEING)
@require_GET
@opens_mailing
def log(request, mailing: Mailing) -> HttpResponse:
    """The log, a hundred rows at a time."""
    state, reason, search = request.GET.get("state", ""), request.GET.get("reason", ""), request.GET.get("q", "")[:200]
    page = paginate(rows_of_log(mailing, state, reason, search), request, order=("id",))
    context = head(request, mailing) | {
        "page": page,
        "rows": dressed(mailing, page.rows, request.get_full_path()),
        "chips": _chips(state, Delivery.objects.tally([mailing.pk])[mailing.pk]),
        "reasons": _reasons(mailing) if state == "skipped" else [],
        "state": state,
        "reason": reason,
        "q": search,
        "tab": "log",
    }
    return render(request, "mailings/log.html", context)


@requires(*SEEING)
@require_GET
@opens_mailing
def progress(request, mailing: Mailing) -> HttpResponse:
    """The live part of the page (a fragment), asked for again while rows are open."""
    return render(request, "mailings/_progress.html", head(request, mailing))


@requires(*SEEING)
@require_GET
@opens_mailing
def download(request, mailing: Mailing) -> HttpResponse:
    """The whole log as a CSV file."""
    name = slugify(mailing.subject) or "log"
    response = HttpResponse(
        as_csv(mailing, rows_of_log(mailing).order_by("id")), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name[:60]}-{mailing.pk}.csv"'
    return response


def head(request, mailing: Mailing) -> dict:
    """What the head of each of the mailing's tabs shows."""
    tally = Delivery.objects.tally([mailing.pk])[mailing.pk]
    return {
        "mailing": mailing,
        "tally": tally,
        "speed": _speed(mailing, tally),
        "may_control": may_control(request.membership, mailing),
        "is_live": mailing.state in (Mailing.State.PENDING, Mailing.State.SENDING),
        "answered": how_many_answered(mailing) if mailing.question_id else 0,
    }


def _speed(mailing: Mailing, tally: Tally) -> dict | None:
    """Messages a second since the start, and the seconds that are left; None while nothing can be said."""
    if mailing.state != Mailing.State.SENDING or not mailing.started_at or tally.done < 5:
        return None
    seconds = max(1.0, (timezone.now() - mailing.started_at).total_seconds())
    rate = tally.done / seconds
    return {"rate": round(rate, 1) if rate < 10 else round(rate), "left": round(tally.open / rate)}


def _chips(current: str, tally: Tally) -> list[dict]:
    labels = dict(Delivery.State.choices)
    chips = [{"value": value, "label": labels[value], "number": getattr(tally, value)} for value in _CHIPS]
    return [chip for chip in chips if chip["number"] or chip["value"] == current]


def _reasons(mailing: Mailing) -> list[dict]:
    used = set(
        Delivery.objects.filter(mailing=mailing, state="skipped").order_by().values_list("reason", flat=True).distinct()
    )
    return [{"value": reason.value, "label": sentence(reason)} for reason in Reason if reason.value in used]
