"""Messages that are being written: a new one with its defaults, and whose drafts a member may open."""

from functools import wraps

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.core.message_parts import parts, related
from apps.organizations.models import Membership
from apps.organizations.permissions import Permission
from apps.recipients.models import AcademicYear
from apps.senders.models import Sender

from ..channels.channel import Channel
from ..channels.registry import CHANNELS, channel_of
from ..models import Mailing


def new_draft(membership: Membership, channel: Channel | None = None) -> Mailing:
    """A draft from the channel's default sender (of the first channel, which is email), for the current school year."""
    code = channel.code if channel else next(iter(CHANNELS))
    return Mailing.objects.create(
        channel=code,
        sender=Sender.default(code),
        year=AcademicYear.current(),
        created_by=membership.user,
    )


def mailings_of(membership: Membership) -> QuerySet[Mailing]:
    """The mailings that a member may write on: his own; with the right to write to everybody, all."""
    mailings = Mailing.objects.select_related("sender__account", "uploaded_list", "year", *related())
    return mailings if membership.may(Permission.SEND_TO_ALL) else mailings.filter(created_by=membership.user_id)


def delete_draft(mailing: Mailing) -> bool:
    """Delete a draft with its files, parts and list for good; False when it is no draft any more."""
    files = [attachment.file for attachment in mailing.attachments.all()]
    with transaction.atomic():
        draft = Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.DRAFT)
        if draft.select_for_update().first() is None:
            return False
        for part in parts():
            part.delete(mailing)
        draft.delete()
        drop_list(mailing)
    for file in files:
        file.delete(save=False)
    return True


def drop_list(mailing: Mailing) -> None:
    """Take the uploaded list away from the mailing, and delete it if no other mailing uses it."""
    uploaded, mailing.uploaded_list = mailing.uploaded_list, None
    Mailing.objects.filter(pk=mailing.pk).update(uploaded_list=None)
    if uploaded and not uploaded.mailings.exists():
        uploaded.delete()


def opens_draft(view):
    """View decorator: turns `pk` into the draft; what was sent already leads to its page with a sentence."""

    @wraps(view)
    def opened(request, pk: int, **kwargs):
        mailing = mailings_of(request.membership).filter(pk=pk).first()
        if mailing is None:
            raise Http404
        if mailing.state != Mailing.State.DRAFT:
            waits = mailing.state == Mailing.State.PENDING
            messages.warning(
                request,
                _("This message waits for its start. Take it back to change it.")
                if waits
                else _("This message is on its way or sent, and cannot be changed any more."),
            )
            return redirect(request.organization.url("deliveries:log", mailing.pk))
        if not channel_of(mailing).is_open_to(request.membership):
            messages.warning(request, _closed(mailing))
            return redirect(request.organization.url("campaigns:saved"))
        return view(request, mailing, **kwargs)

    return opened


def _closed(mailing: Mailing) -> str:
    """Why nobody, or this member, can go on with a draft of this channel."""
    channel = channel_of(mailing)
    if not channel.is_known:
        return " ".join(channel.obstacles(mailing))
    if channel.module and channel.module not in mailing.organization.modules:
        return _("%(channel)s is not turned on here. The draft is kept.") % {"channel": channel.label}
    return _("You may not send by %(channel)s. Ask an administrator.") % {"channel": channel.label}
