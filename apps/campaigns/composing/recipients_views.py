"""Step one: who gets it. Whatever button is pressed, what stands in the form is kept in the draft."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.organizations.permissions import SENDING, Permission, requires
from apps.targetlists.uploading import FileRefused, upload_list

from ..audience import audience, picker
from ..audience.permitted import may_write_to_anybody, whom_only
from ..channels.registry import channel, channel_of, channels_open_to
from ..models import AudienceEntry, Mailing
from .drafts import delete_draft, drop_list, mailings_of, new_draft, opens_draft
from .recipients_forms import MAX_TYPED, RecipientsForm, keep_valid

SENTENCES_SHOWN = 10


@requires(*SENDING)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request) -> HttpResponse:
    """A GET shows a button for each channel, for it must change nothing; a button makes the draft."""
    offered = channels_open_to(request.membership)
    if request.method != "POST":
        return render(request, "campaigns/new.html", {"channels": offered})
    wanted = channel(request.POST.get("channel", offered[0].code))
    if wanted not in offered:
        raise PermissionDenied
    mailing = new_draft(request.membership, wanted)
    return redirect(request.organization.url("campaigns:recipients", mailing.pk))


@requires(*SENDING)
@require_http_methods(["GET"])
def saved(request) -> HttpResponse:
    """The drafts that this member may go on with."""
    drafts = mailings_of(request.membership).filter(state=Mailing.State.DRAFT).select_related("created_by")
    return render(request, "campaigns/saved.html", {"drafts": drafts.order_by("-updated_at")[:200]})


@requires(*SENDING)
@require_http_methods(["GET", "HEAD", "POST"])
@opens_draft
def delete(request, mailing: Mailing) -> HttpResponse:
    """Ask, then delete a draft for good."""
    if request.method != "POST":
        return render(request, "campaigns/delete.html", {"mailing": mailing})
    name = str(mailing)
    if delete_draft(mailing):
        messages.success(request, _("“%(name)s” is deleted.") % {"name": name})
    return redirect(request.organization.url("campaigns:saved"))


@requires(*SENDING)
@require_http_methods(["GET", "HEAD", "POST"])
@opens_draft
def recipients(request, mailing: Mailing) -> HttpResponse:
    """Show the two panes; a POST keeps the form, does what its button says, and comes back (or goes on)."""
    form = RecipientsForm(request.POST or None, instance=mailing)
    typed, bad = "", []
    if request.method == "POST":
        keep_valid(form)
        bad = _keep_typed(request, mailing)
        _act(request, mailing)
        if form.is_valid() and not bad:
            return _onward(request, mailing, year_changed="year" in form.changed_data)
        typed = "\n".join(value for value, _sentence in bad)
        mailing = mailings_of(request.membership).get(pk=mailing.pk)
    return render(request, "campaigns/recipients.html", _page(request, mailing, form, typed, bad))


@requires(*SENDING)
@require_http_methods(["GET", "HEAD", "POST"])
@opens_draft
def upload(request, mailing: Mailing) -> HttpResponse:
    """Take addresses from a file, in place of those of an earlier file. (A GET comes from the login page.)"""
    file = request.FILES.get("file")
    if request.method != "POST":
        pass
    elif not may_write_to_anybody(request.membership):
        messages.error(request, whom_only(request.membership))
    elif file is None:
        messages.error(request, _("Choose a file first."))
    else:
        try:
            _take_file(request, mailing, file)
        except FileRefused as refusal:
            form = RecipientsForm(instance=mailing)
            page = _page(request, mailing, form, "", []) | {"refused": refusal}
            return render(request, "campaigns/recipients.html", page)
    return redirect(request.organization.url("campaigns:recipients", mailing.pk) + "#file")


@transaction.atomic
def _take_file(request, mailing: Mailing, file) -> None:
    """Raises FileRefused."""
    organization = mailing.organization
    uploaded = upload_list(file, request.user, lambda cell: channel_of(mailing).normalize(cell, organization))
    drop_list(mailing)
    mailing.uploaded_list = uploaded
    mailing.save(update_fields=["uploaded_list", "updated_at"])
    if uploaded.about_repeated:
        messages.warning(request, uploaded.about_repeated)


@requires(*SENDING)
@require_http_methods(["GET"])
@opens_draft
def counted(request, mailing: Mailing) -> HttpResponse:
    """The figures of the foot bar (a fragment)."""
    return render(request, "campaigns/_counted.html", {"mailing": mailing, "count": audience.count(mailing)})


def _keep_typed(request, mailing: Mailing) -> list[tuple[str, str]]:
    """Keep the good addresses of the box as entries; return the bad ones with their sentences."""
    good, bad = channel_of(mailing).read_typed(request.POST.get("typed", ""), mailing.organization)
    if (good or bad) and not may_write_to_anybody(request.membership):
        messages.warning(request, whom_only(request.membership))
        return []
    room = MAX_TYPED - mailing.entries.exclude(normalized="").count()
    if len(good) > room:
        bad += [(each.text, _("More than 2,000 typed addresses: put them into a file.")) for each in good[room:]]
    entries = [
        AudienceEntry(mailing=mailing, address=each.address, normalized=each.normalized)
        for each in good[: max(0, room)]
    ]
    AudienceEntry.objects.bulk_create(entries, ignore_conflicts=True)
    return bad


def _act(request, mailing: Mailing) -> None:
    """What the pressed button asks for. Ids that are not the member's to choose are passed over."""
    action, key = request.POST.get("do", ""), request.POST.get("group", "")
    ticked = [int(value) for value in request.POST.getlist("person") if value.isdecimal() and len(value) < 18]
    entries = [int(value) for value in request.POST.getlist("entry") if value.isdecimal() and len(value) < 18]
    if action == "add":
        added = picker.add_people(mailing, request.membership, ticked)
        _say_if_not(request, added, whom_only(request.membership) if ticked else _("Tick somebody first."))
    elif action == "add_all":
        _say_if_not(request, picker.add_all(mailing, request.membership, key), whom_only(request.membership))
    elif action == "leave_out":
        _say_if_not(request, picker.leave_out(mailing, request.membership, key), _("Open a target list first."))
    elif action == "keep_list":
        _keep_list(request, mailing)
    elif action == "remove":
        picker.remove(mailing, entries)
    elif action == "remove_all":
        picker.remove(mailing)
    elif action.startswith("take_out:") and action[9:].isdecimal() and len(action) < 27:
        picker.remove(mailing, [int(action[9:])])
    elif action == "drop_list":
        drop_list(mailing)


def _keep_list(request, mailing: Mailing) -> None:
    if not request.membership.may(Permission.MANAGE_LISTS):
        return messages.warning(request, _("Ask an administrator to make target lists for you."))
    try:
        kept = picker.keep_as_list(mailing, request.membership, request.POST.get("list_name", ""))
    except ValidationError as error:
        return messages.error(request, error.messages[0])
    return messages.success(request, _("Kept as the target list “%(name)s”.") % {"name": kept.name})


def _say_if_not(request, done: object, sentence: object) -> None:
    if not done:
        messages.warning(request, str(sentence))


def _onward(request, mailing: Mailing, year_changed: bool = False) -> HttpResponse:
    """To the next step, away, or back to the same place in the panes."""
    action = request.POST.get("do", "")
    if action == "next":
        # Whoever goes on from here has read what the draft lost.
        Mailing.objects.filter(pk=mailing.pk).update(problem="")
        return redirect(request.organization.url("campaigns:content", mailing.pk))
    if action == "close":
        messages.success(request, _("The draft is kept."))
        return redirect(request.organization.url("campaigns:saved"))
    key = action[5:] if action.startswith("open:") else request.POST.get("group", "")
    query = {"group": key, "q": request.POST.get("q", ""), "name": request.POST.get("name", "")}
    if action.startswith("open:"):
        query["name"] = ""
    if year_changed:
        query["group"] = query["name"] = ""
    kept = urlencode({name: value for name, value in query.items() if value})
    return redirect(
        request.organization.url("campaigns:recipients", mailing.pk) + (f"?{kept}" if kept else "") + "#picker"
    )


def _page(request, mailing: Mailing, form: RecipientsForm, typed: str, bad: list[tuple[str, str]]) -> dict:
    asked = request.POST if request.method == "POST" else request.GET
    search, name = asked.get("q", ""), asked.get("name", "")
    groups = picker.groups_of(mailing, request.membership, search)
    key = asked.get("group", "") or (groups[0].key if groups else "")
    return {
        "mailing": mailing,
        "form": form,
        "groups": groups,
        "pane": picker.pane_of(mailing, request.membership, key, name) if key else None,
        "chosen": picker.chosen(mailing),
        "q": search,
        "name": name,
        "typed": typed,
        "bad": bad,
        "bad_shown": bad[:SENTENCES_SHOWN],
        "bad_more": max(0, len(bad) - SENTENCES_SHOWN),
        "may_manage_lists": request.membership.may(Permission.MANAGE_LISTS),
        "may_type": may_write_to_anybody(request.membership),
        "count": audience.count(mailing),
    }
