"""Steps three and four: is it right, and then send it."""

from datetime import timedelta
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.starting_work import start_on_commit
from apps.core.states import TransitionRefused
from apps.organizations.permissions import SENDING, Permission, requires
from apps.recipients.models import Person

from ..audience import audience
from ..audience.audience import AudienceRow
from ..audience.permitted import may_write_to_anybody
from ..audience.reasons import Reason, look_of, next_step, sentence, sign_of, with_names
from ..channels.channel import Preview
from ..channels.registry import channel_of
from ..content.attachments import attachments_size
from ..content.tags import broken_tags
from ..models import Mailing, TestSend
from .check_forms import SendForm, TestSendForm
from .checking import about_files, obstacles
from .drafts import opens_draft
from .scheduling import NotReady, schedule

PAGE = 50
TESTS_A_MINUTE = 5
PREVIEW_POLICY = "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; frame-ancestors 'self'"


@requires(*SENDING)
@require_safe
@opens_draft
def check(request, mailing: Mailing) -> HttpResponse:
    """Counts, who is left out and why, and the message as one family will read it."""
    channel, count = channel_of(mailing), audience.count(mailing)
    found = obstacles(mailing, count)
    place = _place(request, count.getting)
    shown = _shown(request, mailing, place)
    context = {
        "mailing": mailing,
        "count": count,
        "obstacles": found,
        "about_files": about_files(mailing, count.getting),
        "reasons": _reasons(request, mailing, count),
        "place": place,
        "shown": shown[0] if shown else None,
        "choices": audience.getting(mailing, search=request.GET.get("q", ""), limit=20) if request.GET.get("q") else [],
        "preview": _preview(mailing, shown),
        "channel": channel,
        "title": channel.title(mailing),
        "about_cost": channel.about_cost(mailing, count.getting),
        "attachments": mailing.attachments.all(),
        "attachments_size": attachments_size(mailing),
        "test_form": TestSendForm(
            mailing=mailing, initial={"address": channel.test_address(request.user), "once": uuid4().hex}
        ),
        "test_sends": mailing.test_sends.all()[:3],
    }
    return render(request, "campaigns/check.html", context)


@requires(*SENDING)
@require_safe
@opens_draft
def left_out(request, mailing: Mailing, reason: str) -> HttpResponse:
    """Everybody who does not get it for one reason, each with the way to mend it."""
    page = _number(request, "page")
    if reason not in Reason.values:
        return redirect(request.organization.url("campaigns:check", mailing.pk))
    rows = audience.left_out(mailing, reason, limit=PAGE + 1, offset=page * PAGE)
    people = _people(request, mailing, rows[:PAGE])
    excluded = mailing.entries.filter(is_excluded=True).order_by("target_list__name")
    context = {
        "mailing": mailing,
        "sentence": sentence(reason, channel_of(mailing)),
        "lists": list(excluded.values_list("target_list__name", flat=True)) if reason == Reason.EXCLUDED else [],
        "rows": people,
        "has_steps": any(each["step"] and each["step"].label for each in people),
        "may_see_people": request.membership.may(Permission.VIEW_PEOPLE),
        "previous": page - 1 if page else None,
        "next": page + 1 if len(rows) > PAGE else None,
    }
    return render(request, "campaigns/left_out.html", context)


@requires(*SENDING)
@require_safe
@xframe_options_sameorigin
@opens_draft
def preview(request, mailing: Mailing) -> HttpResponse:
    """The copy itself, for the frame on the check page: no script can run in it, and nothing frames it but us."""
    rows = _shown(request, mailing, _place(request, None))
    shown = _preview(mailing, rows)
    response = HttpResponse(shown.html if shown else "")
    response.headers["Content-Security-Policy"] = PREVIEW_POLICY
    return response


@requires(*SENDING)
@require_POST
@opens_draft
def send_test(request, mailing: Mailing) -> HttpResponse:
    """Send one copy to look at. It is counted nowhere."""
    form = TestSendForm(request.POST, mailing=mailing)
    back = redirect(request.organization.url("campaigns:check", mailing.pk) + f"?as={request.POST.get('as', '0')}#test")
    recent = mailing.test_sends.filter(created_at__gt=timezone.now() - timedelta(minutes=1)).count()
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors.get("address", [_("The address is missing.")]))))
    elif not _may_test_to(request, form.cleaned_data["address"]):
        messages.error(request, _("A test shows a family's own copy: you may send it to your own address."))
    elif obstacles(mailing):
        messages.error(request, _("Mend what stands above first, then send the test."))
    elif recent >= TESTS_A_MINUTE:
        messages.error(request, _("Five tests in a minute are enough. Wait a little."))
    elif not _was_pressed_before(request, form.cleaned_data["once"]):
        test = TestSend.objects.create(
            mailing=mailing, address=form.cleaned_data["address"], as_address=form.cleaned_data["as_address"]
        )
        start_on_commit("deliveries.send_test", test.pk, mailing.organization_id)
    return back


@requires(*SENDING)
@require_safe
@opens_draft
def tests(request, mailing: Mailing) -> HttpResponse:
    """What became of the last test copies (a fragment that is asked for again while one is on its way)."""
    return render(request, "campaigns/_tests.html", {"mailing": mailing, "test_sends": mailing.test_sends.all()[:3]})


@requires(*SENDING)
@require_http_methods(["GET", "HEAD", "POST"])
def send(request, pk: int) -> HttpResponse:
    """Step four. A form that was posted already leads to the message's page and does nothing."""
    if request.method == "POST" and Mailing.objects.filter(pk=pk).exclude(state=Mailing.State.DRAFT).exists():
        return redirect(request.organization.url("deliveries:log", pk))
    return _send(request, pk=pk)


@opens_draft
def _send(request, mailing: Mailing) -> HttpResponse:
    count = audience.count(mailing)
    form = SendForm(request.POST or None, getting=count.getting, initial={"getting": count.getting})
    if request.method == "POST" and form.is_valid():
        try:
            schedule(mailing, form.cleaned_data["starts_at"])
        except NotReady:
            return redirect(request.organization.url("campaigns:check", mailing.pk))
        except TransitionRefused:
            pass
        return redirect(request.organization.url("deliveries:log", mailing.pk))
    found = obstacles(mailing, count)
    title = channel_of(mailing).title(mailing)
    context = {"mailing": mailing, "title": title, "count": count, "form": form, "obstacles": found}
    context["button"] = _button(count.getting)
    return render(request, "campaigns/send.html", context)


def _button(getting: int) -> str:
    return ngettext("Send to %(number)s recipient", "Send to %(number)s recipients", getting) % {
        "number": f"{getting:,}"
    }


def _may_test_to(request, address: str) -> bool:
    """Whoever may not write to any address gets test copies at the address he logs in with."""
    return may_write_to_anybody(request.membership) or address == request.user.email


def _was_pressed_before(request, once: str) -> bool:
    """Whether the form with this mark was posted before (by a double press, or by going back)."""
    pressed = request.session.get("pressed", [])
    request.session["pressed"] = [*pressed, once][-20:]
    return once in pressed


def _place(request, getting: int | None) -> int:
    """The number of the recipient to show, from 0; round the end when the number of recipients is known."""
    place = _number(request, "as")
    return place % getting if getting else place


def _number(request, name: str) -> int:
    """The number in the query string under `name`; 0 where there is none that makes sense."""
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _shown(request, mailing: Mailing, place: int) -> list[AudienceRow]:
    """The one recipient whose copy is shown: the address in `?who=`, else the one at this place."""
    who = request.GET.get("who", "")
    found = [row for row in audience.getting(mailing, search=who, limit=20) if row.normalized == who] if who else []
    return found[:1] or audience.getting(mailing, limit=1, offset=place)


def _preview(mailing: Mailing, shown: list[AudienceRow]) -> Preview | None:
    """The copy of the one who is shown; None without one, or while a tag cannot be understood."""
    return channel_of(mailing).preview(mailing, shown[0]) if shown and not broken_tags(mailing) else None


def _reasons(request, mailing: Mailing, count: audience.AudienceCount) -> list[dict]:
    return [_reason(request, mailing, reason, number) for reason, number in count.skipped.items()]


def _reason(request, mailing: Mailing, reason: Reason, number: int) -> dict:
    # Whoever is outside the writer's groups has neither name nor address here.
    known = [row for row in audience.left_out(mailing, reason, limit=3) if row.name or row.address]
    return {
        "reason": reason.value,
        "sentence": sentence(reason, channel_of(mailing)),
        "number": number,
        "sign": sign_of(reason),
        "look": look_of(reason),
        "rows": _people(request, mailing, known),
        "more": max(0, number - len(known)),
    }


def _people(request, mailing: Mailing, rows: list[AudienceRow]) -> list[dict]:
    names = with_names(rows, Person.objects)
    may_mend = request.membership.may(Permission.MANAGE_PEOPLE)
    return [
        {
            "row": row,
            "about": ", ".join(names[i] for i in row.about_ids if i in names and names[i] != row.name),
            "step": next_step(request.organization, row, channel_of(mailing), request.get_full_path(), may_mend),
        }
        for row in rows
    ]
