"""What an import does with each person: the table `planned_person`, whom the others lean on. Writes units alone.

`action`: created, changed, returned, withdrawn, unchanged; "nobody": has left, and never was on record.
"""

from django.db import connection

from .expressions import PERSON_FIELDS
from .statements import Statements


def decide_people(statements: Statements, is_dry: bool) -> None:
    """Make `planned_person (who, person_id, action, unit_id)`, `person_ref (key, person_id)` and `unknown_key`.

    `unknown_key (key, place, side)`: where it is named first, and on which side of that place.
    New people get their ids here. In a dry run these are negative, and nobody has them.
    """
    for statement in (_NEW_UNITS, _FORGET_NUMBERS_OF_UNITS, _NUMBER_UNITS):
        statements.run(statement)
    new_id = "-i.who" if is_dry else _new_id(statements)
    statements.table("planned_person", _planned(new_id), "person_id; who")
    statements.table("person_ref", _OF_FILE, "key; person_id")
    statements.table("unknown_key", _UNKNOWN, "key")
    if statements.value("SELECT COUNT(*) FROM unknown_key"):
        # A file with changes alone names people who are on record and not in it.
        statements.run(_ADD_FROM_RECORD)
        statements.run("DELETE FROM unknown_key WHERE key IN (SELECT key FROM person_ref)")


def _new_id(statements: Statements) -> str:
    if connection.vendor == "postgresql":
        return "nextval(pg_get_serial_sequence('recipients_person', 'id'))"
    last = statements.value("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'recipients_person'")
    return f"{int(last)} + i.who"


def _planned(new_id: str) -> str:
    """What happens with each person; `new_id` makes the id of somebody who is not on record."""
    return f"""SELECT i.who, CASE WHEN f.person_id IS NULL THEN {new_id} ELSE f.person_id END AS person_id,
    CASE WHEN f.person_id IS NULL AND i.status = 'gone' THEN 'nobody'
        WHEN f.person_id IS NULL THEN 'created'
        WHEN i.status = 'gone' AND p.active THEN 'withdrawn'
        WHEN i.status = 'gone' THEN 'unchanged'
        WHEN NOT p.active AND p.left_source = 'import' THEN 'returned'
        WHEN {_DIFFERS} THEN 'changed'
        ELSE 'unchanged' END AS action, u.id AS unit_id
FROM united_person i
LEFT JOIN found f ON f.who = i.who
LEFT JOIN recipients_person p ON p.id = f.person_id AND p.organization_id = %(organization)s
LEFT JOIN organizations_unit u ON u.organization_id = %(organization)s AND u.name = i.unit"""


_NEW_UNITS = """INSERT INTO organizations_unit (organization_id, name, external_id)
SELECT DISTINCT %(organization)s, s.unit, '' FROM (
    SELECT unit FROM staged_person UNION SELECT unit FROM staged_group) s
WHERE s.unit <> '' AND NOT EXISTS (
    SELECT 1 FROM organizations_unit u WHERE u.organization_id = %(organization)s AND u.name = s.unit)"""

# A number goes with the name that the file has for it now.
_FORGET_NUMBERS_OF_UNITS = """UPDATE organizations_unit SET external_id = '' WHERE organization_id = %(organization)s
    AND external_id <> '' AND EXISTS (SELECT 1 FROM staged_unit s JOIN organizations_unit named
        ON named.organization_id = %(organization)s AND named.name = s.name
        WHERE s.external_id = organizations_unit.external_id AND named.id <> organizations_unit.id)"""
_NUMBER_UNITS = """UPDATE organizations_unit SET external_id = s.external_id FROM (
    SELECT name AS of_name, MIN(external_id) AS external_id FROM staged_unit GROUP BY name) s
WHERE s.of_name = organizations_unit.name AND organizations_unit.external_id = ''
    AND organizations_unit.organization_id = %(organization)s"""

_DIFFERS = " OR ".join(
    [
        *(f"(i.{name} <> '' AND i.{name} <> p.{name})" for name in PERSON_FIELDS),
        "u.id <> COALESCE(p.unit_id, 0)",
        # Whoever came without a role, and has one now. Nobody else becomes of another kind.
        "(p.kind = 'contact' AND i.kind IN ('student', 'guardian', 'staff'))",
    ]
)

_OF_FILE = """SELECT k.key, p.person_id FROM person_key k JOIN planned_person p ON p.who = k.who
WHERE p.action <> 'nobody'"""
_UNKNOWN = """SELECT s.key, COALESCE(MIN(s.named), 0) / 2 AS place, COALESCE(MIN(s.named), 0) %% 2 AS side FROM (
    SELECT student_key AS key, place * 2 AS named FROM staged_guardianship
    UNION ALL SELECT guardian_key, place * 2 + 1 FROM staged_guardianship
    UNION ALL SELECT person_key, place * 2 FROM staged_enrolment
    UNION ALL SELECT person_key, NULL FROM staged_contact
    UNION ALL SELECT person_key, NULL FROM staged_consent) s
WHERE s.key <> '' AND NOT EXISTS (SELECT 1 FROM person_key k WHERE k.key = s.key) GROUP BY s.key"""
_ADD_FROM_RECORD = """INSERT INTO person_ref (key, person_id)
SELECT s.key, p.id FROM unknown_key s JOIN recipients_person p
    ON p.organization_id = %(organization)s AND p.external_id = s.key AND p.external_id <> ''
UNION ALL
SELECT s.key, f.person_id FROM unknown_key s JOIN merged_number f ON f.external_id = s.key
WHERE NOT EXISTS (SELECT 1 FROM recipients_person p
    WHERE p.organization_id = %(organization)s AND p.external_id = s.key)"""
