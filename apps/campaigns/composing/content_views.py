"""Step two: what it says. Every button keeps what was typed, also when something in it is not right yet."""

import hashlib

from django.contrib import messages
from django.forms import ModelForm
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.message_parts import PartForm, parts
from apps.organizations.permissions import SENDING, requires

from ..audience import audience
from ..channels.registry import channel_of
from ..content.attachments import ATTACHMENTS_LIMIT, AttachmentRefused, attach, attachments_size, detach
from ..content.parts import missing_parts, note_parts, take_out
from ..content.tags import tag_groups
from ..models import Mailing
from .content_forms import only_incomplete
from .drafts import mailings_of, opens_draft

_STALE = gettext_lazy(
    "This draft was changed in another window meanwhile. Nothing of this page is kept yet: press again to let it stand."
)


@requires(*SENDING)
@require_http_methods(["GET", "HEAD", "POST"])
@opens_draft
def content(request, mailing: Mailing) -> HttpResponse:
    """Show the editor; a POST keeps everything and does what its button says."""
    posted = _without_nul(request.POST) if request.method == "POST" else None
    seen, stale = _mark(mailing), posted is not None and _changed_elsewhere(posted, mailing)
    channel = channel_of(mailing)
    form = channel.content_form(posted, instance=mailing)
    part_forms = _part_forms(mailing, posted, request.FILES)
    if stale:
        messages.warning(request, _STALE)
    elif posted is not None:
        complete = _keep(mailing, form, part_forms)
        leaving = request.POST.get("do") in ("back", "close") and only_incomplete(form, *part_forms)
        if _act(request, mailing) and (complete or leaving):
            return _onward(request, mailing)
    response = render(request, channel.content_template, _page(mailing, form, part_forms) | {"seen": seen})
    if channel.content_policy:
        response.headers["Content-Security-Policy"] = channel.content_policy
    return response


@requires(*SENDING)
@require_safe
def attachment(request, pk: int, attachment_pk: int) -> FileResponse:
    """An attachment as it will be sent, always as a download: it is never shown as a page of ours."""
    mailing = mailings_of(request.membership).filter(pk=pk).first()
    found = mailing.attachments.filter(pk=attachment_pk).first() if mailing else None
    if found is None or not found.file.storage.exists(found.file.name or ""):
        raise Http404
    return FileResponse(found.file.open("rb"), as_attachment=True, filename=found.name)


def _mark(mailing: Mailing) -> str:
    """A short mark of the text that a page was made from."""
    return hashlib.sha256(f"{mailing.subject}\0{mailing.body}".encode()).hexdigest()[:16]


def _changed_elsewhere(posted, mailing: Mailing) -> bool:
    """Whether another window (or person) has saved another text since the posted page was made."""
    same = (posted.get("subject", "").strip(), posted.get("body", "")) == (mailing.subject, mailing.body)
    return not same and posted.get("seen", "") not in ("", _mark(mailing))


def _part_forms(mailing: Mailing, posted, files) -> list[PartForm]:
    """What the parts of a message ask, each under its own prefix."""
    if not channel_of(mailing).takes_parts:
        return []
    offered = [part.form(mailing, posted, files if posted is not None else None) for part in parts()]
    return [form for form in offered if form is not None]


def _keep(mailing: Mailing, form: ModelForm, part_forms: list[PartForm]) -> bool:
    """Save what is right in all forms; True when all of it is."""
    good = form.is_valid()
    for part_form in part_forms:
        good = part_form.is_valid() and good
    if form.has_error("subject", "required"):
        mailing.subject = ""
    for name, value in form.cleaned_data.items():
        setattr(mailing, name, value)
    for part_form in part_forms:
        part_form.keep()
    note_parts(mailing)
    mailing.save(update_fields=[*form.fields, "parts", "updated_at"])
    return good


def _act(request, mailing: Mailing) -> bool:
    """Attach, detach, take out; False when something was refused and has to be read on this page."""
    action = request.POST.get("do", "")
    if action.startswith("take_out:"):
        take_out(mailing, action.removeprefix("take_out:"))
    if action.startswith("detach:") and action[7:].isdecimal() and len(action) < 25:
        detach(mailing, int(action[7:]))
    for file in request.FILES.getlist("attachments") if channel_of(mailing).takes_attachments else ():
        try:
            attach(mailing, file)
        except AttachmentRefused as refusal:
            messages.error(request, str(refusal))
            return False
    return True


def _onward(request, mailing: Mailing) -> HttpResponse:
    action = request.POST.get("do", "")
    pages = {"next": "campaigns:check", "back": "campaigns:recipients"}
    if action == "close":
        messages.success(request, _("The draft is kept."))
        return redirect(request.organization.url("campaigns:saved"))
    return redirect(request.organization.url(pages.get(action, "campaigns:content"), mailing.pk))


def _page(mailing: Mailing, form: ModelForm, part_forms: list[PartForm]) -> dict:
    return {
        "mailing": mailing,
        "form": form,
        "part_forms": part_forms,
        "missing_parts": missing_parts(mailing),
        "tag_groups": tag_groups(mailing),
        "attachments": mailing.attachments.all(),
        "attachments_size": attachments_size(mailing),
        "attachments_limit": ATTACHMENTS_LIMIT,
        "count": audience.count(mailing),
        "editor_language": (get_language() or "en").split("-")[0],
    }


def _without_nul(posted):
    """Form data in which no database need choke on a NUL byte."""
    if posted is None:
        return None
    posted = posted.copy()
    for name, values in posted.lists():
        posted.setlist(name, [value.replace("\0", "\N{SYMBOL FOR NULL}") for value in values])
    return posted
