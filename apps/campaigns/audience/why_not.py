"""Why somebody is left out, in SQL: for every reason the condition, in the order in which they are asked.

To a way by which an address came in applies the first of its reasons here; which counts of several ways says `Reason`.
The conditions are on these, where a way has them: s, a row of chosen_person; g, the guardianship; c, the address.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.recipients.models import ContactPoint

from ..channels.registry import channel_of
from ..models import Mailing
from .reasons import GETS_IT, Reason
from .target_lists import ListedPeople

# A condition, and the reason of whomever it is true for.
Asked = tuple[str, Reason]

NO_ADDRESS: Asked = ("c.id IS NULL", Reason.NO_ADDRESS)


@dataclass(frozen=True)
class WhyNot:
    """What is asked about one mailing, for `first_reason`."""

    of_chosen: list[Asked]  # of whoever is chosen, whatever his addresses: s
    kept_away: list[Asked]  # of an address that leads to somebody on account of a student: s, c
    of_address: list[Asked]  # of an address of a person on record: c
    of_other_address: list[Asked]  # of an address that stands on a list, or was typed: c


def why_not(mailing: Mailing, listed: ListedPeople, has_restricted: bool, permitted_address: str) -> WhyNot:
    """The conditions for `mailing`. `permitted_address`: the one under which its writer may write to any address."""
    outside = (f"NOT ({permitted_address})", Reason.OUTSIDE_GROUPS)
    of_any_address = [
        *([_EXCLUDED_ADDRESS] if listed.excludes else []),
        *_bad_health(channel_of(mailing).bad_health),
        _opted_out(mailing.commercial),
    ]
    return WhyNot(
        of_chosen=_of_chosen(bool(listed.excluded_people)),
        kept_away=[_KEPT_AWAY] if has_restricted else [],
        of_address=of_any_address + ([_NO_CONSENT] if mailing.commercial else []),
        of_other_address=[outside, *of_any_address, *([_NO_CONSENT_OF_ANYBODY] if mailing.commercial else [])],
    )


def first_reason(*asked: Asked) -> str:
    """An expression: the reason of the first condition that is true; '' where none is, for whoever gets it."""
    cases = "\n        ".join(f"WHEN {condition} THEN '{reason}'" for condition, reason in asked)
    return f"CASE {cases} ELSE '{GETS_IT}' END"


def excluded(listed: ListedPeople) -> list[str]:
    """`excluded_person` and `excluded_address`: who is on a list that is left out, and who shares an address."""
    people = "\n    UNION ".join(listed.excluded_people or ["SELECT CAST(NULL AS bigint) AS person_id WHERE 1 = 0"])
    addresses = "\n    UNION ".join([_OF_EXCLUDED_PEOPLE, *listed.excluded_addresses])
    return [
        f"excluded_person (person_id) AS (\n    {people}\n)",
        f"excluded_address (normalized) AS (\n    {addresses}\n)",
    ]


def kept_away() -> list[str]:
    """`kept_away`: the addresses of those who must not be contacted about a student.

    They are not reached through another's record either: a mailbox that is shared, or the same person under a name
    that is spelt otherwise.
    """
    return [f"kept_away (student_id, normalized) AS (\n    {_ADDRESSES_OF_RESTRICTED}\n)"]


def _of_chosen(excludes_people: bool) -> list[Asked]:
    asked = [("s.permitted = 0", Reason.OUTSIDE_GROUPS), ("s.has_left = 1", Reason.FORMER)]
    return asked + ([_EXCLUDED_PERSON] if excludes_people else [])


def _bad_health(bad_health: Mapping[str, str]) -> list[Asked]:
    """`bad_health` of a channel. What is known of an address or number counts, with whomever it stands."""
    return [
        (
            f"""EXISTS (SELECT 1 FROM recipients_contactpoint f WHERE f.organization_id = %(organization)s
            AND f.channel = %(contact_kind)s AND f.normalized = c.normalized
            AND f.health = '{ContactPoint.Health(health)}')""",
            Reason(reason),
        )
        for health, reason in bad_health.items()
    ]


def _opted_out(commercial: bool) -> Asked:
    scopes = "('all', 'commercial')" if commercial else "('all')"
    opted_out = f"""EXISTS (SELECT 1 FROM targetlists_optout o WHERE o.organization_id = %(organization)s
            AND o.channel = %(channel)s AND o.normalized = c.normalized AND o.scope IN {scopes})"""
    return opted_out, Reason.OPTED_OUT


_EXCLUDED_PERSON: Asked = ("s.id IN (SELECT person_id FROM excluded_person)", Reason.EXCLUDED)
_EXCLUDED_ADDRESS: Asked = ("c.normalized IN (SELECT normalized FROM excluded_address)", Reason.EXCLUDED)
_OF_EXCLUDED_PEOPLE = """SELECT x.normalized FROM recipients_contactpoint x
    JOIN excluded_person ON excluded_person.person_id = x.person_id
    WHERE x.organization_id = %(organization)s AND x.channel = %(contact_kind)s"""

_KEPT_AWAY: Asked = (
    "(s.id, c.normalized) IN (SELECT student_id, normalized FROM kept_away)",
    Reason.RESTRICTED,
)
_ADDRESSES_OF_RESTRICTED = """SELECT r.student_id, x.normalized FROM recipients_guardianship r
    JOIN recipients_contactpoint x ON x.person_id = r.guardian_id AND x.organization_id = %(organization)s
        AND x.channel = %(contact_kind)s
    WHERE r.organization_id = %(organization)s AND r.restricted"""

# The consent of whoever the address belongs to; of an address that stands alone, of anybody on record with it.
_NO_CONSENT: Asked = (
    """NOT EXISTS (SELECT 1 FROM recipients_consent k
            WHERE k.organization_id = %(organization)s AND k.person_id = c.person_id
                AND k.kind = 'commercial' AND k.granted)""",
    Reason.NO_CONSENT,
)
_NO_CONSENT_OF_ANYBODY: Asked = (
    """NOT EXISTS (SELECT 1 FROM recipients_consent k
            JOIN recipients_contactpoint kc ON kc.organization_id = k.organization_id AND kc.channel = %(contact_kind)s
                AND kc.normalized = c.normalized AND kc.person_id = k.person_id
            WHERE k.organization_id = %(organization)s AND k.kind = 'commercial' AND k.granted)""",
    Reason.NO_CONSENT,
)
