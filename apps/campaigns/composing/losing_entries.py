"""What a draft loses when a group or a list is deleted: it says so on Home and where it is gone on with."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.recipients.group_uses import Going
from apps.recipients.models import Group
from apps.targetlists.models import TargetList

from ..models import AudienceEntry, Mailing


def tell_of_groups(going: Going) -> None:
    """For recipients.group_uses, before they are deleted."""
    entries = AudienceEntry.objects.filter(group__any_of=going.groups)
    for group in Group.objects.filter(pk__in=entries.values("group")):
        sentence = _("The group “%(name)s” was deleted, and is chosen no more.") % {"name": group.name}
        _say(entries.filter(group=group), sentence)


def tell_of_list(target_list: TargetList) -> None:
    """For targetlists.uses, before it is deleted."""
    name = {"name": target_list.name}
    entries = AudienceEntry.objects.filter(target_list=target_list)
    chosen = _("The list “%(name)s” was deleted: whom it chose is chosen no more.")
    excluded = _("The list “%(name)s” was deleted: whom it left out is left out no more.")
    _say(entries.filter(is_excluded=False), chosen % name)
    _say(entries.filter(is_excluded=True), excluded % name)


def _say(entries: QuerySet[AudienceEntry], sentence: str) -> None:
    drafts = list(Mailing.objects.filter(state=Mailing.State.DRAFT, pk__in=entries.values("mailing")))
    for draft in drafts:
        draft.problem = f"{draft.problem} {sentence}".strip()
    Mailing.objects.bulk_update(drafts, ["problem"])
