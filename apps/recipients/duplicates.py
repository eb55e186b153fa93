"""Pairs of people on record who are likely one and the same."""

from dataclasses import dataclass, field

from django.db import connection
from django.utils.translation import gettext as _

from apps.organizations.models import Organization

from .models import Person

SHOWN = 100

# Each names the organisation: raw statements are not narrowed to it by themselves.
_PAIRS = """SELECT first_id, second_id, reason FROM (
    SELECT x.person_id AS first_id, y.person_id AS second_id, x.channel AS reason
    FROM recipients_contactpoint x
    JOIN recipients_contactpoint y ON y.organization_id = x.organization_id AND y.channel = x.channel
        AND y.normalized = x.normalized AND y.person_id > x.person_id
    WHERE x.organization_id = %(organization)s
    UNION
    SELECT g.student_id, h.student_id, 'family'
    FROM recipients_guardianship g
    JOIN recipients_guardianship h ON h.guardian_id = g.guardian_id AND h.student_id > g.student_id
    WHERE g.organization_id = %(organization)s
    UNION
    SELECT g.guardian_id, h.guardian_id, 'family'
    FROM recipients_guardianship g
    JOIN recipients_guardianship h ON h.student_id = g.student_id AND h.guardian_id > g.guardian_id
    WHERE g.organization_id = %(organization)s
) pairs
JOIN recipients_person a ON a.id = first_id
JOIN recipients_person b ON b.id = second_id AND b.kind = a.kind AND b.search_name = a.search_name
UNION
SELECT a.id, b.id, 'document'
FROM recipients_person a
JOIN recipients_person b ON b.organization_id = a.organization_id AND b.document = a.document AND b.kind = a.kind
    AND b.id > a.id
WHERE a.organization_id = %(organization)s AND a.document <> ''
ORDER BY 1, 2, 3 LIMIT %(limit)s"""


@dataclass
class Pair:
    """Two people, and the sentences that say why they may be one."""

    first: Person
    second: Person
    reasons: list[str] = field(default_factory=list)


def likely_pairs(organization: Organization) -> list[Pair]:
    """Up to SHOWN of one kind with the same name and address, number or family, or with the same document."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, {"organization": organization.pk, "limit": 4 * SHOWN})
        rows = cursor.fetchall()
    ids = sorted({each for first, second, _reason in rows for each in (first, second)})
    people = Person.objects.select_related("unit").prefetch_related("contact_points").in_bulk(ids)
    reasons = _reasons()
    pairs: dict[tuple[int, int], Pair] = {}
    for first, second, reason in rows:
        pair = pairs.setdefault((first, second), Pair(people[first], people[second]))
        pair.reasons.append(reasons[reason])
    return list(pairs.values())[:SHOWN]


def _reasons() -> dict[str, str]:
    return {
        "email": _("the same name and email address"),
        "phone": _("the same name and telephone"),
        "family": _("the same name in the same family"),
        "document": _("the same identity document"),
    }
