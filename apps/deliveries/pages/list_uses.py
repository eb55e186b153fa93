"""Which messages use a target list: by choosing it, or by leaving out whoever is on it."""

from collections.abc import Iterable

from django.db.models import Count, Q

from apps.campaigns.models import AudienceEntry, Mailing
from apps.targetlists.uses import Messages

_STATES = {
    "drafts": Q(mailing__state=Mailing.State.DRAFT),
    "waiting": Q(mailing__state=Mailing.State.PENDING),
    "begun": ~Q(mailing__state__in=[Mailing.State.DRAFT, Mailing.State.PENDING]),
}


def messages_with(lists: Iterable[int]) -> dict[int, Messages]:
    """For targetlists.uses: the messages of each list that has any."""
    entries = AudienceEntry.objects.filter(target_list__in=list(lists)).order_by()
    counted = entries.values("target_list").annotate(
        **{name: Count("mailing", distinct=True, filter=state) for name, state in _STATES.items()}
    )
    return {row["target_list"]: Messages(row["drafts"], row["waiting"], row["begun"]) for row in counted}
