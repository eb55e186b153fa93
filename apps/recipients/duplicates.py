"""Pairs of people on record who are likely one and the same."""

from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.organizations.models import Organization

from .models import KnownApart, Person

SHOWN = 100

# Each names the organisation: raw statements are not narrowed to it by themselves. Grouped, not joined to itself: a
# number that thousands share would make millions of pairs. Of those who share something the first and the last are a
# pair; who stands between them is one with the next, once these are decided.
_SHARED = """SELECT c.channel AS reason, p.kind, p.search_name AS name, c.normalized AS shared, 0 AS shared_id,
    MIN(p.id) AS first_id, MAX(p.id) AS last_id
FROM recipients_contactpoint c JOIN recipients_person p ON p.id = c.person_id
WHERE c.organization_id = %(organization)s AND p.organization_id = %(organization)s
GROUP BY p.kind, p.search_name, c.channel, c.normalized HAVING MIN(p.id) < MAX(p.id)
UNION ALL
SELECT 'students', p.kind, p.search_name, '', g.guardian_id, MIN(p.id), MAX(p.id)
FROM recipients_guardianship g JOIN recipients_person p ON p.id = g.student_id
WHERE g.organization_id = %(organization)s AND p.organization_id = %(organization)s
GROUP BY g.guardian_id, p.kind, p.search_name HAVING MIN(p.id) < MAX(p.id)
UNION ALL
SELECT 'guardians', p.kind, p.search_name, '', g.student_id, MIN(p.id), MAX(p.id)
FROM recipients_guardianship g JOIN recipients_person p ON p.id = g.guardian_id
WHERE g.organization_id = %(organization)s AND p.organization_id = %(organization)s
GROUP BY g.student_id, p.kind, p.search_name HAVING MIN(p.id) < MAX(p.id)
UNION ALL
SELECT 'document', p.kind, '', p.document, 0, MIN(p.id), MAX(p.id)
FROM recipients_person p
WHERE p.organization_id = %(organization)s AND p.document <> ''
GROUP BY p.kind, p.document HAVING MIN(p.id) < MAX(p.id)"""

# Where the first and the last are two people, all who share it are looked at: there are few.
# They are found by what they share: to look up namesakes, and who of them shares it, would square the two.
_PERSON = (
    "JOIN recipients_person p ON COALESCE(p.kind, '') = s.kind AND COALESCE(p.search_name, '') = s.name AND p.id ="
)
_MEMBERS = f"""SELECT s.*, p.id AS person_id FROM decided s JOIN recipients_contactpoint c
    ON c.organization_id = %(organization)s AND c.channel = s.reason AND c.normalized = s.shared
{_PERSON} c.person_id
UNION
SELECT s.*, p.id FROM decided s JOIN recipients_guardianship g
    ON g.organization_id = %(organization)s AND g.guardian_id = s.shared_id AND s.reason = 'students'
{_PERSON} g.student_id
UNION
SELECT s.*, p.id FROM decided s JOIN recipients_guardianship g
    ON g.organization_id = %(organization)s AND g.student_id = s.shared_id AND s.reason = 'guardians'
{_PERSON} g.guardian_id
UNION
SELECT s.*, p.id FROM decided s JOIN recipients_person p
    ON p.organization_id = %(organization)s AND p.kind = s.kind AND p.document = s.shared AND p.document <> ''
    AND s.reason = 'document'"""
_APART = """SELECT 1 FROM recipients_knownapart k
    WHERE k.organization_id = %(organization)s AND k.first_id = {0} AND k.second_id = {1}"""
_GROUP = "reason, kind, name, shared, shared_id"
_SAME = " AND ".join(f"q.{name} = m.{name}" for name in _GROUP.split(", "))
_GROUP_OF_M = ", ".join(f"m.{name}" for name in _GROUP.split(", "))

# Each of these with the first of them, or else with the first from whom he is not kept apart: behind as many as he is
# kept apart from without a gap. `later` stands by itself lest PostgreSQL join all who share something with one another.
_PAIRS = f"""WITH shared AS MATERIALIZED ({_SHARED}),
decided AS MATERIALIZED (SELECT s.* FROM shared s JOIN recipients_knownapart k
    ON k.organization_id = %(organization)s AND k.first_id = s.first_id AND k.second_id = s.last_id),
member AS MATERIALIZED (SELECT m.*, ROW_NUMBER() OVER (PARTITION BY {_GROUP} ORDER BY person_id) AS place
    FROM ({_MEMBERS}) m),
later AS MATERIALIZED (SELECT m.*, k.first_id AS other_id FROM recipients_knownapart k
    JOIN member m ON m.person_id = k.second_id WHERE k.organization_id = %(organization)s),
kept_apart AS MATERIALIZED (SELECT m.*, q.place AS other,
    ROW_NUMBER() OVER (PARTITION BY {_GROUP_OF_M}, m.person_id ORDER BY q.place) AS turn
    FROM later m JOIN member q ON q.person_id = m.other_id AND {_SAME}),
passed_over AS MATERIALIZED (SELECT {_GROUP}, person_id, place, COUNT(*) AS number FROM kept_apart
    WHERE other = turn GROUP BY {_GROUP}, person_id, place)
SELECT first_id, second_id, CASE WHEN reason IN ('students', 'guardians') THEN 'family' ELSE reason END AS why FROM (
    SELECT s.first_id, s.last_id AS second_id, s.reason FROM shared s
    WHERE NOT EXISTS ({_APART.format("s.first_id", "s.last_id")})
    UNION
    SELECT m.first_id, m.person_id, m.reason FROM member m
    WHERE m.first_id < m.person_id AND NOT EXISTS ({_APART.format("m.first_id", "m.person_id")})
    UNION
    SELECT q.person_id, m.person_id, m.reason FROM passed_over m
    JOIN member q ON {_SAME} AND q.place = m.number + 1 AND q.place < m.place
) pair GROUP BY 1, 2, 3 ORDER BY 1, 2 LIMIT %(limit)s"""


@dataclass
class Pair:
    """Two people, and the sentences that say why they may be one."""

    first: Person
    second: Person
    reasons: list[str] = field(default_factory=list)


def likely_pairs(organization: Organization) -> list[Pair]:
    """Up to SHOWN of one kind with the same name and address, number or family, or with the same document."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, {"organization": organization.pk, "limit": len(_reasons()) * SHOWN})
        rows = cursor.fetchall()
    ids = sorted({each for first, second, _reason in rows for each in (first, second)})
    people = Person.objects.select_related("unit").prefetch_related("contact_points").in_bulk(ids)
    found: dict[tuple[int, int], set[str]] = {}
    for first, second, reason in rows:
        found.setdefault((first, second), set()).add(reason)
    return [
        Pair(people[first], people[second], [sentence for reason, sentence in _reasons().items() if reason in reasons])
        for (first, second), reasons in list(found.items())[:SHOWN]
    ]


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
    """In the order in which the page says them."""
    return {
        "document": _("the same identity document"),
        "email": _("the same name and email address"),
        "family": _("the same name in the same family"),
        "phone": _("the same name and telephone"),
    }
