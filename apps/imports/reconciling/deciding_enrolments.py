"""What an import does with the places in classes.

Only what an import brought is taken away again, and only where a file with everybody no longer has it.
"""

from apps.core.ranking import first_sql
from apps.recipients.models import Group

from .expressions import filled, status_of
from .statements import Statements
from .taken_away import keep_away


def decide_enrolments(statements: Statements, is_bulk: bool) -> int:
    """Make `planned_enrolment`, `unknown_group (key)` and `leaving_enrolment (id)`.

    Returns how many places of the file stay away because they were taken away by hand.
    """
    statements.table("unknown_group", _UNKNOWN_GROUPS, "key")
    if statements.value("SELECT COUNT(*) FROM unknown_group"):
        statements.run(_GROUPS_FROM_RECORD)
        statements.run("DELETE FROM unknown_group WHERE key IN (SELECT key FROM group_ref)")
    statements.table("settled_enrolment", _SETTLED_ENROLMENTS, "person_id")
    statements.table("planned_enrolment", _PLANNED_ENROLMENTS, "person_id, group_id; known")
    kept_away = keep_away(statements, "planned_enrolment", "person_id", _SAME_GROUP)
    leaving = (_GONE_ENROLMENTS, _MOVED_ENROLMENTS, _MISSING_ENROLMENTS if is_bulk else "")
    statements.table("leaving_enrolment", " UNION ".join(filter(None, leaving)), "id")
    return kept_away


_SAME_GROUP = "t.group_id = planned_enrolment.group_id AND t.role = planned_enrolment.role"
_UNKNOWN_GROUPS = """SELECT e.group_key AS key, MIN(e.place) AS place FROM staged_enrolment e
WHERE e.group_key <> '' AND NOT EXISTS (SELECT 1 FROM group_ref g WHERE g.key = e.group_key) GROUP BY e.group_key"""
_GROUPS_FROM_RECORD = f"""INSERT INTO group_ref (key, group_id, status, kind, name, external_id, year, year_id)
SELECT k.key, MAX(g.id), 'here', {first_sql("g.kind", Group.KINDS_IN_ORDER)}, MIN(g.name), '', '', MAX(g.year_id)
FROM unknown_group k JOIN recipients_group g ON g.organization_id = %(organization)s AND g.external_id = k.key
    AND g.external_id <> '' GROUP BY k.key"""
# Of several classes of a name the one of the student's own unit, or the one in which the student is already.
_SETTLED_ENROLMENTS = f"""SELECT r.person_id, n.key, e.role, {status_of("e.status")} AS status, MIN(e.place) AS place,
    COALESCE(MIN(CASE WHEN n.unit_id = COALESCE(t.unit_id, p.unit_id) THEN n.group_id END),
        CASE WHEN COUNT(o.id) = 1 THEN MIN(o.group_id) END) AS group_id
FROM namesake n JOIN staged_enrolment e ON e.group_key = n.key JOIN person_ref r ON r.key = e.person_key
LEFT JOIN planned_person t ON t.person_id = r.person_id
LEFT JOIN recipients_person p ON p.id = r.person_id
LEFT JOIN recipients_enrolment o ON o.organization_id = %(organization)s AND o.person_id = r.person_id
    AND o.group_id = n.group_id AND o.role = e.role
GROUP BY r.person_id, n.key, e.role"""
_STATUS = "CASE WHEN g.status = 'gone' THEN 'gone' ELSE e.status END"
_NUMBER = "CASE WHEN e.status = 'gone' THEN '' ELSE e.external_id END"
_PLANNED_ENROLMENTS = f"""SELECT s.person_id, s.group_id, s.role, s.status, s.external_id, o.id AS known
FROM (SELECT r.person_id, g.group_id, e.role,
        {status_of(_STATUS)} AS status, {filled(_NUMBER)} AS external_id
    FROM staged_enrolment e JOIN person_ref r ON r.key = e.person_key
    JOIN group_ref g ON g.key = e.group_key AND g.group_id IS NOT NULL
    GROUP BY r.person_id, g.group_id, e.role
    UNION ALL SELECT person_id, group_id, role, status, '' FROM settled_enrolment WHERE group_id IS NOT NULL) s
LEFT JOIN recipients_enrolment o ON o.organization_id = %(organization)s AND o.person_id = s.person_id
    AND o.group_id = s.group_id AND o.role = s.role"""
# A system clears away the classes of a year that is over; here its students stay reachable through them.
_LASTS = """o.source = 'import' AND o.organization_id = %(organization)s AND NOT EXISTS (
    SELECT 1 FROM recipients_group past JOIN recipients_academicyear y ON y.id = past.year_id
    WHERE past.id = o.group_id AND y.ends_on < %(today)s)"""
_GONE_ENROLMENTS = f"""SELECT o.id FROM planned_enrolment s JOIN recipients_enrolment o ON o.id = s.known
WHERE s.status = 'gone' AND {_LASTS}
UNION SELECT o.id FROM group_ref g JOIN recipients_enrolment o ON o.group_id = g.group_id
WHERE g.status = 'gone' AND {_LASTS}"""
# What the file has under the same number is another class of that year by now, or is gone.
_MOVED_ENROLMENTS = f"""SELECT o.id FROM staged_enrolment e
JOIN recipients_enrolment o ON o.external_id = e.external_id AND o.organization_id = %(organization)s
JOIN recipients_person p ON p.id = o.person_id AND (%(source)s IS NULL OR p.import_source_id = %(source)s)
LEFT JOIN group_ref g ON g.key = e.group_key
WHERE e.external_id <> '' AND {_LASTS}
    AND (e.group_key = '' OR COALESCE(g.year_id, 0) = (
        SELECT COALESCE(was.year_id, 0) FROM recipients_group was WHERE was.id = o.group_id))
    AND NOT EXISTS (SELECT 1 FROM planned_enrolment s WHERE s.known = o.id AND s.status = 'here')"""
# Of the years that the file speaks of: who was in a class last year stays in it.
_MISSING_ENROLMENTS = """SELECT o.id FROM recipients_enrolment o JOIN present ON present.person_id = o.person_id
JOIN recipients_group g ON g.id = o.group_id
WHERE o.organization_id = %(organization)s AND o.source = 'import'
    AND COALESCE(g.year_id, 0) IN (SELECT COALESCE(r.year_id, 0) FROM group_ref r
        WHERE r.group_id IN (SELECT group_id FROM planned_enrolment WHERE status = 'here'))
    AND NOT EXISTS (SELECT 1 FROM planned_enrolment s WHERE s.known = o.id)
    AND NOT EXISTS (SELECT 1 FROM settled_enrolment e WHERE e.person_id = o.person_id AND e.group_id IS NULL)"""
