"""Rows of the log as the makers of copies take them: with the students they are about."""

from collections import defaultdict
from collections.abc import Sequence

from apps.campaigns.audience.audience import AudienceRow
from apps.core.fetching import fetch

from ..models import DeliveryAbout


def audience_rows(rows: Sequence[tuple]) -> list[AudienceRow]:
    """`rows` (Delivery.ROW_FIELDS of deliveries) with the students they are about: one query for all."""
    about = _students_of([row[0] for row in rows])
    return [
        AudienceRow(person_id, name, address, normalized, "", None, language, variables, about[key], key)
        for key, person_id, name, address, normalized, language, variables in rows
    ]


def _students_of(delivery_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Delivery id -> the ids of the students it is about."""
    about: dict[int, tuple[int, ...]] = defaultdict(tuple)
    abouts = DeliveryAbout.objects.filter(delivery__any_of=delivery_ids).order_by("person_id")
    for delivery_id, person_id in fetch(abouts.values_list("delivery_id", "person_id")):
        about[delivery_id] += (person_id,)
    return about
