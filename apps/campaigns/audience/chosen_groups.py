"""Which messages have chosen a group as recipients."""

from django.utils.translation import ngettext

from apps.recipients.group_uses import Going, Uses

from ..models import AudienceEntry, Mailing


def messages_of_groups(going: Going) -> Uses:
    """For recipients.group_uses: a message that waits for its start keeps the groups that it has chosen."""
    entries = AudienceEntry.objects.filter(group__any_of=going.groups, mailing__state=Mailing.State.PENDING)
    waiting = entries.order_by().values("mailing").distinct().count()
    sentence = ngettext(
        "%(number)s message that waits for its start goes to it. Take the message back first.",
        "%(number)s messages that wait for their start go to it. Take them back first.",
        waiting,
    )
    return Uses(must_stay=[sentence % {"number": waiting}] if waiting else [])
