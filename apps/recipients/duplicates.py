"""Pairs of people on record who are likely one and the same."""

from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.organizations.models import Organization

from .models import KnownApart, Person

SHOWN = 100

# Each names the organisation: raw statements are not narrowed to it by themselves. Grouped, not joined to itself: a
# number that thousands share would make millions of pairs. Of three who are one, the first and the last are a pair.
_PAIRS = """SELECT first_id, second_id, reason FROM (
SELECT MIN(p.id) AS first_id, MAX(p.id) AS second_id, c.channel AS reason
FROM recipients_contactpoint c JOIN recipients_person p ON p.id = c.person_id
WHERE c.organization_id = %(organization)s AND p.organization_id = %(organization)s
GROUP BY p.kind, p.search_name, c.channel, c.normalized HAVING MIN(p.id) < MAX(p.id)
UNION
SELECT MIN(p.id), MAX(p.id), 'family'
FROM recipients_guardianship g JOIN recipients_person p ON p.id = g.student_id
WHERE g.organization_id = %(organization)s AND p.organization_id = %(organization)s
GROUP BY g.guardian_id, p.kind, p.search_name HAVING MIN(p.id) < MAX(p.id)
UNION
SELECT MIN(p.id), MAX(p.id), 'family'
FROM recipients_guardianship g JOIN recipients_person p ON p.id = g.guardian_id
WHERE g.organization_id = %(organization)s AND p.organization_id = %(organization)s
GROUP BY g.student_id, p.kind, p.search_name HAVING MIN(p.id) < MAX(p.id)
UNION
SELECT MIN(p.id), MAX(p.id), 'document'
FROM recipients_person p
WHERE p.organization_id = %(organization)s AND p.document <> ''
GROUP BY p.kind, p.document HAVING MIN(p.id) < MAX(p.id)
) pair WHERE NOT EXISTS (SELECT 1 FROM recipients_knownapart k WHERE k.organization_id = %(organization)s
    AND k.first_id = pair.first_id AND k.second_id = pair.second_id)
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


def keep_apart(one: Person, other: Person, user) -> None:
    """They are two people: the pair is not proposed again."""
    first, second = sorted((one, other), key=lambda person: person.pk)
    KnownApart.objects.get_or_create(first=first, second=second, defaults={"by": user})


def move_known_apart(kept: Person, gone: Person) -> None:
    """Whoever was kept apart from `gone`, who is merged into `kept`, is so from `kept`."""
    rows = KnownApart.objects.filter(Q(first=gone) | Q(second=gone)).select_related("first", "second", "by")
    for row in rows:
        other = row.second if row.first_id == gone.pk else row.first
        if other != kept:
            keep_apart(kept, other, row.by)
    rows.delete()


def _reasons() -> dict[str, str]:
    return {
        "email": _("the same name and email address"),
        "phone": _("the same name and telephone"),
        "family": _("the same name in the same family"),
        "document": _("the same identity document"),
    }
