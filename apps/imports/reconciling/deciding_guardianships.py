"""What an import does with guardianships.

Only what an import brought is taken away again, and only where a file with everybody no longer has it.
"""

from .alike_names import restrict_namesakes
from .expressions import filled, status_of
from .statements import Statements
from .taken_away import keep_away


def decide_guardianships(statements: Statements, is_bulk: bool) -> int:
    """Make `planned_pair`, `leaving_pair`, `looped_pair` (the own guardian, each of the other, a student).

    And `restricted_pair`. Returns how many pairs of the file stay away because they were taken away by hand.
    """
    statements.table("said_pair", _SAID_PAIRS, "student_id, guardian_id")
    statements.table("looped_pair", _LOOPED, "student_id")
    statements.table("planned_pair", _PLANNED_PAIRS, "student_id, guardian_id; known")
    kept_away = keep_away(statements, "planned_pair", "student_id", "t.guardian_id = planned_pair.guardian_id")
    restrict_namesakes(statements)
    removed = is_bulk and statements.value("SELECT COUNT(*) FROM planned_pair WHERE status = 'here'")
    statements.table("leaving_pair", f"{_GONE_PAIRS} UNION {_MISSING_PAIRS if removed else _UNTOLD_PAIRS}", "id")
    return kept_away


_SAID_PAIRS = f"""SELECT said.*, o.id AS known FROM (
    SELECT s.person_id AS student_id, g.person_id AS guardian_id, {filled("x.relation")} AS relation,
        {status_of("x.status")} AS status, MIN(x.place) AS place
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
