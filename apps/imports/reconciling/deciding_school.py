"""What an import does with guardianships, groups, enrolments and consents. Writes years and groups alone.

Only what an import brought is taken away again, and only where a file with everybody no longer has it.
"""

import re
from datetime import date

from django.utils import timezone
from django.utils.dateparse import parse_date

from apps.recipients.models import AcademicYear
from apps.rosters.school_years import school_year_of

from .alike_names import restrict_namesakes
from .statements import Statements

_YEAR_NAME = 40  # characters


def decide_guardianships(statements: Statements, is_bulk: bool) -> int:
    """Make `planned_pair`, `leaving_pair`, `looped_pair` (the own guardian, each of the other, a student).

    And `restricted_pair`. Returns how many pairs of the file stay away because they were taken away by hand.
    """
    statements.table("said_pair", _SAID_PAIRS, "student_id, guardian_id")
    statements.table("looped_pair", _LOOPED, "student_id")
    statements.table("planned_pair", _PLANNED_PAIRS, "student_id, guardian_id; known")
    taken_away = statements.run(_DROP_TAKEN_AWAY.format(table="planned_pair", person="student_id", same=_SAME_GUARDIAN))
    restrict_namesakes(statements)
    removed = is_bulk and statements.value("SELECT COUNT(*) FROM planned_pair WHERE status = 'here'")
    statements.table("leaving_pair", f"{_GONE_PAIRS} UNION {_MISSING_PAIRS if removed else _UNTOLD_PAIRS}", "id")
    return taken_away


def decide_groups(statements: Statements, default_year: str, *, is_delta: bool = False) -> tuple[int, int]:
    """Make `group_ref (key, group_id, status)`; returns how many are new, and how many others are changed.

    The ids of new ones are above `last_group`. `is_delta`: a class whose year is not said is the latest of its number.
    """
    _make_years(statements, default_year)
    statements.table("last_group", "SELECT COALESCE(MAX(id), 0) AS id FROM recipients_group")
    statements.table("group_ref", _GROUPS, "key; group_id")
    if is_delta:
        statements.run(_BY_NUMBER_ALONE)
    for statement in (_NAME_APART, _BY_NUMBER, _BY_NAME, _BY_NAME_ALONE):
        statements.run(statement)
    changed = statements.run(_GIVE_UNITS)
    created = statements.run(_NEW_GROUPS.format(of=_WITH_PLACE))
    statements.run(_BY_NAME)
    created += _find_without_unit(statements)
    changed += statements.run(_NUMBER_GROUPS) + statements.run(_RENAME_GROUPS)
    if statements.is_postgresql:
        statements.run("ANALYZE group_ref")
    return created, changed


def _find_without_unit(statements: Statements) -> int:
    """Find the groups that are named without a unit; returns how many were new.

    The only one of its name, kind and year is the one, whatever its unit. Those of which there are several stay in
    `namesake (key, group_id, unit_id)`: the people in them say which is meant.
    """
    statements.table("namesake", _NAMESAKES, "key")
    statements.run(_ONLY_NAMESAKE)
    statements.run("DELETE FROM namesake WHERE key IN (SELECT key FROM group_ref WHERE group_id IS NOT NULL)")
    created = statements.run(_NEW_GROUPS.format(of="key NOT IN (SELECT key FROM namesake)"))
    if created:
        statements.run(_BY_NAME)
    return created


def decide_enrolments(statements: Statements, is_bulk: bool) -> int:
    """Make `planned_enrolment`, `unknown_group (key)` and `leaving_enrolment (id)`; returns as decide_guardianships."""
    statements.table("unknown_group", _UNKNOWN_GROUPS, "key")
    if statements.value("SELECT COUNT(*) FROM unknown_group"):
        statements.run(_GROUPS_FROM_RECORD)
        statements.run("DELETE FROM unknown_group WHERE key IN (SELECT key FROM group_ref)")
    statements.table("settled_enrolment", _SETTLED_ENROLMENTS, "person_id")
    statements.table("planned_enrolment", _PLANNED_ENROLMENTS, "person_id, group_id; known")
    taken_away = statements.run(
        _DROP_TAKEN_AWAY.format(table="planned_enrolment", person="person_id", same=_SAME_GROUP)
    )
    leaving = (_GONE_ENROLMENTS, _MOVED_ENROLMENTS, _MISSING_ENROLMENTS if is_bulk else "")
    statements.table("leaving_enrolment", " UNION ".join(filter(None, leaving)), "id")
    return taken_away


def decide_consents(statements: Statements) -> None:
    """Make `planned_consent`: what is said and does not stand so yet. What was said by hand is not overruled."""
    statements.table("planned_consent", _PLANNED_CONSENTS, "person_id")


def current_year() -> str:
    """The name of the year of today: the one on record, or what it would be called."""
    year = AcademicYear.current()
    return year.name if year and year.ends_on >= timezone.localdate() else school_year_of(timezone.localdate())


def _make_years(statements: Statements, default_year: str) -> None:
    """Make `year_ref (key, year_id)` for every year that a group names; there are a handful."""
    named = {key: (name, starts, ends) for key, name, starts, ends in statements.rows("SELECT * FROM staged_year")}
    years = {year.name: year for year in AcademicYear.objects.all()}
    pairs = []
    for (key,) in statements.rows("SELECT DISTINCT year FROM staged_group WHERE kind <> 'staff' OR year <> ''"):
        name, starts, ends = named.get(key, (key or default_year, "", ""))
        name = name[:_YEAR_NAME]
        if name not in years:
            years[name] = _new_year(name, starts, ends)
        pairs.append((key, years[name].pk))
    statements.table("year_ref", "SELECT CAST('' AS text) AS key, CAST(0 AS bigint) AS year_id WHERE 1 = 0", "key")
    statements.fill("year_ref", pairs)


def _new_year(name: str, starts: str, ends: str) -> AcademicYear:
    first = int(name[:4]) if re.match(r"[12][0-9]{3}", name) else int(school_year_of(timezone.localdate())[:4])
    begins = _date(starts) or date(first, 9, 1)
    return AcademicYear.objects.create(name=name, starts_on=begins, ends_on=_date(ends) or date(first + 1, 6, 30))


def _date(text: str) -> date | None:
    try:
        return parse_date(text) if text else None
    except ValueError:
        return None


# What stands on record all the same was given again by hand.
_DROP_TAKEN_AWAY = """DELETE FROM {table} WHERE known IS NULL AND status = 'here' AND EXISTS (
    SELECT 1 FROM recipients_takenaway t WHERE t.organization_id = %(organization)s
        AND t.person_id = {table}.{person} AND {same})"""
_SAME_GUARDIAN = "t.guardian_id = planned_pair.guardian_id"
_SAME_GROUP = "t.group_id = planned_enrolment.group_id AND t.role = planned_enrolment.role"

_SAID_PAIRS = """SELECT said.*, o.id AS known FROM (
    SELECT s.person_id AS student_id, g.person_id AS guardian_id, MAX(x.relation) AS relation, MAX(x.status) AS status,
        MIN(x.place) AS place
    FROM staged_guardianship x JOIN person_ref s ON s.key = x.student_key JOIN person_ref g ON g.key = x.guardian_key
    GROUP BY s.person_id, g.person_id) said
LEFT JOIN recipients_guardianship o ON o.organization_id = %(organization)s AND o.student_id = said.student_id
    AND o.guardian_id = said.guardian_id"""
_LOOPED = """SELECT a.student_id, a.guardian_id, a.place,
    CASE WHEN a.student_id = a.guardian_id THEN 'own' ELSE 'each other' END AS reason
FROM said_pair a
LEFT JOIN said_pair b ON b.student_id = a.guardian_id AND b.guardian_id = a.student_id AND b.status = 'here'
WHERE a.status = 'here' AND (b.student_id IS NOT NULL OR a.student_id = a.guardian_id)
UNION ALL
SELECT a.student_id, a.guardian_id, a.place, 'student' FROM said_pair a
LEFT JOIN said_pair b ON b.student_id = a.guardian_id AND b.guardian_id = a.student_id AND b.status = 'here'
LEFT JOIN planned_person t ON t.person_id = a.guardian_id LEFT JOIN united_person i ON i.who = t.who
LEFT JOIN recipients_person p ON p.id = a.guardian_id AND p.active
WHERE a.known IS NULL AND a.status = 'here' AND b.student_id IS NULL AND a.student_id <> a.guardian_id
    AND COALESCE(p.kind, i.kind) = 'student'"""
_PLANNED_PAIRS = """SELECT s.student_id, s.guardian_id, s.relation, s.status, s.known FROM said_pair s
WHERE NOT EXISTS (SELECT 1 FROM looped_pair l WHERE l.student_id = s.student_id AND l.guardian_id = s.guardian_id)"""
# A pair that the office restricted is kept, so that the restriction is not forgotten when the pair comes back.
_GONE_PAIRS = """SELECT o.id FROM planned_pair s JOIN recipients_guardianship o ON o.id = s.known
WHERE s.status = 'gone' AND o.source = 'import' AND NOT o.restricted"""
# Another source may keep other guardians of the same students in step.
OF_THIS_SOURCE = """o.organization_id = %(organization)s AND o.source = 'import' AND NOT o.restricted
    AND (%(source)s IS NULL OR EXISTS (SELECT 1 FROM recipients_person g WHERE g.id = o.guardian_id
        AND (g.import_source_id IS NULL OR g.import_source_id = %(source)s)))"""
_MISSING = f"{OF_THIS_SOURCE} AND NOT EXISTS (SELECT 1 FROM planned_pair s WHERE s.known = o.id)"
_MISSING_PAIRS = f"""SELECT o.id FROM recipients_guardianship o JOIN present ON present.person_id = o.student_id
WHERE {_MISSING}"""
# Of a file with changes alone, those of whoever stands in it with the whole family.
_TOLD = """SELECT DISTINCT r.person_id FROM staged_family f JOIN person_ref r ON r.key = f.person_key"""
_UNTOLD_PAIRS = f"""SELECT o.id FROM recipients_guardianship o JOIN ({_TOLD}) told ON told.person_id = o.student_id
WHERE {_MISSING}
UNION SELECT o.id FROM recipients_guardianship o JOIN ({_TOLD}) told ON told.person_id = o.guardian_id
WHERE {_MISSING}"""

_GROUPS = """SELECT s.key, MIN(s.kind) AS kind, MIN(s.year) AS year, MIN(s.name) AS name,
    MAX(s.external_id) AS external_id, MAX(s.status) AS status, MIN(u.id) AS unit_id, MIN(y.year_id) AS year_id,
    CAST(NULL AS bigint) AS group_id
FROM staged_group s
LEFT JOIN organizations_unit u ON u.organization_id = %(organization)s AND u.name = s.unit
LEFT JOIN year_ref y ON y.key = s.year AND (s.kind <> 'staff' OR s.year <> '')
GROUP BY s.key"""
_PLACE = "COALESCE({0}.unit_id, 0) = COALESCE({1}.unit_id, 0) AND COALESCE({0}.year_id, 0) = COALESCE({1}.year_id, 0)"
# Two classes of one name in one year and unit are told apart by their numbers.
_NAME_APART = """UPDATE group_ref SET name = SUBSTR(name, 1, 150) || ' (' || SUBSTR(external_id, 1, 40) || ')'
FROM (SELECT kind AS of_kind, name AS of_name, COALESCE(unit_id, 0) AS of_unit, COALESCE(year_id, 0) AS of_year,
        MIN(external_id) AS first FROM group_ref WHERE external_id <> ''
    GROUP BY kind, name, COALESCE(unit_id, 0), COALESCE(year_id, 0) HAVING MIN(external_id) <> MAX(external_id)) same
WHERE kind = same.of_kind AND name = same.of_name AND COALESCE(unit_id, 0) = same.of_unit
    AND COALESCE(year_id, 0) = same.of_year AND external_id <> '' AND external_id <> same.first"""
_BY_NUMBER = """UPDATE group_ref SET group_id = g.id FROM (
    SELECT MIN(id) AS id, kind, external_id, COALESCE(year_id, 0) AS of_year FROM recipients_group
    WHERE organization_id = %(organization)s AND external_id <> ''
    GROUP BY kind, external_id, COALESCE(year_id, 0)) g
WHERE g.external_id = group_ref.external_id AND g.kind = group_ref.kind
    AND g.of_year = COALESCE(group_ref.year_id, 0)"""
_BY_NUMBER_ALONE = """UPDATE group_ref SET group_id = g.id, year_id = g.year_id FROM recipients_group g
WHERE group_ref.year = '' AND group_ref.external_id <> '' AND g.id = (
    SELECT latest.id FROM recipients_group latest LEFT JOIN recipients_academicyear y ON y.id = latest.year_id
    WHERE latest.organization_id = %(organization)s AND latest.kind = group_ref.kind
        AND latest.external_id = group_ref.external_id
    ORDER BY y.starts_on DESC, latest.id DESC LIMIT 1)"""
_BY_NAME = """UPDATE group_ref SET group_id = g.id FROM (
    SELECT id, kind, name, COALESCE(unit_id, 0) AS of_unit, COALESCE(year_id, 0) AS of_year FROM recipients_group
    WHERE organization_id = %(organization)s) g
WHERE group_ref.group_id IS NULL AND g.name = group_ref.name AND g.kind = group_ref.kind
    AND g.of_unit = COALESCE(group_ref.unit_id, 0) AND g.of_year = COALESCE(group_ref.year_id, 0)"""
# The only class of its name, kind and year is on record without a unit, and the file has the name in one unit alone:
# it is the one, unless their numbers say otherwise.
_BY_NAME_ALONE = """UPDATE group_ref SET group_id = g.id FROM (
    SELECT MIN(id) AS id, kind, name, COALESCE(year_id, 0) AS of_year, MAX(external_id) AS number FROM recipients_group
    WHERE organization_id = %(organization)s GROUP BY kind, name, COALESCE(year_id, 0)
    HAVING COUNT(*) = 1 AND MAX(unit_id) IS NULL) g
JOIN (SELECT kind, name, COALESCE(year_id, 0) AS of_year FROM group_ref WHERE unit_id IS NOT NULL
    GROUP BY kind, name, COALESCE(year_id, 0) HAVING MIN(unit_id) = MAX(unit_id)) one_unit
    ON one_unit.kind = g.kind AND one_unit.name = g.name AND one_unit.of_year = g.of_year
WHERE group_ref.group_id IS NULL AND group_ref.unit_id IS NOT NULL AND group_ref.status = 'here'
    AND g.name = group_ref.name AND g.kind = group_ref.kind AND g.of_year = COALESCE(group_ref.year_id, 0)
    AND (g.number = '' OR group_ref.external_id = '')"""
_GIVE_UNITS = """UPDATE recipients_group SET unit_id = r.unit_id FROM (
    SELECT group_id, MIN(unit_id) AS unit_id FROM group_ref
    WHERE status = 'here' AND unit_id IS NOT NULL GROUP BY group_id HAVING MIN(unit_id) = MAX(unit_id)) r
WHERE r.group_id = recipients_group.id AND recipients_group.unit_id IS NULL
    AND recipients_group.organization_id = %(organization)s
    AND NOT EXISTS (SELECT 1 FROM recipients_group g WHERE g.organization_id = %(organization)s
        AND g.unit_id = r.unit_id AND g.name = recipients_group.name AND g.kind = recipients_group.kind
        AND COALESCE(g.year_id, 0) = COALESCE(recipients_group.year_id, 0))"""
_NEW_GROUPS = """INSERT INTO recipients_group (organization_id, kind, name, unit_id, year_id, external_id)
SELECT %(organization)s, kind, name, unit_id, year_id, MAX(external_id) FROM group_ref
WHERE group_id IS NULL AND status = 'here' AND {of} GROUP BY kind, name, unit_id, year_id"""
_WITH_PLACE = "(unit_id IS NOT NULL OR external_id <> '')"
_NAMESAKES = """SELECT r.key, g.id AS group_id, g.unit_id FROM group_ref r
JOIN recipients_group g ON g.organization_id = %(organization)s AND g.kind = r.kind AND g.name = r.name
    AND COALESCE(g.year_id, 0) = COALESCE(r.year_id, 0)
WHERE r.group_id IS NULL AND r.unit_id IS NULL AND r.external_id = ''"""
_ONLY_NAMESAKE = """UPDATE group_ref SET group_id = only_one.id FROM (
    SELECT key AS named, MIN(group_id) AS id FROM namesake GROUP BY key HAVING COUNT(*) = 1) only_one
WHERE only_one.named = group_ref.key"""
_NUMBER_GROUPS = """UPDATE recipients_group SET external_id = r.external_id FROM group_ref r
WHERE r.group_id = recipients_group.id AND r.external_id <> '' AND recipients_group.external_id = ''
    AND recipients_group.organization_id = %(organization)s"""
_RENAME_GROUPS = f"""UPDATE recipients_group SET name = r.name FROM (
    SELECT group_id, MIN(name) AS name, MIN(external_id) AS external_id FROM group_ref
    WHERE status = 'here' GROUP BY group_id HAVING COUNT(*) = 1) r
WHERE r.group_id = recipients_group.id AND r.name <> recipients_group.name AND r.external_id <> ''
    AND recipients_group.organization_id = %(organization)s
    AND NOT EXISTS (SELECT 1 FROM recipients_group g WHERE g.organization_id = %(organization)s AND g.name = r.name
        AND g.kind = recipients_group.kind AND {_PLACE.format("g", "recipients_group")})"""

_UNKNOWN_GROUPS = """SELECT e.group_key AS key, MIN(e.place) AS place FROM staged_enrolment e
WHERE e.group_key <> '' AND NOT EXISTS (SELECT 1 FROM group_ref g WHERE g.key = e.group_key) GROUP BY e.group_key"""
_GROUPS_FROM_RECORD = """INSERT INTO group_ref (key, group_id, status, kind, name, external_id, year, year_id)
SELECT k.key, MAX(g.id), 'here', MIN(g.kind), MIN(g.name), '', '', MAX(g.year_id)
FROM unknown_group k JOIN recipients_group g ON g.organization_id = %(organization)s AND g.external_id = k.key
    AND g.external_id <> '' GROUP BY k.key"""
# Of several classes of a name the one of the student's own unit, or the one in which the student is already.
_SETTLED_ENROLMENTS = """SELECT r.person_id, n.key, e.role, MAX(e.status) AS status, MIN(e.place) AS place,
    COALESCE(MIN(CASE WHEN n.unit_id = COALESCE(t.unit_id, p.unit_id) THEN n.group_id END),
        CASE WHEN COUNT(o.id) = 1 THEN MIN(o.group_id) END) AS group_id
FROM namesake n JOIN staged_enrolment e ON e.group_key = n.key JOIN person_ref r ON r.key = e.person_key
LEFT JOIN planned_person t ON t.person_id = r.person_id
LEFT JOIN recipients_person p ON p.id = r.person_id
LEFT JOIN recipients_enrolment o ON o.organization_id = %(organization)s AND o.person_id = r.person_id
    AND o.group_id = n.group_id AND o.role = e.role
GROUP BY r.person_id, n.key, e.role"""
_PLANNED_ENROLMENTS = """SELECT s.person_id, s.group_id, s.role, s.status, s.external_id, o.id AS known
FROM (SELECT r.person_id, g.group_id, e.role,
        MAX(CASE WHEN g.status = 'gone' THEN 'gone' ELSE e.status END) AS status,
        MAX(CASE WHEN e.status = 'gone' THEN '' ELSE e.external_id END) AS external_id
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

_PLANNED_CONSENTS = """SELECT s.person_id, s.kind, s.granted = 1 AS granted, o.id AS known
FROM (SELECT r.person_id, c.kind, MIN(CASE WHEN c.granted THEN 1 ELSE 0 END) AS granted
    FROM staged_consent c JOIN person_ref r ON r.key = c.person_key GROUP BY r.person_id, c.kind) s
LEFT JOIN recipients_consent o ON o.organization_id = %(organization)s AND o.person_id = s.person_id
    AND o.kind = s.kind
WHERE o.id IS NULL OR (o.source = 'import' AND (CASE WHEN o.granted THEN 1 ELSE 0 END) <> s.granted)"""
