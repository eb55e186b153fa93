"""Which classes and subjects on record a file speaks of. Writes years and groups: the others need their ids.

By the number in the school's own system, by name, year and unit, or by the name alone where there is one of that name.
"""

from apps.core.ranking import first_sql
from apps.recipients.models import Group

from .deciding_years import make_years
from .expressions import filled, status_of
from .statements import Statements


def decide_groups(statements: Statements, default_year: str, *, is_delta: bool = False) -> tuple[int, int]:
    """Make `group_ref (key, group_id, status)`; returns how many are new, and how many others are changed.

    The ids of new ones are above `last_group`. `is_delta`: a class whose year is not said is the latest of its number.
    """
    make_years(statements, default_year)
    statements.table("last_group", "SELECT COALESCE(MAX(id), 0) AS id FROM recipients_group")
    statements.table("group_ref", _GROUPS, "key; group_id")
    if is_delta:
        statements.run(_BY_NUMBER_ALONE)
    for statement in (_NAME_APART, _BY_NUMBER, _BY_NAME, _BY_NAME_ALONE):
        statements.run(statement)
    changed = statements.run(_GIVE_UNITS)
    created = statements.run(_new_groups(_WITH_PLACE))
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
    created = statements.run(_new_groups("key NOT IN (SELECT key FROM namesake)"))
    if created:
        statements.run(_BY_NAME)
    return created


def _new_groups(which: str) -> str:
    return f"""INSERT INTO recipients_group (organization_id, kind, name, unit_id, year_id, external_id)
SELECT %(organization)s, kind, name, unit_id, year_id, {filled("external_id")} FROM group_ref
WHERE group_id IS NULL AND status = 'here' AND {which} GROUP BY kind, name, unit_id, year_id"""


def _same_place(one: str, other: str) -> str:
    return " AND ".join(f"COALESCE({one}.{name}, 0) = COALESCE({other}.{name}, 0)" for name in ("unit_id", "year_id"))


_GROUPS = f"""SELECT s.key, {first_sql("s.kind", Group.KINDS_IN_ORDER)} AS kind, MIN(s.year) AS year,
    MIN(s.name) AS name, {filled("s.external_id")} AS external_id, {status_of("s.status")} AS status,
    MIN(u.id) AS unit_id, MIN(y.year_id) AS year_id, CAST(NULL AS bigint) AS group_id
FROM staged_group s
LEFT JOIN organizations_unit u ON u.organization_id = %(organization)s AND u.name = s.unit
LEFT JOIN year_ref y ON y.key = s.year AND (s.kind <> 'staff' OR s.year <> '')
GROUP BY s.key"""
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
_BY_NAME_ALONE = f"""UPDATE group_ref SET group_id = g.id FROM (
    SELECT MIN(id) AS id, kind, name, COALESCE(year_id, 0) AS of_year, {filled("external_id")} AS number
    FROM recipients_group WHERE organization_id = %(organization)s GROUP BY kind, name, COALESCE(year_id, 0)
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
        AND g.kind = recipients_group.kind AND {_same_place("g", "recipients_group")})"""
