"""The first rows of each kind of change, for the page."""

from typing import Any

from apps.core.ranking import rank_sql
from apps.recipients.models import Group, ImportRun

from .expressions import PERSON_FIELDS, either_name, name_of, with_name
from .statements import Statements

PAGE = 25
EXAMPLES_KEPT = 200


def examples(statements: Statements) -> dict[str, list[dict[str, Any]]]:
    """The first rows of each kind, as dictionaries: what examples_page() shows."""
    found = {}
    for kind, (names, sql) in _EXAMPLES.items():
        rows = statements.rows(f"{sql} LIMIT {EXAMPLES_KEPT}")
        if rows:
            found[kind] = [dict(zip(names.split(), row, strict=True)) for row in rows]
    return found


def examples_page(run: ImportRun, kind: str, page: int = 1) -> list[dict[str, Any]]:
    """One page of the rows of a kind that the run has kept: the first 200, by 25."""
    return run.examples.get(kind, [])[(page - 1) * PAGE : page * PAGE]


_CHANGED = ", ".join(f"p.{name}, COALESCE(NULLIF(i.{name}, ''), p.{name})" for name in PERSON_FIELDS)
_PERSON = "person name kind row file"
_GROUP = "LEFT JOIN recipients_group g ON g.id = x.group_id"
_EXAMPLES = {
    "created": (
        "name kind row file",
        f"""SELECT {name_of("i")}, i.kind, i.row_number, i.file
        FROM planned_person t JOIN united_person i ON i.who = t.who WHERE t.action = 'created' ORDER BY t.who""",
    ),
    "changed": (
        " ".join([_PERSON, *(f"{name}_was {name}" for name in (*PERSON_FIELDS, "unit", "role"))]),
        f"""SELECT p.id, {name_of("p")}, p.kind, i.row_number, i.file, {_CHANGED},
            COALESCE(u.name, ''), COALESCE(NULLIF(i.unit, ''), u.name, ''),
            p.kind, CASE WHEN p.kind = 'contact' THEN i.kind ELSE p.kind END
        FROM planned_person t JOIN united_person i ON i.who = t.who JOIN recipients_person p ON p.id = t.person_id
        LEFT JOIN organizations_unit u ON u.id = p.unit_id WHERE t.action = 'changed' ORDER BY t.who""",
    ),
    "returned": (
        _PERSON,
        f"""SELECT t.person_id, {name_of("p")}, p.kind, i.row_number, i.file
        FROM planned_person t JOIN united_person i ON i.who = t.who JOIN recipients_person p ON p.id = t.person_id
        WHERE t.action = 'returned' ORDER BY t.who""",
    ),
    "withdrawn": (
        _PERSON,
        f"""SELECT p.id, {name_of("p")} AS name, p.kind, COALESCE(i.row_number, 0), COALESCE(i.file, '')
        FROM (SELECT person_id FROM missing UNION SELECT person_id FROM planned_person WHERE action = 'withdrawn') x
        JOIN recipients_person p ON p.id = x.person_id AND p.active
        LEFT JOIN planned_person t ON t.person_id = p.id LEFT JOIN united_person i ON i.who = t.who
        ORDER BY p.search_name, p.id""",
    ),
    "conflicts": (
        "person name channel was value",
        f"""SELECT p.id, {name_of("p")}, x.channel, x.kept_value, x.value
        FROM new_contact x JOIN recipients_person p ON p.id = x.person_id
        WHERE x.action = 'conflict' ORDER BY p.search_name, x.place""",
    ),
    "addresses": (
        "name channel purpose value",
        f"""SELECT {either_name()}, x.channel, x.purpose, x.value FROM new_contact x
        {with_name("person_id")} WHERE x.action = 'add' ORDER BY x.place""",
    ),
    "addresses_removed": (
        "person name channel purpose value",
        f"""SELECT p.id, {name_of("p")}, x.channel, x.purpose, x.value FROM stale_contact x
        JOIN recipients_person p ON p.id = x.person_id ORDER BY p.search_name, x.id""",
    ),
    "guardianships": (
        "name other relation",
        f"""SELECT {either_name()}, {either_name("g")}, x.relation
        FROM planned_pair x {with_name("student_id")}
        {with_name("guardian_id", "g")}
        WHERE x.known IS NULL AND x.status = 'here'""",
    ),
    "guardianships_removed": (
        "person name other relation",
        f"""SELECT p.id, {name_of("p")}, {name_of("g")}, o.relation
        FROM leaving_pair x JOIN recipients_guardianship o ON o.id = x.id
        JOIN recipients_person p ON p.id = o.student_id JOIN recipients_person g ON g.id = o.guardian_id
        ORDER BY p.search_name, o.id""",
    ),
    "enrolments": (
        "name group role",
        f"""SELECT {either_name()}, g.name, x.role FROM planned_enrolment x {with_name("person_id")} {_GROUP}
        WHERE x.known IS NULL AND x.status = 'here'""",
    ),
    "groups": (
        "name value",
        f"""SELECT g.name, TRIM(COALESCE(u.name, '') || ' ' || COALESCE(y.name, '')) FROM recipients_group g
        LEFT JOIN organizations_unit u ON u.id = g.unit_id LEFT JOIN recipients_academicyear y ON y.id = g.year_id
        WHERE g.organization_id = %(organization)s AND g.id > (SELECT id FROM last_group)
        ORDER BY {rank_sql("g.kind", Group.KINDS_IN_ORDER)}, g.name, g.id""",
    ),
    "enrolments_removed": (
        "person name group role",
        f"""SELECT p.id, {name_of("p")}, g.name, x.role
        FROM leaving_enrolment l JOIN recipients_enrolment x ON x.id = l.id
        JOIN recipients_person p ON p.id = x.person_id {_GROUP} ORDER BY p.search_name, x.id""",
    ),
}
