"""What was decided, written: one statement for each kind of row, whatever their number."""

from apps.recipients.models import Person

from .expressions import PERSON_FIELDS, same_use
from .statements import Statements


def apply_people(statements: Statements) -> None:
    """Write people: new, changed, returned and withdrawn ones."""
    statements.run(_CREATE)
    statements.run(_ADOPT)
    half_named = statements.rows(_HALF_NAMED)
    statements.run(_CHANGE)
    _fold_names([pk for (pk,) in half_named])
    statements.run(_WITHDRAW)


def apply_contacts(statements: Statements) -> None:
    """Write addresses and numbers, and what is to be decided about them."""
    for statement in (_FORGET_CONFLICTS, _DELETE_CONTACTS, _ADD_CONTACTS, _ASK, _FORGET_PRIMARY, _PROMOTE):
        statements.run(statement)


def apply_school(statements: Statements) -> None:
    """Write guardianships, enrolments, and consents with their history."""
    for statement in (_DELETE_PAIRS, _ADD_PAIRS, _CHANGE_PAIRS):
        statements.run(statement)
    for statement in (_DELETE_ENROLMENTS, _ADD_ENROLMENTS, _NUMBER_ENROLMENTS):
        statements.run(statement)
    for statement in (_NOTE_CONSENTS, _CHANGE_CONSENTS, _ADD_CONSENTS):
        statements.run(statement)


def _fold_names(ids: list[int]) -> None:
    """Where the file has half a name, the folded name is made of its half and of the other that stood there."""
    for start in range(0, len(ids), 1000):
        people = list(Person.objects.filter(pk__in=ids[start : start + 1000]))
        for person in people:
            person.search_name = Person.make_search_name(person.first_name, person.last_name)
        Person.objects.bulk_update(people, ["search_name"], batch_size=200)


_FIELDS = (*PERSON_FIELDS, "search_name")
_CREATE = f"""INSERT INTO recipients_person (id, organization_id, kind, {", ".join(_FIELDS)}, unit_id, active, left_on,
    left_source, import_source_id, membership_id, imported_name, language_source, created_at)
SELECT t.person_id, %(organization)s, i.kind, {", ".join(f"i.{name}" for name in _FIELDS)}, t.unit_id,
    %(true)s, NULL, '', %(source)s, NULL, '', '', %(now)s
FROM planned_person t JOIN united_person i ON i.who = t.who WHERE t.action = 'created'"""

# Whoever no import keeps in step yet is kept by this one; who left and comes back, by the one that brings him.
WHO_IS_ADOPTED = """t.person_id = recipients_person.id AND recipients_person.organization_id = %(organization)s
    AND %(source)s IS NOT NULL
    AND (recipients_person.import_source_id IS NULL AND t.action <> 'withdrawn'
        OR t.action = 'returned' AND recipients_person.import_source_id <> %(source)s)"""
_ADOPT = f"""UPDATE recipients_person SET import_source_id = %(source)s FROM planned_person t
WHERE {WHO_IS_ADOPTED}"""

# What the file leaves empty stays on record as it is.
_CHANGED = ", ".join(f"{name} = COALESCE(NULLIF(i.{name}, ''), recipients_person.{name})" for name in _FIELDS)
_CHANGE = f"""UPDATE recipients_person SET {_CHANGED},
    unit_id = COALESCE(t.unit_id, recipients_person.unit_id),
    kind = CASE WHEN recipients_person.kind = 'contact' THEN i.kind ELSE recipients_person.kind END,
    active = CASE WHEN t.action = 'returned' THEN %(true)s ELSE recipients_person.active END,
    left_on = CASE WHEN t.action = 'returned' THEN NULL ELSE recipients_person.left_on END,
    left_source = CASE WHEN t.action = 'returned' THEN '' ELSE recipients_person.left_source END
FROM planned_person t JOIN united_person i ON i.who = t.who
WHERE t.person_id = recipients_person.id AND t.action IN ('changed', 'returned')
    AND recipients_person.organization_id = %(organization)s"""
_HALF_NAMED = """SELECT p.id FROM planned_person t JOIN united_person i ON i.who = t.who
JOIN recipients_person p ON p.id = t.person_id
WHERE t.action IN ('changed', 'returned')
    AND (i.first_name = '' AND p.first_name <> '' OR i.last_name = '' AND p.last_name <> '')"""
# That the office said so first is no longer of weight: the school's own system says so too.
_WITHDRAW = """UPDATE recipients_person SET active = %(false)s, left_on = COALESCE(left_on, %(today)s),
    left_source = 'import'
WHERE organization_id = %(organization)s AND (id IN (SELECT person_id FROM missing)
    OR id IN (SELECT person_id FROM planned_person WHERE action = 'withdrawn'))"""

_CONFLICT = "recipients_importconflict"
_POINT = "recipients_contactpoint"
# Nobody has to decide about an address that the file no longer has.
WHICH_CONFLICTS_END = f"""organization_id = %(organization)s AND decision = 'open'
    AND EXISTS (SELECT 1 FROM wanted_contact w WHERE {same_use("w", _CONFLICT)})
    AND NOT EXISTS (SELECT 1 FROM wanted_contact w WHERE {same_use("w", _CONFLICT)}
        AND w.normalized = {_CONFLICT}.normalized AND w.known IS NULL)"""
_FORGET_CONFLICTS = f"DELETE FROM {_CONFLICT} WHERE {WHICH_CONFLICTS_END}"
_DELETE_CONTACTS = f"""DELETE FROM {_POINT}
WHERE organization_id = %(organization)s AND id IN (SELECT id FROM stale_contact)"""
# An address that came back has done so with whomever it stands.
_FAILED = f"""SELECT channel, normalized, health, MIN(health_reason) AS health_reason, MIN(health_since) AS health_since
FROM {_POINT} WHERE organization_id = %(organization)s AND health = 'failed' GROUP BY channel, normalized, health"""
_ADD_CONTACTS = f"""INSERT INTO {_POINT} (organization_id, person_id, channel, purpose, value, normalized, is_primary,
    health, health_reason, health_since, source)
SELECT %(organization)s, n.person_id, n.channel, n.purpose, n.value, n.normalized, n.is_primary,
    COALESCE(f.health, 'good'), COALESCE(f.health_reason, ''), f.health_since, 'import'
FROM new_contact n LEFT JOIN ({_FAILED}) f ON f.channel = n.channel AND f.normalized = n.normalized
WHERE n.action = 'add'"""
_ASK = f"""INSERT INTO {_CONFLICT} (organization_id, person_id, run_id, channel, purpose, kept_value, value, normalized,
    decision, created_at, decided_by_id, decided_at)
SELECT %(organization)s, person_id, %(run)s, channel, purpose, kept_value, value, normalized, 'open', %(now)s,
    NULL, NULL
FROM new_contact WHERE action = 'conflict'
ON CONFLICT (organization_id, person_id, channel, purpose, normalized) DO UPDATE SET decision = 'open',
    kept_value = excluded.kept_value, run_id = excluded.run_id, decided_by_id = NULL, decided_at = NULL"""
# Where the file took the primary address away and named no new one, the first that is left takes its place.
_FORGET_PRIMARY = """DELETE FROM stale_contact WHERE NOT (is_primary AND purpose = 'own')
    OR EXISTS (SELECT 1 FROM recipients_contactpoint o WHERE o.organization_id = %(organization)s
        AND o.person_id = stale_contact.person_id AND o.channel = stale_contact.channel AND o.purpose = 'own'
        AND o.is_primary)"""
_PROMOTE = f"""UPDATE {_POINT} SET is_primary = %(true)s WHERE organization_id = %(organization)s AND id IN (
    SELECT id FROM (
        SELECT o.id, ROW_NUMBER() OVER (PARTITION BY o.person_id, o.channel
            ORDER BY CASE WHEN w.place IS NULL THEN 1 ELSE 0 END, w.place, o.id) AS turn
        FROM stale_contact s JOIN recipients_contactpoint o ON o.organization_id = %(organization)s
            AND o.person_id = s.person_id AND o.channel = s.channel AND o.purpose = 'own'
        LEFT JOIN wanted_contact w ON w.known = o.id) ranked
    WHERE turn = 1)"""

_DELETE_PAIRS = """DELETE FROM recipients_guardianship
WHERE organization_id = %(organization)s AND id IN (SELECT id FROM leaving_pair)"""
_ADD_PAIRS = """INSERT INTO recipients_guardianship (organization_id, student_id, guardian_id, relation, restricted,
    restricted_since, source)
SELECT %(organization)s, s.student_id, s.guardian_id, s.relation, r.student_id IS NOT NULL,
    CASE WHEN r.student_id IS NOT NULL THEN DATE(%(today)s) END, 'import'
FROM planned_pair s
LEFT JOIN restricted_pair r ON r.student_id = s.student_id AND r.guardian_id = s.guardian_id
WHERE s.known IS NULL AND s.status = 'here'"""
WHICH_PAIRS_CHANGE = """s.known = recipients_guardianship.id AND s.status = 'here' AND s.relation <> ''
    AND s.relation <> recipients_guardianship.relation AND recipients_guardianship.source = 'import'
    AND recipients_guardianship.organization_id = %(organization)s"""
_CHANGE_PAIRS = f"""UPDATE recipients_guardianship SET relation = s.relation FROM planned_pair s
WHERE {WHICH_PAIRS_CHANGE}"""
_DELETE_ENROLMENTS = """DELETE FROM recipients_enrolment
WHERE organization_id = %(organization)s AND id IN (SELECT id FROM leaving_enrolment)"""
_ADD_ENROLMENTS = """INSERT INTO recipients_enrolment (organization_id, person_id, group_id, role, source, external_id)
SELECT %(organization)s, person_id, group_id, role, 'import', external_id FROM planned_enrolment
WHERE known IS NULL AND status = 'here'"""
WHICH_ENROLMENTS_CHANGE = """s.known = recipients_enrolment.id AND s.status = 'here' AND s.external_id <> ''
    AND s.external_id <> recipients_enrolment.external_id AND recipients_enrolment.organization_id = %(organization)s"""
_NUMBER_ENROLMENTS = f"""UPDATE recipients_enrolment SET external_id = s.external_id FROM planned_enrolment s
WHERE {WHICH_ENROLMENTS_CHANGE}"""

_NOTE_CONSENTS = """INSERT INTO recipients_consentchange (organization_id, person_id, kind, granted, at, source, by_id)
SELECT %(organization)s, person_id, kind, granted, %(now)s, 'import', NULL FROM planned_consent"""
_CHANGE_CONSENTS = """UPDATE recipients_consent SET granted = s.granted, at = %(now)s FROM planned_consent s
WHERE s.known = recipients_consent.id AND recipients_consent.organization_id = %(organization)s"""
_ADD_CONSENTS = """INSERT INTO recipients_consent (organization_id, person_id, kind, granted, at, source, by_id)
SELECT %(organization)s, person_id, kind, granted, %(now)s, 'import', NULL FROM planned_consent WHERE known IS NULL"""
