"""Which messages have chosen a group as recipients."""

from collections.abc import Iterable

from .models import AudienceEntry, Mailing


def waiting_messages(group_ids: Iterable[int]) -> int:
    """For recipients.group_uses: how many messages that wait for their start have chosen any of these groups."""
    entries = AudienceEntry.objects.filter(group__any_of=list(group_ids), mailing__state=Mailing.State.PENDING)
    return entries.order_by().values("mailing").distinct().count()
