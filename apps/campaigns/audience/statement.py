"""The SQL of an audience: common table expressions that a count, a page of names and the fan out all begin with.

Written by hand, because the same expressions serve `WITH ... SELECT` and `WITH ... INSERT`, on SQLite and PostgreSQL.
What a caller may read after them:

    candidate   one row per way an address came in: recipient, about (a student), address, reason ('' = gets it)
    recipient   one row per person and address, with its final reason; of the rows that share an address one gets it
"""

from dataclasses import dataclass
from typing import Any

from apps.organizations.models import Membership
from apps.organizations.permissions import Permission
from apps.recipients.models import Group, Guardianship, Person

from ..models import AudienceEntry, Mailing
from .target_lists import UPLOADED_ROWS, ListedPeople, listed_people


@dataclass(frozen=True)
class AudienceSql:
    """Two lists of common table expressions, without the word WITH, and the named parameters of both.

    `recipients` reads the `candidate` of the first, or a table of that name.
    """

    candidates: str
    recipients: str
    parameters: dict[str, Any]
    has_students: bool  # whether the mailing can be about anybody

    @property
    def whole(self) -> str:
        return f"{self.candidates}, {self.recipients}"


def audience_sql(mailing: Mailing) -> AudienceSql:
    """The expressions for one mailing. Asks who wrote it, and which target lists it uses."""
    permitted, listed = _Permitted(mailing), listed_people(mailing)
    if mailing.uploaded_list_id:
        listed.addresses.append(UPLOADED_ROWS.format(ids=int(mailing.uploaded_list_id)))
    has_students = listed.have_students or _students_are_chosen(mailing)
    sql = _EXPRESSIONS.replace("%%candidates%%", "\nUNION ALL\n".join(_branches(mailing, listed, has_students)))
    for mark, text in _pieces(mailing, permitted, listed).items():
        sql = sql.replace(mark, text)
    parameters = {
        "mailing": mailing.pk,
        "organization": mailing.organization_id,
        "writer": permitted.writer_id,
        **listed.parameters,
    }
    recipients = _RECIPIENTS_WITH_VARIABLES if listed.addresses else _RECIPIENTS
    return AudienceSql(sql, recipients, parameters, has_students)


def _students_are_chosen(mailing: Mailing) -> bool:
    """Whether a class, a subject or a student stands among the entries: for staff, four ways to look less."""
    entries = AudienceEntry.objects.filter(mailing=mailing)
    of_groups = entries.filter(group__isnull=False).exclude(group__kind=Group.Kind.STAFF)
    return of_groups.exists() or entries.filter(person__kind=Person.Kind.STUDENT).exists()


def _pieces(mailing: Mailing, permitted: "_Permitted", listed: ListedPeople) -> dict[str, str]:
    """Mark -> what stands in its place, in this order: the first texts have later marks in them."""
    is_restricted = Guardianship.objects.filter(restricted=True).exists()
    of_lists = [f"\n    UNION SELECT person_id, {by_hand} FROM ({sql}) of_list" for sql, by_hand in listed.people]
    return {
        "%%chosen_of_lists%%": "".join(of_lists),
        "%%excluded%%": _excluded(listed) + (_KEPT_AWAY if is_restricted else ""),
        "%%kept_away%%": _IS_KEPT_AWAY if is_restricted else "",
        "%%person_reason%%": _PERSON_REASON,
        "%%address_reason%%": _ADDRESS_REASON,
        "%%excluded_person%%": _EXCLUDED_PERSON if listed.excluded_people else "",
        "%%excluded_address%%": _EXCLUDED_ADDRESS if listed.excludes else "",
        "%%no_consent_of_person%%": _NO_CONSENT_OF_PERSON if mailing.commercial else "",
        "%%no_consent_of_address%%": _NO_CONSENT_OF_ADDRESS if mailing.commercial else "",
        "%%opt_out_scopes%%": "('all', 'commercial')" if mailing.commercial else "('all')",
        "%%former%%": "" if mailing.include_former else "AND (p.active OR chosen.by_hand > 0)",
        "%%has_left%%": "1 = 0" if mailing.include_former else _has_left(listed),
        "%%permitted_person%%": permitted.person,
        "%%permitted_address%%": permitted.address,
    }


def _has_left(listed: ListedPeople) -> str:
    """The condition on somebody of a list: at the school no more, or a guardian of whom no child is."""
    children_left = Guardianship.objects.filter(student__active=False)
    if not listed.people or not children_left.exists():
        return _LEFT
    return f"{_LEFT} OR chosen.by_hand = 2 AND p.kind = 'guardian' AND p.id IN ({_OF_LEFT_CHILDREN})"


def _branches(mailing: Mailing, listed: ListedPeople, has_students: bool) -> list[str]:
    """The ways in which an address can come in."""
    branches = [_OTHERS, _TYPED]
    if has_students:
        branches += [_UNREACHABLE_STUDENTS.format(**_unreachable(mailing))]
        branches += [_GUARDIANS] if mailing.to_guardians else []
        branches += [_PERSONAL] if mailing.to_personal else []
        branches += [_COMMUNICATION] if mailing.to_communication else []
    branches += [_LISTED.format(addresses="\n    UNION ALL ".join(listed.addresses))] if listed.addresses else []
    return branches


def _excluded(listed: ListedPeople) -> str:
    """The expressions of who is left out, where a list is."""
    if not listed.excludes:
        return ""
    people = "\n    UNION ".join(listed.excluded_people or ["SELECT NULL AS person_id WHERE 1 = 0"])
    addresses = "".join(f"\n    UNION {sql}" for sql in listed.excluded_addresses)
    return _EXCLUDED.format(people=people, addresses=addresses)


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


# Of my groups: their students, and whoever looks after one of these and is not kept from it.
_MY_STUDENTS = """SELECT theirs.person_id FROM recipients_enrolment mine
    JOIN recipients_enrolment theirs ON theirs.group_id = mine.group_id AND theirs.role = 'student'
    WHERE mine.organization_id = %(organization)s AND mine.person_id = %(writer)s AND mine.role = 'teacher'"""
_IN_MY_GROUPS = f"""(p.kind = 'student' AND p.id IN ({_MY_STUDENTS})
    OR p.kind = 'guardian' AND p.id IN (SELECT g.guardian_id FROM recipients_guardianship g
        WHERE g.organization_id = %(organization)s AND NOT g.restricted AND g.student_id IN ({_MY_STUDENTS})))"""

# Why an address is not used, whoever it belongs to. c = contact point; reached after "no address" is excluded.
_REASON = """CASE %%excluded_address%%
    WHEN EXISTS (SELECT 1 FROM recipients_contactpoint f WHERE f.organization_id = %(organization)s
        AND f.channel = 'email' AND f.normalized = c.normalized AND f.health = 'failed') THEN 'failed_address'
    WHEN EXISTS (SELECT 1 FROM targetlists_optout o WHERE o.organization_id = %(organization)s
        AND o.channel = 'email' AND o.normalized = c.normalized AND o.scope IN %%opt_out_scopes%%) THEN 'opted_out'
    {no_consent}
    ELSE '' END"""
_PERSON_REASON = _REASON.format(no_consent="%%no_consent_of_person%%")
_ADDRESS_REASON = _REASON.format(no_consent="%%no_consent_of_address%%")
_NO_CONSENT_OF_PERSON = """WHEN NOT EXISTS (SELECT 1 FROM recipients_consent k
        WHERE k.organization_id = %(organization)s AND k.person_id = c.person_id
          AND k.kind = 'commercial' AND k.granted) THEN 'no_consent'"""
_NO_CONSENT_OF_ADDRESS = """WHEN NOT EXISTS (SELECT 1 FROM recipients_consent k
        JOIN recipients_contactpoint kc ON kc.organization_id = k.organization_id AND kc.channel = 'email'
            AND kc.normalized = c.normalized AND kc.person_id = k.person_id
        WHERE k.organization_id = %(organization)s AND k.kind = 'commercial' AND k.granted) THEN 'no_consent'"""

# Whoever is on an excluded list, and whoever shares an address with somebody on it.
_EXCLUDED = """excluded_person (person_id) AS (
    {people}
), excluded_address (normalized) AS (
    SELECT x.normalized FROM recipients_contactpoint x JOIN excluded_person ON excluded_person.person_id = x.person_id
    WHERE x.organization_id = %(organization)s AND x.channel = 'email'{addresses}
), """
_EXCLUDED_PERSON = "WHEN s.id IN (SELECT person_id FROM excluded_person) THEN 'excluded'"
_EXCLUDED_ADDRESS = "WHEN c.normalized IN (SELECT normalized FROM excluded_address) THEN 'excluded'"

# Whoever must not be contacted about a student is not reached through another's record either: a mailbox that he
# shares, or himself under a name that is spelt otherwise.
_KEPT_AWAY = """kept_away (student_id, normalized) AS (
    SELECT r.student_id, x.normalized FROM recipients_guardianship r
    JOIN recipients_contactpoint x ON x.person_id = r.guardian_id AND x.organization_id = %(organization)s
        AND x.channel = 'email'
    WHERE r.organization_id = %(organization)s AND r.restricted
), """
_IS_KEPT_AWAY = "WHEN (s.id, c.normalized) IN (SELECT student_id, normalized FROM kept_away) THEN 'restricted'"

_LEFT = "chosen.by_hand = 2 AND NOT p.active"
_OF_LEFT_CHILDREN = """SELECT gone.guardian_id FROM recipients_guardianship gone
    JOIN recipients_person child ON child.id = gone.student_id AND NOT child.active
    WHERE gone.organization_id = %(organization)s AND NOT EXISTS (
        SELECT 1 FROM recipients_guardianship g JOIN recipients_person here ON here.id = g.student_id AND here.active
        WHERE g.guardian_id = gone.guardian_id)"""

# Why a chosen person is left out, whatever his addresses. s = chosen_person.
_CHOSEN_REASON = """WHEN s.permitted = 0 THEN 'outside_groups' WHEN s.has_left = 1 THEN 'former' %%excluded_person%%"""

_ANY_GUARDIAN = """SELECT 1 FROM recipients_guardianship g
    WHERE g.organization_id = %(organization)s AND g.student_id = s.id"""
_ANY_COMMUNICATION = """SELECT 1 FROM recipients_contactpoint c WHERE c.organization_id = %(organization)s
    AND c.person_id = s.id AND c.channel = 'email' AND c.purpose = 'communication'"""

_GUARDIANS = f"""SELECT g.guardian_id, s.id, c.id, COALESCE(c.value, ''), COALESCE(c.normalized, ''),
    CASE {_CHOSEN_REASON} WHEN g.restricted THEN 'restricted' %%kept_away%%
         WHEN c.id IS NULL THEN 'no_address' ELSE %%person_reason%% END, 1, NULL, CAST(NULL AS bigint)
FROM chosen_person s
JOIN recipients_guardianship g ON g.student_id = s.id AND g.organization_id = %(organization)s
LEFT JOIN recipients_contactpoint c ON c.person_id = g.guardian_id AND c.organization_id = %(organization)s
    AND c.channel = 'email' AND c.purpose = 'own' AND c.is_primary
WHERE s.kind = 'student'"""

_PERSONAL = f"""SELECT s.id, s.id, c.id, COALESCE(c.value, ''), COALESCE(c.normalized, ''),
    CASE {_CHOSEN_REASON} %%kept_away%% WHEN c.id IS NULL THEN 'no_address'
         ELSE %%person_reason%% END, 2, NULL, CAST(NULL AS bigint)
FROM chosen_person s
LEFT JOIN recipients_contactpoint c ON c.person_id = s.id AND c.organization_id = %(organization)s
    AND c.channel = 'email' AND c.purpose = 'own' AND c.is_primary
WHERE s.kind = 'student'"""

_COMMUNICATION = f"""SELECT s.id, s.id, c.id, c.value, c.normalized,
    CASE {_CHOSEN_REASON} %%kept_away%% ELSE %%person_reason%% END, 3, NULL, CAST(NULL AS bigint)
FROM chosen_person s
JOIN recipients_contactpoint c ON c.person_id = s.id AND c.organization_id = %(organization)s
    AND c.channel = 'email' AND c.purpose = 'communication'
WHERE s.kind = 'student'"""

# A student whom none of the ticked kinds leads to: nobody on record, or no address of that kind.
_UNREACHABLE_STUDENTS = f"""SELECT s.id, s.id, CAST(NULL AS bigint), '', '',
    CASE {_CHOSEN_REASON} ELSE 'no_address' END, 4, NULL, CAST(NULL AS bigint)
FROM chosen_person s
WHERE s.kind = 'student' AND {{no_guardian}} AND {{no_personal}} AND {{no_communication}}"""

# A guardian who is kept from every student he has is not written to as himself either.
_OTHERS = f"""SELECT s.id, CAST(NULL AS bigint), c.id, COALESCE(c.value, ''), COALESCE(c.normalized, ''),
    CASE {_CHOSEN_REASON}
         WHEN s.kind = 'guardian' AND EXISTS (SELECT 1 FROM recipients_guardianship g WHERE g.guardian_id = s.id)
             AND NOT EXISTS (SELECT 1 FROM recipients_guardianship g WHERE g.guardian_id = s.id AND NOT g.restricted)
             THEN 'restricted'
         WHEN c.id IS NULL THEN 'no_address'
         ELSE %%person_reason%% END, 0, CAST(NULL AS varchar(200)), CAST(NULL AS bigint)
FROM chosen_person s
LEFT JOIN recipients_contactpoint c ON c.person_id = s.id AND c.organization_id = %(organization)s
    AND c.channel = 'email' AND c.purpose = 'own' AND c.is_primary
WHERE s.kind <> 'student'"""

_TYPED = """SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS bigint), c.address, c.normalized,
    CASE WHEN NOT (%%permitted_address%%) THEN 'outside_groups' ELSE %%address_reason%% END, 5,
    NULL, CAST(NULL AS bigint)
FROM campaigns_audienceentry c
WHERE c.organization_id = %(organization)s AND c.mailing_id = %(mailing)s AND c.normalized <> ''"""

# Addresses of people who are not on record: from target lists, and from the mailing's own file.
_LISTED = """SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS bigint), c.address, c.normalized,
    CASE WHEN NOT (%%permitted_address%%) THEN 'outside_groups' ELSE %%address_reason%% END, 4, c.name, c.row_id
FROM (
    {addresses}
) c"""

# by_hand: 0 as a member of a group, 1 one by one, 2 by a target list.
_EXPRESSIONS = """%%excluded%%chosen (person_id, by_hand) AS (
    SELECT e.person_id, 0 FROM campaigns_audienceentry a
    JOIN recipients_group g ON g.id = a.group_id AND g.organization_id = %(organization)s
    JOIN recipients_enrolment e ON e.group_id = g.id AND (e.role = 'student' OR g.kind = 'staff')
    WHERE a.organization_id = %(organization)s AND a.mailing_id = %(mailing)s
    UNION
    SELECT a.person_id, 1 FROM campaigns_audienceentry a
    WHERE a.organization_id = %(organization)s AND a.mailing_id = %(mailing)s
        AND a.person_id IS NOT NULL%%chosen_of_lists%%
), chosen_person AS (
    SELECT p.id, p.kind, CASE WHEN %%permitted_person%% THEN 1 ELSE 0 END AS permitted,
        CASE WHEN %%has_left%% THEN 1 ELSE 0 END AS has_left
    FROM chosen JOIN recipients_person p ON p.id = chosen.person_id AND p.organization_id = %(organization)s %%former%%
), candidate (recipient_id, about_id, contact_point_id, address, normalized, reason, kind_order, name, row_id) AS (
    %%candidates%%
)"""

# A list may have people on it whom the writer does not know of: he reads that they are left out, not who they are.
# An address that he typed himself (kind_order 5) he knows.
_IS_HIDDEN = "placed.reason = 'outside_groups' AND (placed.recipient_id IS NOT NULL OR placed.kind_order < 5)"
_RECIPIENTS_OF = """grouped AS (
    SELECT recipient_id, normalized, MIN(address) AS address, MIN(reason) AS reason, MIN(kind_order) AS kind_order,
        MIN(contact_point_id) AS contact_point_id, MIN(name) AS name, MIN(row_id) AS row_id
    FROM candidate GROUP BY normalized, recipient_id
), placed AS (
    SELECT grouped.*, {file_row} AS file_row, ROW_NUMBER() OVER (
        PARTITION BY normalized, CASE WHEN reason = '' THEN 0 ELSE 1 END ORDER BY kind_order, recipient_id) AS place
    FROM grouped
), recipient AS (
    SELECT placed.recipient_id, placed.normalized, placed.contact_point_id,
        CASE WHEN {is_hidden} THEN '' ELSE placed.address END AS address,
        CASE WHEN placed.reason = '' AND placed.place > 1 THEN 'same_address' ELSE placed.reason END AS reason,
        CASE WHEN {is_hidden} THEN ''
            ELSE COALESCE(NULLIF(TRIM(p.first_name || ' ' || p.last_name), ''), {name}, '') END AS name,
        COALESCE(p.search_name, placed.normalized) AS search_name, COALESCE(p.language, '') AS language,
        {variables} AS variables
    FROM placed
    LEFT JOIN recipients_person p ON p.id = placed.recipient_id{join}
)"""
# Only the rows of files have variables of their own; without any, a join less.
_RECIPIENTS = _RECIPIENTS_OF.format(
    is_hidden=_IS_HIDDEN, name="placed.name", variables="CAST(NULL AS jsonb)", join="", file_row="row_id"
)
_RECIPIENTS_WITH_VARIABLES = _RECIPIENTS_OF.format(
    is_hidden=_IS_HIDDEN,
    # of one row, also where two files have the address
    name="u.name, placed.name",
    variables="u.variables",
    join="\n    LEFT JOIN targetlists_uploadedrow u ON u.id = placed.file_row",
    # what a file says of an address holds for whoever is on record with it, too
    file_row="MIN(row_id) OVER (PARTITION BY normalized)",
)
