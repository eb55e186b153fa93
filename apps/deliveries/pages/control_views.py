"""Stop, go on, take back: by POST alone, and with a sentence when somebody was faster."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.campaigns.composing import scheduling
from apps.campaigns.composing.drafts import mailings_of
from apps.campaigns.models import Mailing
from apps.core.states import TransitionRefused
from apps.organizations.permissions import SENDING, requires
from apps.recipients.posted_ids import posted_id

from ..engine import controlling, settling_uncertain
from .who_may_see import may_control, opens_mailing


@requires(*SENDING)
@require_POST
@opens_mailing
def stop(request, mailing: Mailing) -> HttpResponse:
    return _change(request, mailing, controlling.stop, _("It is not being sent any more, so it cannot be stopped."))


@requires(*SENDING)
@require_POST
@opens_mailing
def resume(request, mailing: Mailing) -> HttpResponse:
    return _change(request, mailing, controlling.resume, _("It is not stopped, so it cannot go on."))


@requires(*SENDING)
@require_POST
def take_back(request, pk: int) -> HttpResponse:
    """Back to a draft, as long as it has not started; what is a draft again (a second press) is opened."""
    if mailings_of(request.membership).filter(pk=pk, state=Mailing.State.DRAFT).exists():
        return redirect(request.organization.url("campaigns:check", pk))
    return _take_back(request, pk=pk)


@opens_mailing
def _take_back(request, mailing: Mailing) -> HttpResponse:
    return _change(request, mailing, scheduling.take_back, _("It has started already. You can stop it."))


@requires(*SENDING)
@require_POST
@opens_mailing
def count_as_sent(request, mailing: Mailing) -> HttpResponse:
    """Uncertain messages have arrived: all of them, or the one named by `delivery`."""
    number = _settle(request, mailing, settling_uncertain.count_as_sent)
    sentence = ngettext("%(n)s message counts as sent now.", "%(n)s messages count as sent now.", number)
    messages.success(request, sentence % {"n": number})
    return redirect(request.organization.url("deliveries:log", mailing.pk))


@requires(*SENDING)
@require_POST
@opens_mailing
def send_again(request, mailing: Mailing) -> HttpResponse:
    """Uncertain messages are to leave once more: all of them, or the one named by `delivery`."""
    try:
        number = _settle(request, mailing, settling_uncertain.send_again)
    except TransitionRefused:
        messages.warning(request, _("It is being sent. When it is done or stopped, send the uncertain ones again."))
    else:
        sentence = ngettext("%(n)s message is to be sent again.", "%(n)s messages are to be sent again.", number)
        messages.success(request, sentence % {"n": number})
    return redirect(request.organization.url("deliveries:log", mailing.pk))


def _settle(request, mailing: Mailing, change: Callable[[Mailing, int | None], int]) -> int:
    if not may_control(request.membership, mailing):
        raise PermissionDenied
    return change(mailing, posted_id(request.POST["delivery"]) if "delivery" in request.POST else None)


def _change(request, mailing: Mailing, change: Callable[[Mailing], None], too_late: str) -> HttpResponse:
    if not may_control(request.membership, mailing):
        raise PermissionDenied
    try:
        change(mailing)
    except TransitionRefused:
        messages.warning(request, too_late)
    if mailing.state == Mailing.State.DRAFT:
        return redirect(request.organization.url("campaigns:check", mailing.pk))
    return redirect(request.organization.url("deliveries:log", mailing.pk))
