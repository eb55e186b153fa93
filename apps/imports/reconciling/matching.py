"""Who of a file is on record already: by number, by document, by name with an address, a class, a student or a sibling.

Each way finds only those whom no surer way has found, and nobody on record is found twice.
"""

from .alike_names import find_respelt_guardians
from .expressions import AGREE, KNOWN_AS, name_of
from .statements import Statements

_PORTION = 2000


def match_people(statements: Statements) -> None:
    """Make `found (who, person_id)`, and `mistaken (who, person_id)`: whose number or document is of somebody else.

    Reads `united_person` and `person_key`; from the former those who are mistaken are taken out, and the new guardians
    whom nothing but their rows names.
    """
    statements.table("found", _BY_NUMBER, "who; person_id")
    statements.table("mistaken", "SELECT who, person_id, CAST('' AS text) AS was FROM found WHERE 1 = 0", "person_id")
    for candidates in (
        _BY_DOCUMENT,
        _BY_CONTACT,
        _BY_CLASS,
        _AT_STUDENT,
        _TAKEN_AWAY,
        _BY_CONFLICT,
        _AT_SIBLING,
        _OF_SOURCE,
    ):
        statements.run(_add(candidates))
        if candidates is _BY_DOCUMENT:
            _find_mistaken(statements)
            statements.settle("found")
        elif not statements.rows(_SOMEBODY_LEFT):
            break
    if statements.rows(_SOMEBODY_LEFT):
        find_respelt_guardians(statements)
        statements.table("same_guardian", _SAME_GUARDIAN, "who")
        statements.run(_AS_THE_OTHER)
        statements.run("DELETE FROM united_person WHERE who IN (SELECT who FROM same_guardian)")
    statements.settle("found")
    if statements.value("SELECT COUNT(*) FROM mistaken"):
        statements.table("mistaken_row", _MISTAKEN_ROWS, "row_number")
        statements.table("stranded", _STRANDED, "who")
        statements.run(_FORGET_STRANDED)
    for pinned in (_NAMES_BY_HAND, _LANGUAGES_BY_HAND, _NO_NUMBER_BY_HAND):
        statements.run(pinned)


def _find_mistaken(statements: Statements) -> None:
    """An id reused: quite another name, and no address in common. Names are few that differ; they are compared here."""
    last = -1
    while rows := statements.rows(_RENAMED, last=last):
        last = rows[-1][0]
        strangers = [who for who, old, new in rows if not set(old.split()) & set(new.split())]
        if strangers:
            statements.run(_set_aside(strangers))
    statements.run(_TWICE)
    statements.run("DELETE FROM found WHERE who IN (SELECT who FROM mistaken)")
    statements.run("DELETE FROM united_person WHERE who IN (SELECT who FROM mistaken)")


def _add(candidates: str) -> str:
    """To those who are found each candidate who is not, and whom nobody else is found to be."""
    return f"""INSERT INTO found (who, person_id)
SELECT MIN(who), person_id FROM (
    SELECT c.who, MIN(c.person_id) AS person_id FROM ({candidates}) c
    WHERE NOT EXISTS (SELECT 1 FROM found f WHERE f.person_id = c.person_id)
        AND NOT EXISTS (SELECT 1 FROM mistaken m WHERE m.person_id = c.person_id)
    GROUP BY c.who) once
GROUP BY person_id"""


def _set_aside(strangers: list[int]) -> str:
    """Of those with quite another name whoever has no document or address in common with the record."""
    return f"""INSERT INTO mistaken (who, person_id, was)
SELECT f.who, f.person_id, {name_of("p")}
FROM found f JOIN recipients_person p ON p.id = f.person_id JOIN united_person i ON i.who = f.who
WHERE f.who IN ({", ".join(map(str, strangers))})
    AND NOT (i.external_id <> '' AND p.external_id = i.external_id AND i.document <> '' AND p.document = i.document)
    AND NOT EXISTS (SELECT 1 FROM person_key k
        JOIN staged_contact c ON c.person_key = k.key AND c.purpose = 'own'
        JOIN recipients_contactpoint o ON o.person_id = f.person_id AND o.channel = c.channel
            AND o.normalized = c.normalized
        WHERE k.who = f.who AND (i.document = '' OR p.document = '' OR i.document = p.document))"""


# Of two with one number it is of whoever has a row, before a guardian who stands in that of a student.
_FIRST = "COALESCE(MIN(CASE WHEN i.kind <> 'guardian' THEN i.who END), MIN(i.who))"
# Who has no number, and had one before a merge, is found by that.
_BY_NUMBER = f"""SELECT {_FIRST} AS who, i.person_id FROM (
    SELECT i.who, i.kind, p.id AS person_id
    FROM united_person i JOIN recipients_person p ON p.organization_id = %(organization)s
        AND p.external_id = i.external_id AND p.external_id <> ''
    WHERE i.external_id <> ''
    UNION ALL
    SELECT i.who, i.kind, p.id FROM merged_row r LEFT JOIN label l ON l.n = r.n
    JOIN united_person i ON i.who = COALESCE(l.label, r.n)
    JOIN recipients_person p ON p.id = r.person_id AND p.organization_id = %(organization)s AND p.external_id = '') i
GROUP BY i.person_id"""

_SOMEBODY_LEFT = """SELECT 1 FROM united_person i
WHERE NOT EXISTS (SELECT 1 FROM found f WHERE f.who = i.who) LIMIT 1"""

# i = in the file and not found yet.
_NOT_FOUND = "NOT EXISTS (SELECT 1 FROM found f WHERE f.who = i.who)"

_BY_DOCUMENT = f"""SELECT i.who, p.id AS person_id
FROM united_person i JOIN recipients_person p ON p.organization_id = %(organization)s
    AND p.document = i.document AND p.document <> '' AND p.kind = i.kind
WHERE i.document <> '' AND {_NOT_FOUND}"""

_BY_CONTACT = f"""SELECT i.who, p.id AS person_id
FROM united_person i JOIN person_key k ON k.who = i.who
JOIN staged_contact c ON c.person_key = k.key AND c.purpose = 'own'
JOIN recipients_contactpoint o ON o.organization_id = %(organization)s AND o.channel = c.channel
    AND o.normalized = c.normalized AND o.purpose = 'own'
JOIN recipients_person p ON p.id = o.person_id AND p.kind = i.kind AND {KNOWN_AS} = i.search_name
WHERE i.search_name <> '' AND {_NOT_FOUND} AND {AGREE}"""

# Namesakes of one class are told apart by their order alone, so that each finds himself again the next night.
_BY_CLASS = f"""SELECT i.who, p.id AS person_id
FROM (
    SELECT who, class, search_name, external_id, document,
        ROW_NUMBER() OVER (PARTITION BY class, search_name ORDER BY who) AS place
    FROM (SELECT DISTINCT i.who, i.search_name, i.external_id, i.document, g.name AS class
        FROM united_person i JOIN person_key k ON k.who = i.who
        JOIN staged_enrolment e ON e.person_key = k.key AND e.role = 'student'
        JOIN staged_group g ON g.key = e.group_key AND g.kind = 'class'
        WHERE i.kind = 'student' AND i.search_name <> '' AND {_NOT_FOUND}) pupil) i
JOIN (
    SELECT id, class, search_name, external_id, document,
        ROW_NUMBER() OVER (PARTITION BY class, search_name ORDER BY id) AS place
    FROM (SELECT DISTINCT p.id, {KNOWN_AS} AS search_name, p.external_id, p.document, g.name AS class
        FROM recipients_person p
        JOIN recipients_enrolment e ON e.person_id = p.id AND e.role = 'student'
            AND e.organization_id = %(organization)s
        JOIN recipients_group g ON g.id = e.group_id AND g.kind = 'class'
        WHERE p.organization_id = %(organization)s AND p.kind = 'student'
            AND {KNOWN_AS} IN (SELECT i.search_name FROM united_person i WHERE i.kind = 'student' AND {_NOT_FOUND})
            AND (p.active OR p.left_on IS NULL OR p.left_on > %(year_ago)s)
            AND NOT EXISTS (SELECT 1 FROM found f WHERE f.person_id = p.id)) pupil) p
    ON p.class = i.class AND p.search_name = i.search_name AND p.place = i.place
WHERE {AGREE}"""


def _namesakes_at_student(pairs: str, student: str) -> str:
    """The guardians of the file, each with whom `pairs` has of the same name at the same student (its column)."""
    return f"""FROM united_person i JOIN person_key k ON k.who = i.who
JOIN staged_guardianship g ON g.guardian_key = k.key
JOIN person_key s ON s.key = g.student_key
JOIN found student ON student.who = s.who
JOIN {pairs} pair ON pair.{student} = student.person_id AND pair.organization_id = %(organization)s
JOIN recipients_person p ON p.id = pair.guardian_id AND p.kind = i.kind AND {KNOWN_AS} = i.search_name"""


_GUARDIANS_AT_STUDENT = _namesakes_at_student("recipients_guardianship", "student_id")
_AT_STUDENT = f"""SELECT i.who, p.id AS person_id {_GUARDIANS_AT_STUDENT}
WHERE i.search_name <> '' AND {_NOT_FOUND} AND {AGREE}"""
# Who is no longer a guardian, because the office said so, is no new person for that.
_TAKEN_AWAY = f"""SELECT i.who, p.id AS person_id {_namesakes_at_student("recipients_takenaway", "person_id")}
WHERE i.search_name <> '' AND {_NOT_FOUND} AND {AGREE}"""

# A row names a guardian without an address, who was found for a brother's or sister's row: there is one of the two.
_SAME_GUARDIAN = f"""SELECT i.who, MIN(other.who) AS same {_GUARDIANS_AT_STUDENT}
JOIN found other ON other.person_id = p.id
WHERE i.kind = 'guardian' AND i.search_name <> '' AND {_NOT_FOUND} AND {AGREE}
    AND NOT EXISTS (SELECT 1 FROM staged_contact c JOIN person_key own ON own.key = c.person_key
        WHERE own.who = i.who AND c.purpose = 'own')
GROUP BY i.who"""
_AS_THE_OTHER = """UPDATE person_key SET who = same_guardian.same FROM same_guardian
WHERE same_guardian.who = person_key.who"""

# A guardian on record of a brother or sister: both have another guardian in common, who is found.
_AT_SIBLING = f"""SELECT i.who, p.id AS person_id
FROM united_person i JOIN person_key k ON k.who = i.who
JOIN staged_guardianship g ON g.guardian_key = k.key
JOIN staged_guardianship beside ON beside.student_key = g.student_key
JOIN person_key o ON o.key = beside.guardian_key AND o.who <> i.who
JOIN found other ON other.who = o.who
JOIN recipients_guardianship sibling ON sibling.guardian_id = other.person_id
    AND sibling.organization_id = %(organization)s
JOIN recipients_guardianship pair ON pair.student_id = sibling.student_id AND pair.organization_id = %(organization)s
JOIN recipients_person p ON p.id = pair.guardian_id AND p.kind = i.kind AND {KNOWN_AS} = i.search_name
WHERE i.search_name <> '' AND {_NOT_FOUND} AND {AGREE}"""

# Whose address was mended by hand is found by the one that the file still has, once it has been asked about.
_BY_CONFLICT = f"""SELECT i.who, p.id AS person_id
FROM united_person i JOIN person_key k ON k.who = i.who
JOIN staged_contact c ON c.person_key = k.key AND c.purpose = 'own'
JOIN recipients_importconflict o ON o.organization_id = %(organization)s AND o.channel = c.channel
    AND o.normalized = c.normalized AND o.purpose = 'own'
JOIN recipients_person p ON p.id = o.person_id AND p.kind = i.kind AND {KNOWN_AS} = i.search_name
WHERE i.search_name <> '' AND {_NOT_FOUND} AND {AGREE}"""

# Of one source, the only one of a name who is not found yet, on both sides: a student who changed class, a teacher with
# another address. Guardians are found at their students.
_OF_SOURCE = f"""SELECT i.who, p.id AS person_id
FROM (SELECT MIN(i.who) AS who, i.kind, i.search_name, MIN(i.external_id) AS external_id, MIN(i.document) AS document
    FROM united_person i WHERE i.kind <> 'guardian' AND i.search_name <> '' AND {_NOT_FOUND}
    GROUP BY i.kind, i.search_name HAVING COUNT(*) = 1) i
JOIN (SELECT MIN(p.id) AS id, p.kind, {KNOWN_AS} AS search_name, MIN(p.external_id) AS external_id,
        MIN(p.document) AS document
    FROM recipients_person p
    WHERE p.organization_id = %(organization)s AND p.import_source_id = %(source)s AND p.kind <> 'guardian' AND p.active
        AND NOT EXISTS (SELECT 1 FROM found f WHERE f.person_id = p.id)
    GROUP BY p.kind, {KNOWN_AS} HAVING COUNT(*) = 1) p ON p.kind = i.kind AND p.search_name = i.search_name
WHERE {AGREE}"""

_RENAMED = f"""SELECT i.who, {KNOWN_AS}, i.search_name
FROM found f JOIN united_person i ON i.who = f.who JOIN recipients_person p ON p.id = f.person_id
WHERE f.who > %(last)s AND i.search_name <> {KNOWN_AS} AND i.search_name <> '' AND p.search_name <> ''
ORDER BY f.who LIMIT {_PORTION}"""
_TWICE = f"""INSERT INTO mistaken (who, person_id, was)
SELECT i.who, NULL, {name_of("p")} FROM united_person i JOIN (
    SELECT i.external_id, {_FIRST} AS who
    FROM united_person i WHERE i.external_id <> '' GROUP BY i.external_id HAVING COUNT(*) > 1) first
    ON first.external_id = i.external_id AND first.who <> i.who
JOIN united_person p ON p.who = first.who
WHERE i.who NOT IN (SELECT who FROM mistaken)"""

# New guardians, all of whose students are mistaken, go with them, unless they have a row of their own.
_MISTAKEN_ROWS = """SELECT DISTINCT p.row_number, p.file FROM mistaken m JOIN person_key k ON k.who = m.who
JOIN staged_person p ON p.key = k.key WHERE p.row_number > 0"""
_STRANDED = """SELECT k.who FROM staged_guardianship g JOIN person_key k ON k.key = g.guardian_key
LEFT JOIN person_key s ON s.key = g.student_key LEFT JOIN mistaken m ON m.who = s.who
WHERE k.who NOT IN (SELECT who FROM found) GROUP BY k.who HAVING COUNT(*) = COUNT(m.who)"""
_FORGET_STRANDED = """DELETE FROM united_person WHERE kind = 'guardian' AND who IN (SELECT who FROM stranded)
    AND who NOT IN (SELECT s.who FROM stranded s JOIN person_key k ON k.who = s.who
        JOIN staged_person p ON p.key = k.key
        LEFT JOIN mistaken_row r ON r.row_number = p.row_number AND r.file = p.file WHERE r.file IS NULL)"""

# What was typed by hand stays: for all that follows the file says the same, or nothing.
_NAMES_BY_HAND = """UPDATE united_person SET first_name = p.first_name, last_name = p.last_name,
    search_name = p.search_name
FROM found f JOIN recipients_person p ON p.id = f.person_id
WHERE f.who = united_person.who AND p.imported_name <> '' AND p.organization_id = %(organization)s"""
_LANGUAGES_BY_HAND = """UPDATE united_person SET language = ''
FROM found f JOIN recipients_person p ON p.id = f.person_id
WHERE f.who = united_person.who AND p.language_source = 'hand' AND p.organization_id = %(organization)s"""
_NO_NUMBER_BY_HAND = """UPDATE united_person SET external_id = ''
FROM found f JOIN merged_number m ON m.person_id = f.person_id
JOIN recipients_person p ON p.id = m.person_id AND p.organization_id = %(organization)s AND p.external_id = ''
WHERE f.who = united_person.who AND united_person.external_id = m.present"""
