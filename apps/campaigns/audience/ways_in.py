"""The ways by which an address can come in, in SQL: one branch each, from whoever is chosen to the address."""

from collections.abc import Iterable, Sequence
from enum import IntEnum

from ..models import Mailing
from .reasons import Reason
from .why_not import NO_ADDRESS, WhyNot, first_reason


class Way(IntEnum):
    """In their rank: of the rows that share an address, whoever came in by the first gets the copy."""

    HIMSELF = 0
    GUARDIAN = 1
    PERSONAL = 2
    COMMUNICATION = 3
    LISTED = 4
    TYPED = 5
    NONE = 6


def candidate(branches: Iterable[str]) -> str:
    """`candidate`: one row per way by which an address came in. `reason` is why it is not used; '' when it is.

    `name` and `row_id` (of targetlists_uploadedrow) stand with addresses of people who are not on record.
    """
    rows = "\nUNION ALL\n".join(branches)
    return f"""candidate (recipient_id, about_id, contact_point_id, address, normalized, reason, way, name, row_id) AS (
    {rows}
)"""


def ways_in(mailing: Mailing, why: WhyNot, addresses: Sequence[str], has_students: bool) -> list[str]:
    """The branches that `mailing` needs. `addresses`: of people who are not on record, a SELECT each."""
    ways = [_himself(why), _typed(why)]
    if has_students:
        ways += [_nobody(mailing, why)]
        ways += [_guardians(why)] if mailing.to_guardians else []
        ways += [_personal(why)] if mailing.to_personal else []
        ways += [_communication(why)] if mailing.to_communication else []
    return ways + ([_listed(why, addresses)] if addresses else [])


def _himself(why: WhyNot) -> str:
    """Whoever is no student. A guardian who is kept from every student he has is not written to as himself either."""
    kept_from_all = """s.kind = 'guardian'
            AND EXISTS (SELECT 1 FROM recipients_guardianship g WHERE g.guardian_id = s.id)
            AND NOT EXISTS (SELECT 1 FROM recipients_guardianship g WHERE g.guardian_id = s.id AND NOT g.restricted)"""
    reason = first_reason(*why.of_chosen, (kept_from_all, Reason.RESTRICTED), NO_ADDRESS, *why.of_address)
    return f"""SELECT s.id, CAST(NULL AS bigint), c.id, COALESCE(c.value, ''), COALESCE(c.normalized, ''),
    {reason}, {Way.HIMSELF}, CAST(NULL AS varchar(200)), CAST(NULL AS bigint)
FROM chosen_person s
LEFT JOIN {_primary_address_of("s.id")}
WHERE s.kind <> 'student'"""


def _guardians(why: WhyNot) -> str:
    restricted = ("g.restricted", Reason.RESTRICTED)
    reason = first_reason(*why.of_chosen, restricted, *why.kept_away, NO_ADDRESS, *why.of_address)
    return f"""SELECT g.guardian_id, s.id, c.id, COALESCE(c.value, ''), COALESCE(c.normalized, ''),
    {reason}, {Way.GUARDIAN}, NULL, CAST(NULL AS bigint)
FROM chosen_person s
JOIN recipients_guardianship g ON g.student_id = s.id AND g.organization_id = %(organization)s
LEFT JOIN {_primary_address_of("g.guardian_id")}
WHERE s.kind = 'student'"""


def _personal(why: WhyNot) -> str:
    reason = first_reason(*why.of_chosen, *why.kept_away, NO_ADDRESS, *why.of_address)
    return f"""SELECT s.id, s.id, c.id, COALESCE(c.value, ''), COALESCE(c.normalized, ''),
    {reason}, {Way.PERSONAL}, NULL, CAST(NULL AS bigint)
FROM chosen_person s
LEFT JOIN {_primary_address_of("s.id")}
WHERE s.kind = 'student'"""


def _communication(why: WhyNot) -> str:
    reason = first_reason(*why.of_chosen, *why.kept_away, *why.of_address)
    return f"""SELECT s.id, s.id, c.id, c.value, c.normalized,
    {reason}, {Way.COMMUNICATION}, NULL, CAST(NULL AS bigint)
FROM chosen_person s
JOIN recipients_contactpoint c ON c.person_id = s.id AND c.organization_id = %(organization)s
    AND c.channel = %(contact_kind)s AND c.purpose = 'communication'
WHERE s.kind = 'student'"""


def _nobody(mailing: Mailing, why: WhyNot) -> str:
    """A student to whom none of the ticked kinds leads: nobody on record, or no address of that kind.

    The primary address leads to himself, also when there is none: then he is told of as one without an address.
    """
    no_guardian = f"NOT EXISTS ({_ANY_GUARDIAN})" if mailing.to_guardians else "1 = 1"
    no_personal = "1 = 0" if mailing.to_personal else "1 = 1"
    no_communication = f"NOT EXISTS ({_ANY_COMMUNICATION})" if mailing.to_communication else "1 = 1"
    return f"""SELECT s.id, s.id, CAST(NULL AS bigint), '', '',
    {first_reason(*why.of_chosen, ("1 = 1", Reason.NO_ADDRESS))}, {Way.NONE}, NULL, CAST(NULL AS bigint)
FROM chosen_person s
WHERE s.kind = 'student' AND {no_guardian} AND {no_personal} AND {no_communication}"""


def _typed(why: WhyNot) -> str:
    return f"""SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS bigint), c.address, c.normalized,
    {first_reason(*why.of_other_address)}, {Way.TYPED}, NULL, CAST(NULL AS bigint)
FROM campaigns_audienceentry c
WHERE c.organization_id = %(organization)s AND c.mailing_id = %(mailing)s AND c.normalized <> ''"""


def _listed(why: WhyNot, addresses: Sequence[str]) -> str:
    """Addresses of people who are not on record: from target lists, and from the mailing's own file."""
    listed = "\n    UNION ALL ".join(addresses)
    return f"""SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS bigint), c.address, c.normalized,
    {first_reason(*why.of_other_address)}, {Way.LISTED}, c.name, c.row_id
FROM (
    {listed}
) c"""


def _primary_address_of(person: str) -> str:
    return f"""recipients_contactpoint c ON c.person_id = {person} AND c.organization_id = %(organization)s
    AND c.channel = %(contact_kind)s AND c.purpose = 'own' AND c.is_primary"""


_ANY_GUARDIAN = """SELECT 1 FROM recipients_guardianship g
    WHERE g.organization_id = %(organization)s AND g.student_id = s.id"""
_ANY_COMMUNICATION = """SELECT 1 FROM recipients_contactpoint c WHERE c.organization_id = %(organization)s
    AND c.person_id = s.id AND c.channel = %(contact_kind)s AND c.purpose = 'communication'"""
