"""The SQL of an audience: common table expressions that a count, a page of names and the fan out all begin with.

Written by hand, because the same expressions serve `WITH ... SELECT` and `WITH ... INSERT`, on SQLite and PostgreSQL.
What a caller may read after them:

    candidate   one row per way an address came in: recipient, about (a student), address, reason ('' = gets it)
    recipient   one row per person and address, with its final reason; of the rows that share an address one gets it
"""

from typing import Any

from apps.organizations.models import Membership
from apps.organizations.permissions import Permission

from .models import Mailing


def audience_sql(mailing: Mailing) -> tuple[str, dict[str, Any]]:
    """The expressions (text without the word WITH) and their named parameters for one mailing."""
    candidates, parameters = candidates_sql(mailing)
    return f"{candidates}, {RECIPIENTS_SQL}", parameters


def candidates_sql(mailing: Mailing) -> tuple[str, dict[str, Any]]:
    """As audience_sql(), up to `candidate`; RECIPIENTS_SQL is the rest, also over a table of that name."""
    permitted = _Permitted(mailing)
    branches = [_UNREACHABLE_STUDENTS.format(**_unreachable(mailing)), _OTHERS]
    branches += [_GUARDIANS] if mailing.to_guardians else []
    branches += [_PERSONAL] if mailing.to_personal else []
    branches += [_COMMUNICATION] if mailing.to_communication else []
    branches += [_TYPED, _UPLOADED]
    candidates = "\nUNION ALL\n".join(branches)
    consent_of_person = _NO_CONSENT_OF_PERSON if mailing.commercial else ""
    pieces = {
        "%%person_reason%%": _PERSON_REASON.replace("%%no_consent%%", consent_of_person),
        "%%address_reason%%": _ADDRESS_REASON.replace(
            "%%no_consent%%", _NO_CONSENT_OF_ADDRESS if mailing.commercial else ""
        ),
        "%%opt_out_scopes%%": "('all', 'commercial')" if mailing.commercial else "('all')",
        "%%former%%": "" if mailing.include_former else "AND (p.active OR chosen.by_hand = 1)",
        "%%permitted_person%%": permitted.person,
        "%%permitted_address%%": permitted.address,
    }
    sql = _EXPRESSIONS.replace("%%candidates%%", candidates)
    for mark, text in pieces.items():
        sql = sql.replace(mark, text)
    parameters = {
        "mailing": mailing.pk,
        "organization": mailing.organization_id,
        "uploaded_list": mailing.uploaded_list_id,
        "writer": permitted.writer_id,
    }
    return sql, parameters


class _Permitted:
    """Conditions that say whether the member who wrote the mailing may write to a person, or to any address."""

    def __init__(self, mailing: Mailing):
        membership = Membership.objects.select_related("role", "person").filter(user=mailing.created_by_id).first()
        self.writer_id = getattr(getattr(membership, "person", None), "pk", None)
        if membership and membership.may(Permission.SEND_TO_ALL):
            self.person = self.address = "1 = 1"
            return
        self.address = "1 = 0"
        may_staff = membership and membership.may(Permission.SEND_TO_STAFF)
        may_own = membership and membership.may(Permission.SEND_TO_MY_SUBJECTS)
        conditions = ["p.kind = 'staff'"] if may_staff else []
        conditions += [_IN_MY_GROUPS] if may_own and self.writer_id else []
        self.person = f"({' OR '.join(conditions)})" if conditions else "1 = 0"


def _unreachable(mailing: Mailing) -> dict[str, str]:
    return {
        "no_guardian": f"NOT EXISTS ({_ANY_GUARDIAN})" if mailing.to_guardians else "1 = 1",
        "no_personal": "1 = 0" if mailing.to_personal else "1 = 1",
        "no_communication": f"NOT EXISTS ({_ANY_COMMUNICATION})" if mailing.to_communication else "1 = 1",
    }


_IN_MY_GROUPS = """(p.kind = 'student' AND EXISTS (
    SELECT 1 FROM recipients_enrolment mine
    JOIN recipients_enrolment theirs ON theirs.group_id = mine.group_id AND theirs.role = 'student'
    WHERE mine.organization_id = %(organization)s AND mine.person_id = %(writer)s AND mine.role = 'teacher'
      AND theirs.person_id = p.id))"""

# Why an address is not used, whoever it belongs to. c = contact point; reached after "no address" is excluded.
_PERSON_REASON = """CASE
    WHEN EXISTS (SELECT 1 FROM recipients_contactpoint f WHERE f.organization_id = %(organization)s
        AND f.channel = 'email' AND f.normalized = c.normalized AND f.health = 'failed') THEN 'failed_address'
    WHEN EXISTS (SELECT 1 FROM targetlists_optout o WHERE o.organization_id = %(organization)s
        AND o.channel = 'email' AND o.normalized = c.normalized AND o.scope IN %%opt_out_scopes%%) THEN 'opted_out'
    %%no_consent%%
    ELSE '' END"""
_NO_CONSENT_OF_PERSON = """WHEN NOT EXISTS (SELECT 1 FROM recipients_consent k
        WHERE k.organization_id = %(organization)s AND k.person_id = c.person_id
          AND k.kind = 'commercial' AND k.granted) THEN 'no_consent'"""
_ADDRESS_REASON = _PERSON_REASON
_NO_CONSENT_OF_ADDRESS = """WHEN NOT EXISTS (SELECT 1 FROM recipients_consent k
        JOIN recipients_contactpoint kc ON kc.person_id = k.person_id AND kc.normalized = c.normalized
        WHERE k.organization_id = %(organization)s AND k.kind = 'commercial' AND k.granted) THEN 'no_consent'"""

_ANY_GUARDIAN = """SELECT 1 FROM recipients_guardianship g
    WHERE g.organization_id = %(organization)s AND g.student_id = s.id"""
_ANY_COMMUNICATION = """SELECT 1 FROM recipients_contactpoint c WHERE c.organization_id = %(organization)s
    AND c.person_id = s.id AND c.channel = 'email' AND c.purpose = 'communication'"""

_GUARDIANS = """SELECT g.guardian_id, s.id, c.id, COALESCE(c.value, ''), COALESCE(c.normalized, ''),
    CASE WHEN s.permitted = 0 THEN 'outside_groups' WHEN g.restricted THEN 'restricted'
         WHEN c.id IS NULL THEN 'no_address' ELSE %%person_reason%% END, 1, CAST(NULL AS bigint)
FROM chosen_person s
JOIN recipients_guardianship g ON g.student_id = s.id AND g.organization_id = %(organization)s
LEFT JOIN recipients_contactpoint c ON c.person_id = g.guardian_id AND c.organization_id = %(organization)s
    AND c.channel = 'email' AND c.purpose = 'own' AND c.is_primary
WHERE s.kind = 'student'"""

_PERSONAL = """SELECT s.id, s.id, c.id, COALESCE(c.value, ''), COALESCE(c.normalized, ''),
    CASE WHEN s.permitted = 0 THEN 'outside_groups' WHEN c.id IS NULL THEN 'no_address'
         ELSE %%person_reason%% END, 2, CAST(NULL AS bigint)
FROM chosen_person s
LEFT JOIN recipients_contactpoint c ON c.person_id = s.id AND c.organization_id = %(organization)s
    AND c.channel = 'email' AND c.purpose = 'own' AND c.is_primary
WHERE s.kind = 'student'"""

_COMMUNICATION = """SELECT s.id, s.id, c.id, c.value, c.normalized,
    CASE WHEN s.permitted = 0 THEN 'outside_groups' ELSE %%person_reason%% END, 3, CAST(NULL AS bigint)
FROM chosen_person s
JOIN recipients_contactpoint c ON c.person_id = s.id AND c.organization_id = %(organization)s
    AND c.channel = 'email' AND c.purpose = 'communication'
WHERE s.kind = 'student'"""

# A student whom none of the ticked kinds leads to: nobody on record, or no address of that kind.
_UNREACHABLE_STUDENTS = """SELECT s.id, s.id, CAST(NULL AS bigint), '', '',
    CASE WHEN s.permitted = 0 THEN 'outside_groups' ELSE 'no_address' END, 4, CAST(NULL AS bigint)
FROM chosen_person s
WHERE s.kind = 'student' AND {no_guardian} AND {no_personal} AND {no_communication}"""

_OTHERS = """SELECT s.id, CAST(NULL AS bigint), c.id, COALESCE(c.value, ''), COALESCE(c.normalized, ''),
    CASE WHEN s.permitted = 0 THEN 'outside_groups' WHEN c.id IS NULL THEN 'no_address'
         ELSE %%person_reason%% END, 0, CAST(NULL AS bigint)
FROM chosen_person s
LEFT JOIN recipients_contactpoint c ON c.person_id = s.id AND c.organization_id = %(organization)s
    AND c.channel = 'email' AND c.purpose = 'own' AND c.is_primary
WHERE s.kind <> 'student'"""

_TYPED = """SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS bigint), c.address, c.normalized,
    CASE WHEN NOT (%%permitted_address%%) THEN 'outside_groups' ELSE %%address_reason%% END, 5, CAST(NULL AS bigint)
FROM campaigns_audienceentry c
WHERE c.organization_id = %(organization)s AND c.mailing_id = %(mailing)s AND c.normalized <> ''"""

_UPLOADED = """SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS bigint), c.value, c.normalized,
    CASE WHEN NOT (%%permitted_address%%) THEN 'outside_groups' ELSE %%address_reason%% END, 4, c.id
FROM targetlists_uploadedrow c
WHERE c.organization_id = %(organization)s AND c.list_id = %(uploaded_list)s"""

_EXPRESSIONS = """chosen (person_id, by_hand) AS (
    SELECT e.person_id, 0 FROM campaigns_audienceentry a
    JOIN recipients_group g ON g.id = a.group_id AND g.organization_id = %(organization)s
    JOIN recipients_enrolment e ON e.group_id = g.id AND (e.role = 'student' OR g.kind = 'staff')
    WHERE a.organization_id = %(organization)s AND a.mailing_id = %(mailing)s
    UNION
    SELECT a.person_id, 1 FROM campaigns_audienceentry a
    WHERE a.organization_id = %(organization)s AND a.mailing_id = %(mailing)s AND a.person_id IS NOT NULL
), chosen_person AS (
    SELECT p.id, p.kind, CASE WHEN %%permitted_person%% THEN 1 ELSE 0 END AS permitted
    FROM chosen JOIN recipients_person p ON p.id = chosen.person_id AND p.organization_id = %(organization)s %%former%%
), candidate (recipient_id, about_id, contact_point_id, address, normalized, reason, kind_order, row_id) AS (
    %%candidates%%
)"""

RECIPIENTS_SQL = """grouped AS (
    SELECT recipient_id, normalized, MIN(address) AS address, MIN(reason) AS reason, MIN(kind_order) AS kind_order,
        MIN(contact_point_id) AS contact_point_id, MIN(row_id) AS row_id
    FROM candidate GROUP BY normalized, recipient_id
), placed AS (
    SELECT grouped.*, ROW_NUMBER() OVER (
        PARTITION BY normalized, CASE WHEN reason = '' THEN 0 ELSE 1 END ORDER BY kind_order, recipient_id) AS place
    FROM grouped
), recipient AS (
    SELECT placed.recipient_id, placed.normalized, placed.address, placed.contact_point_id, placed.row_id,
        CASE WHEN placed.reason = '' AND placed.place > 1 THEN 'same_address' ELSE placed.reason END AS reason,
        COALESCE(NULLIF(TRIM(p.first_name || ' ' || p.last_name), ''), u.name, '') AS name,
        COALESCE(p.search_name, placed.normalized) AS search_name, COALESCE(p.language, '') AS language, u.variables
    FROM placed
    LEFT JOIN recipients_person p ON p.id = placed.recipient_id
    LEFT JOIN targetlists_uploadedrow u ON u.id = placed.row_id
)"""
