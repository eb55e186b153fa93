"""A mailing's page: how far it is, and what became of every copy."""

from django.db.models import Count
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from apps.campaigns.audience.reasons import Reason, label_of
from apps.campaigns.channels.registry import channel_of
from apps.campaigns.content.parts import missing_parts
from apps.campaigns.models import Mailing
from apps.core.exports import csv_response
from apps.core.keyset import paginate
from apps.organizations.permissions import Permission, requires

from ..engine.pace import pace_of
from ..engine.tallies import Tally, tallies_of
from ..models import Delivery
from .answers import how_many_answered
from .log import dressed, header, rows_of_log, table
from .who_may_see import SEEING, may_control, opens_mailing

_CHIPS = ("sent", "delivered", "in_flight", "waiting", "bounced", "failed", "uncertain", "skipped")


@requires(*SEEING)
@require_safe
@opens_mailing
def log(request, mailing: Mailing) -> HttpResponse:
    """The log, a hundred rows at a time."""
    state, reason, search = request.GET.get("state", ""), request.GET.get("reason", ""), request.GET.get("q", "")[:200]
    may_see_people = request.membership.may(Permission.VIEW_PEOPLE)
    page = paginate(rows_of_log(mailing, state, reason, search, may_see_people), request, order=("id",))
    context = head(request, mailing)
    context |= {
        "page": page,
        "rows": dressed(mailing, page.rows, request.get_full_path(), request.membership.may(Permission.MANAGE_PEOPLE)),
        "chips": _chips(state, context["tally"]),
        "reasons": _reasons(mailing) if state == "skipped" else [],
        "state": state,
        "reason": reason,
        "q": search,
        "tab": "log",
    }
    return render(request, "deliveries/log.html", context)


@requires(*SEEING)
@require_safe
@opens_mailing
def progress(request, mailing: Mailing) -> HttpResponse:
    """The live part of the page (a fragment), asked for again while rows are open.

    A page that was made for an earlier state has the wrong buttons: it is told to fetch itself anew.
    """
    context = head(request, mailing)
    if request.htmx and request.GET.get("state") != context["stage"]:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "deliveries/_progress.html", context)


@requires(*SEEING)
@require_safe
@opens_mailing
def download(request, mailing: Mailing) -> FileResponse:
    """The whole log as a CSV file."""
    name = f"{slugify(mailing.subject)[:60] or 'log'}-{mailing.pk}.csv"
    return csv_response(name, header(), table(mailing, rows_of_log(mailing).order_by("id")))


def head(request, mailing: Mailing) -> dict:
    """What the head of each of the mailing's tabs shows."""
    tally = tallies_of([mailing.pk])[mailing.pk]
    stage = _stage(mailing, tally)
    return {
        "mailing": mailing,
        "tally": tally,
        "pace": pace_of(mailing, tally),
        "may_see_people": request.membership.may(Permission.VIEW_PEOPLE),
        "may_mend_account": request.membership.may(Permission.MANAGE_SENDERS),
        "may_control": may_control(request.membership, mailing),
        "may_send_again": mailing.state in (Mailing.State.DONE, Mailing.State.STOPPED),
        "stage": stage,
        "is_live": stage in (Mailing.State.PENDING, Mailing.State.SENDING, "stopping") or mailing.waits_for_id,
        "retry_at": mailing.waits_for.retry_at if mailing.waits_for else None,
        "missing_parts": missing_parts(mailing),
        "answered": how_many_answered([mailing.question_id]).get(mailing.question_id, 0) if mailing.question_id else 0,
    }


def _stage(mailing: Mailing, tally: Tally) -> str:
    """The state of the page: "stopping" while workers still hold packets of a mailing that was stopped."""
    return "stopping" if mailing.state == Mailing.State.STOPPED and tally.in_flight else mailing.state


def _chips(current: str, tally: Tally) -> list[dict]:
    labels = dict(Delivery.State.choices)
    chips = [{"value": value, "label": labels[value], "number": getattr(tally, value)} for value in _CHIPS]
    return [chip for chip in chips if chip["number"] or chip["value"] == current]


def _reasons(mailing: Mailing) -> list[dict]:
    skipped = Delivery.objects.filter(mailing=mailing, not_reached="skipped").order_by().values_list("reason")
    counts, channel = dict(skipped.annotate(number=Count("id"))), channel_of(mailing)
    return [
        {"value": reason.value, "label": label_of(reason, channel), "number": counts[reason.value]}
        for reason in Reason
        if reason.value in counts
    ]
