"""What an import would do, or did: its counts, the first rows of each for the page."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.recipients.models import ImportRun
from apps.rosters.facts import Mistake

from .applying import WHICH_CONFLICTS_END, WHICH_ENROLMENTS_CHANGE, WHICH_PAIRS_CHANGE, WHO_IS_ADOPTED
from .deciding_school import OF_THIS_SOURCE
from .staging import Stage
from .statements import Statements

PAGE = 25
EXAMPLES_KEPT = 200
# Whatever a load writes, but for those who leave.
_WRITTEN = (
    *("created", "changed", "returned", "conflicts", "addresses", "addresses_removed", "guardianships"),
    *("guardianships_removed", "groups", "enrolments", "enrolments_removed", "consents", "in_passing"),
)


def writes_anything(counts: Mapping[str, int]) -> bool:
    """Whether a load would write more than that some have left."""
    return any(counts.get(kind) for kind in _WRITTEN)


def count(statements: Statements, stage: Stage) -> dict[str, int]:
    """The counts of a run by name; call it when everything has been decided and before anything is applied."""
    counts = stage.counts()
    actions = dict(statements.rows("SELECT action, COUNT(*) FROM planned_person GROUP BY action"))
    for action in ("created", "changed", "returned", "withdrawn", "unchanged"):
        counts[action] = actions.get(action, 0)
    for name, sql in _COUNTS.items():
        counts[name] = statements.value(sql)
    # Who is "unchanged" stands on record as in the file; of some an address, a guardian or a class is another.
    counts["unchanged"] -= counts["details"]
    counts["withdrawn"] += counts["missing"]
    counts["withdrawn_of_source"] = counts["missing"] + counts.pop("marked_of_source")
    return counts


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


def mistakes_of_people(statements: Statements, stage: Stage) -> list[Mistake]:
    """What only the comparison with the record shows: numbers of somebody else, and keys that name nobody."""
    found = [_mistaken(*row) for row in statements.rows(_MISTAKEN)]
    for key, place, side in statements.rows(_UNKNOWN_KEYS):
        sentence = _("“%(key)s” is named here, and is neither in the file nor on record.")
        found.append(_unknown(key, sentence, *stage.where(place, side)))
    for key, place in statements.rows(_UNKNOWN_GROUPS):
        sentence = _("The class “%(key)s” is named here, and is neither in the file nor on record.")
        found.append(_unknown(key, sentence, *stage.where(place, 1)))
    if statements.value("SELECT COUNT(*) FROM looped_pair"):
        found += [_looped(stage, *row) for row in statements.rows(_LOOPED)]
    if unsettled := statements.rows(_UNSETTLED):
        units: dict[str, list[str]] = {}
        for key, unit in statements.rows(_UNITS_OF_NAMESAKES):
            units.setdefault(key, []).append(unit)
        found += [_unsettled(stage, place, name, units[key]) for place, key, name in unsettled]
    return found


def _unknown(key: str, sentence: str, row: int, file: str, column: str) -> Mistake:
    return Mistake(row, column, sentence % {"key": key[:60]}, file, key)


def _mistaken(row: int, file: str, number: str, name: str, was: str, person_id: int | None) -> Mistake:
    names = {"number": number, "old": was, "new": name}
    if person_id is None:
        message = _("The number %(number)s stands in this file for %(old)s too. Mend one of them.")
    else:
        message = _("The number %(number)s belongs to %(old)s, and here to %(new)s. Mend one of them.")
    return Mistake(row, "", message % names, file, number)


def _looped(stage: Stage, place: int, reason: str, student: str, guardian: str) -> Mistake:
    """Guardians who cannot be: the row is read all the same, without that."""
    names = {"student": student, "guardian": guardian}
    if reason == "own":
        message = _("%(student)s stands as the own guardian. Left out.")
    elif reason == "student":
        message = _("%(guardian)s is a student here, and cannot be the guardian of %(student)s. Left out.")
    else:
        message = _("%(guardian)s and %(student)s each stand as the guardian of the other. Left out.")
    row, file, column = stage.where(place, 1)
    return Mistake(row, column, message % names, file, guardian, is_fatal=False)


def _unsettled(stage: Stage, place: int, name: str, units: list[str]) -> Mistake:
    """The row is read without this class."""
    row, file, column = stage.where(place, 1)
    words = {"name": name[:60], "units": ", ".join(units)[:200]}
    message = _("The class “%(name)s” is in %(units)s, and nothing says which is meant. Add a column with the unit.")
    return Mistake(row, column, message % words, file, name, is_fatal=False)


_COUNTS = {
    "missing": "SELECT COUNT(*) FROM missing JOIN recipients_person p ON p.id = missing.person_id AND p.active",
    "marked_of_source": """SELECT COUNT(*) FROM planned_person t JOIN recipients_person p ON p.id = t.person_id
        WHERE t.action = 'withdrawn' AND p.import_source_id = %(source)s""",
    "kept_in_step": """SELECT COUNT(*) FROM recipients_person p WHERE p.organization_id = %(organization)s
        AND p.import_source_id = %(source)s AND p.active""",
    "mismatches": "SELECT COUNT(*) FROM mistaken",
    "conflicts": "SELECT COUNT(*) FROM new_contact WHERE action = 'conflict'",
    "addresses": "SELECT COUNT(*) FROM new_contact WHERE action = 'add'",
    "addresses_removed": "SELECT COUNT(*) FROM stale_contact",
    "guardianships": "SELECT COUNT(*) FROM planned_pair WHERE known IS NULL AND status = 'here'",
    "guardianships_removed": "SELECT COUNT(*) FROM leaving_pair",
    "restricted": "SELECT COUNT(*) FROM restricted_pair",
    "enrolments": "SELECT COUNT(*) FROM planned_enrolment WHERE known IS NULL AND status = 'here'",
    "enrolments_removed": "SELECT COUNT(*) FROM leaving_enrolment",
    "details": """SELECT COUNT(*) FROM planned_person t WHERE t.action = 'unchanged' AND t.person_id IN (
        SELECT person_id FROM new_contact UNION SELECT person_id FROM stale_contact
        UNION SELECT student_id FROM planned_pair WHERE known IS NULL AND status = 'here'
        UNION SELECT guardian_id FROM planned_pair WHERE known IS NULL AND status = 'here'
        UNION SELECT o.student_id FROM leaving_pair l JOIN recipients_guardianship o ON o.id = l.id
        UNION SELECT o.guardian_id FROM leaving_pair l JOIN recipients_guardianship o ON o.id = l.id
        UNION SELECT person_id FROM planned_enrolment WHERE known IS NULL AND status = 'here'
        UNION SELECT o.person_id FROM leaving_enrolment l JOIN recipients_enrolment o ON o.id = l.id)""",
    # Of what a file with everybody could take away, for the safety stop.
    "guardianships_kept": f"""SELECT COUNT(*) FROM recipients_guardianship o
        JOIN present ON present.person_id = o.student_id WHERE {OF_THIS_SOURCE}""",
    "enrolments_kept": """SELECT COUNT(*) FROM recipients_enrolment o JOIN present ON present.person_id = o.person_id
        JOIN recipients_group g ON g.id = o.group_id LEFT JOIN recipients_academicyear y ON y.id = g.year_id
        WHERE o.organization_id = %(organization)s AND o.source = 'import'
            AND (y.id IS NULL OR y.ends_on >= %(today)s)""",
    "unplaced": "SELECT (SELECT COUNT(*) FROM unknown_key) + (SELECT COUNT(*) FROM unknown_group)",
    "consents": "SELECT COUNT(*) FROM planned_consent",
    # What a load writes and no figure shows.
    "in_passing": f"""SELECT (SELECT COUNT(*) FROM planned_person t
            JOIN recipients_person ON recipients_person.id = t.person_id WHERE {WHO_IS_ADOPTED})
        + (SELECT COUNT(*) FROM planned_pair s JOIN recipients_guardianship ON {WHICH_PAIRS_CHANGE})
        + (SELECT COUNT(*) FROM planned_enrolment s JOIN recipients_enrolment ON {WHICH_ENROLMENTS_CHANGE})
        + (SELECT COUNT(*) FROM recipients_importconflict WHERE {WHICH_CONFLICTS_END})""",
}

_NAME = "TRIM({0}.first_name || ' ' || {0}.last_name)"
_P, _I = _NAME.format("p"), _NAME.format("i")
_OF_ACTION = f"""SELECT t.person_id, {_P}, p.kind, i.row_number, i.file
FROM planned_person t JOIN united_person i ON i.who = t.who JOIN recipients_person p ON p.id = t.person_id
WHERE t.action = '{{action}}' ORDER BY t.who"""
_CHANGED = ", ".join(
    f"p.{name}, COALESCE(NULLIF(i.{name}, ''), p.{name})"
    for name in ("first_name", "last_name", "external_id", "document", "language")
)
_PERSON = "person name kind row file"
# Whoever is new has no row on record yet: his name is that of the file.
_WITH_NAME = """LEFT JOIN recipients_person p ON p.id = x.{person}
LEFT JOIN planned_person t ON t.person_id = x.{person} LEFT JOIN united_person i ON i.who = t.who"""
_EITHER = f"COALESCE({_I}, {_P}, '')"
_GROUP = "LEFT JOIN recipients_group g ON g.id = x.group_id"
_EXAMPLES = {
    "created": (
        "name kind row file",
        f"""SELECT {_I}, i.kind, i.row_number, i.file FROM planned_person t JOIN united_person i ON i.who = t.who
        WHERE t.action = 'created' ORDER BY t.who""",
    ),
    "changed": (
        "person name kind row file first_name_was first_name last_name_was last_name external_id_was external_id"
        " document_was document language_was language unit_was unit role_was role",
        f"""SELECT p.id, {_P}, p.kind, i.row_number, i.file, {_CHANGED},
            COALESCE(u.name, ''), COALESCE(NULLIF(i.unit, ''), u.name, ''),
            p.kind, CASE WHEN p.kind = 'contact' THEN i.kind ELSE p.kind END
        FROM planned_person t JOIN united_person i ON i.who = t.who JOIN recipients_person p ON p.id = t.person_id
        LEFT JOIN organizations_unit u ON u.id = p.unit_id WHERE t.action = 'changed' ORDER BY t.who""",
    ),
    "returned": (_PERSON, _OF_ACTION.format(action="returned")),
    "withdrawn": (
        _PERSON,
        f"""SELECT p.id, {_P} AS name, p.kind, COALESCE(i.row_number, 0), COALESCE(i.file, '')
        FROM (SELECT person_id FROM missing UNION SELECT person_id FROM planned_person WHERE action = 'withdrawn') x
        JOIN recipients_person p ON p.id = x.person_id AND p.active
        LEFT JOIN planned_person t ON t.person_id = p.id LEFT JOIN united_person i ON i.who = t.who
        ORDER BY p.search_name, p.id""",
    ),
    "conflicts": (
        "person name channel was value",
        f"""SELECT p.id, {_P}, x.channel, x.kept_value, x.value
        FROM new_contact x JOIN recipients_person p ON p.id = x.person_id
        WHERE x.action = 'conflict' ORDER BY p.search_name, x.place""",
    ),
    "addresses": (
        "name channel purpose value",
        f"""SELECT {_EITHER}, x.channel, x.purpose, x.value FROM new_contact x
        {_WITH_NAME.format(person="person_id")} WHERE x.action = 'add' ORDER BY x.place""",
    ),
    "addresses_removed": (
        "person name channel purpose value",
        f"""SELECT p.id, {_P}, x.channel, x.purpose, x.value FROM stale_contact x
        JOIN recipients_person p ON p.id = x.person_id ORDER BY p.search_name, x.id""",
    ),
    "guardianships": (
        "name other relation",
        f"""SELECT COALESCE({_I}, {_P}, ''), COALESCE({_NAME.format("gi")}, {_NAME.format("gp")}, ''), x.relation
        FROM planned_pair x {_WITH_NAME.format(person="student_id")}
        LEFT JOIN recipients_person gp ON gp.id = x.guardian_id
        LEFT JOIN planned_person gt ON gt.person_id = x.guardian_id LEFT JOIN united_person gi ON gi.who = gt.who
        WHERE x.known IS NULL AND x.status = 'here'""",
    ),
    "guardianships_removed": (
        "person name other relation",
        f"""SELECT p.id, {_P}, {_NAME.format("g")}, o.relation
        FROM leaving_pair x JOIN recipients_guardianship o ON o.id = x.id
        JOIN recipients_person p ON p.id = o.student_id JOIN recipients_person g ON g.id = o.guardian_id
        ORDER BY p.search_name, o.id""",
    ),
    "enrolments": (
        "name group role",
        f"""SELECT {_EITHER}, g.name, x.role FROM planned_enrolment x {_WITH_NAME.format(person="person_id")} {_GROUP}
        WHERE x.known IS NULL AND x.status = 'here'""",
    ),
    "groups": (
        "name value",
        """SELECT g.name, TRIM(COALESCE(u.name, '') || ' ' || COALESCE(y.name, '')) FROM recipients_group g
        LEFT JOIN organizations_unit u ON u.id = g.unit_id LEFT JOIN recipients_academicyear y ON y.id = g.year_id
        WHERE g.organization_id = %(organization)s AND g.id > (SELECT id FROM last_group)
        ORDER BY g.kind, g.name, g.id""",
    ),
    "enrolments_removed": (
        "person name group role",
        f"""SELECT p.id, {_P}, g.name, x.role
        FROM leaving_enrolment l JOIN recipients_enrolment x ON x.id = l.id
        JOIN recipients_person p ON p.id = x.person_id {_GROUP} ORDER BY p.search_name, x.id""",
    ),
}

_MISTAKEN = f"""SELECT s.row_number, s.file,
    CASE WHEN s.external_id <> '' AND s.external_id = COALESCE(p.external_id, s.external_id)
        THEN COALESCE(r.external_id, s.external_id) ELSE s.document END,
    TRIM(s.first_name || ' ' || s.last_name), m.was, m.person_id
FROM mistaken m JOIN staged_person s ON s.n = m.who LEFT JOIN recipients_person p ON p.id = m.person_id
LEFT JOIN merged_row r ON r.n = m.who
ORDER BY s.row_number LIMIT {EXAMPLES_KEPT}"""
_UNKNOWN_KEYS = f"SELECT key, place, side FROM unknown_key ORDER BY place, key LIMIT {EXAMPLES_KEPT}"
_UNKNOWN_GROUPS = f"SELECT key, place FROM unknown_group ORDER BY place, key LIMIT {EXAMPLES_KEPT}"
_UNSETTLED = f"""SELECT e.place, e.key, MIN(r.name) FROM settled_enrolment e JOIN group_ref r ON r.key = e.key
WHERE e.group_id IS NULL GROUP BY e.person_id, e.place, e.key ORDER BY e.place LIMIT {EXAMPLES_KEPT}"""
_UNITS_OF_NAMESAKES = """SELECT n.key, u.name FROM namesake n JOIN organizations_unit u ON u.id = n.unit_id
ORDER BY u.name"""
# Of two who are each the guardian of the other one row is told: that of the file, should the other be on record.
_LOOPED = f"""SELECT x.place, x.reason, {_EITHER},
    COALESCE({_NAME.format("gi")}, {_NAME.format("gp")}, '')
FROM looped_pair x {_WITH_NAME.format(person="student_id")}
LEFT JOIN recipients_person gp ON gp.id = x.guardian_id
LEFT JOIN planned_person gt ON gt.person_id = x.guardian_id LEFT JOIN united_person gi ON gi.who = gt.who
WHERE x.reason <> 'each other' OR x.student_id < x.guardian_id OR NOT EXISTS (
    SELECT 1 FROM looped_pair y WHERE y.student_id = x.guardian_id AND y.guardian_id = x.student_id)
ORDER BY 1, 3, 4 LIMIT {EXAMPLES_KEPT}"""
