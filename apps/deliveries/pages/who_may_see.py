"""Which mailings a member may look at, once they are no drafts any more: the one rule of all pages that show them."""

from functools import wraps

from django.db.models import QuerySet
from django.http import Http404

from apps.campaigns.models import Mailing
from apps.organizations.models import Membership
from apps.organizations.permissions import SENDING, Permission

SEEING = (Permission.VIEW_REPORTS, *SENDING)
RUNNING = (Mailing.State.PENDING, Mailing.State.SENDING, Mailing.State.STOPPED)


def mailings_seen_by(membership: Membership) -> QuerySet[Mailing]:
    """All for those who see reports or write to everybody; for others who write, those they wrote themselves."""
    if not membership.may_any(SEEING):
        return Mailing.objects.none()
    mailings = Mailing.objects.exclude(state=Mailing.State.DRAFT).select_related("sender", "created_by", "question")
    may_see_all = membership.may_any((Permission.VIEW_REPORTS, Permission.SEND_TO_ALL))
    return mailings if may_see_all else mailings.filter(created_by=membership.user_id)


def may_control(membership: Membership, mailing: Mailing) -> bool:
    """Whether the member may stop, resume or take back: his own, or with the right to write to everybody."""
    own = mailing.created_by_id == membership.user_id
    return membership.may(Permission.SEND_TO_ALL) or (own and membership.may_any(SENDING))


def opens_mailing(view):
    """View decorator: turns `pk` into a mailing this member may see; a draft is nothing to see here: 404."""

    @wraps(view)
    def opened(request, pk: int, **kwargs):
        mailing = mailings_seen_by(request.membership).filter(pk=pk).first()
        if mailing is None:
            raise Http404
        return view(request, mailing, **kwargs)

    return opened
