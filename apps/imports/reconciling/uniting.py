"""Who in a file is one person: rows with the same key, number or document, or the same name with a shared address.

And rows with the numbers of two whom a merge made one; and a guardian named without an address beside another one, who
stands beside him at a sister too.
"""

from .expressions import NAMES, PERSON_FIELDS, status_of
from .former_numbers import forget_former_names, settle_former_numbers
from .statements import Statements

_MOST_ROUNDS = 50  # of a chain in which each row shares an address with the next


def unite_people(statements: Statements) -> None:
    """From the staged rows make `united_person`, one row per person (`who`), and `person_key`: key -> who."""
    settle_former_numbers(statements)
    ties = (_BY_KEY, _BY_NUMBER, _MERGED, _BY_DOCUMENT, _BY_CONTACT, _AT_STUDENT)
    statements.table("tie", "\nUNION ALL\n".join(ties), "hub; n")
    statements.table("label", "SELECT n, MIN(hub) AS label FROM tie GROUP BY n", "n")
    _spread(statements)
    if statements.rows(_NAMED_ALONE):
        statements.table("tie_of_siblings", _AT_SIBLINGS)
        statements.run("INSERT INTO tie (n, hub) SELECT n, hub FROM tie_of_siblings")
        statements.run(_LABEL_SIBLINGS)
        _spread(statements)
    statements.table("torn", _TORN, "n")
    statements.run(_MEND)
    forget_former_names(statements)
    statements.table("first_row", _FIRST_ROW)
    statements.table("united_person", _UNITED, "who")
    statements.table("person_key", _KEYS, "key; who")


def _spread(statements: Statements) -> None:
    """Give all rows that hang together the least of their labels."""
    for _round in range(_MOST_ROUNDS):
        if not statements.run(_SPREAD):
            break


# Two numbers, or two documents, are two people, whatever else they share.
_NUMBERS_AGREE = """COALESCE(MIN(NULLIF(p.external_id, '')), '') = COALESCE(MAX(NULLIF(p.external_id, '')), '')
    AND COALESCE(MIN(NULLIF(p.document, '')), '') = COALESCE(MAX(NULLIF(p.document, '')), '')"""

# A tie says that the rows with the same hub are one person. Most rows have none.
_BY_KEY = """SELECT p.n, d.hub FROM (
    SELECT key, MIN(n) AS hub FROM staged_person GROUP BY key HAVING COUNT(*) > 1) d
JOIN staged_person p ON p.key = d.key"""
_BY_NUMBER = """SELECT p.n, d.hub FROM (
    SELECT external_id, search_name, MIN(n) AS hub FROM staged_person WHERE external_id <> ''
    GROUP BY external_id, search_name HAVING COUNT(*) > 1) d
JOIN staged_person p ON p.external_id = d.external_id AND p.search_name = d.search_name"""
_MERGED = "SELECT n, hub FROM same_row"
_BY_DOCUMENT = f"""SELECT p.n, d.hub FROM (
    SELECT kind, document, MIN(n) AS hub FROM staged_person p WHERE document <> ''
    GROUP BY kind, document HAVING COUNT(*) > 1 AND {_NUMBERS_AGREE}) d
JOIN staged_person p ON p.document = d.document AND p.kind = d.kind"""
_BY_CONTACT = f"""SELECT p.n, d.hub FROM (
    SELECT p.kind, p.search_name, c.normalized, MIN(p.n) AS hub
    FROM staged_contact c JOIN staged_person p ON p.key = c.person_key
    WHERE c.purpose = 'own' AND p.search_name <> ''
    GROUP BY p.kind, p.search_name, c.normalized HAVING MIN(p.n) <> MAX(p.n) AND {_NUMBERS_AGREE}) d
JOIN staged_contact c ON c.normalized = d.normalized AND c.purpose = 'own'
JOIN staged_person p ON p.key = c.person_key AND p.kind = d.kind AND p.search_name = d.search_name"""
_AT_STUDENT = f"""SELECT p.n, d.hub FROM (
    SELECT g.student_key, p.search_name, MIN(p.n) AS hub
    FROM staged_guardianship g JOIN staged_person p ON p.key = g.guardian_key
    WHERE p.kind = 'guardian' AND p.search_name <> ''
    GROUP BY g.student_key, p.search_name HAVING MIN(p.n) <> MAX(p.n) AND {_NUMBERS_AGREE}) d
JOIN staged_guardianship g ON g.student_key = d.student_key
JOIN staged_person p ON p.key = g.guardian_key AND p.search_name = d.search_name"""

_ALONE = """p.kind = 'guardian' AND p.search_name <> '' AND NOT EXISTS (
        SELECT 1 FROM staged_contact c WHERE c.person_key = p.key AND c.purpose = 'own')"""
_NAMED_ALONE = f"SELECT 1 FROM staged_person p WHERE {_ALONE} LIMIT 1"
_AT_SIBLINGS = f"""SELECT DISTINCT p.n, d.hub FROM (
    SELECT l.label, p.search_name, MIN(p.n) AS hub
    FROM label l JOIN staged_person other ON other.n = l.n AND other.kind = 'guardian'
    JOIN staged_guardianship og ON og.guardian_key = other.key
    JOIN staged_guardianship g ON g.student_key = og.student_key
    JOIN staged_person p ON p.key = g.guardian_key AND p.kind = 'guardian' AND p.n <> other.n
    WHERE p.search_name IN (SELECT p.search_name FROM staged_person p WHERE {_ALONE})
    GROUP BY l.label, p.search_name HAVING MIN(p.n) <> MAX(p.n) AND {_NUMBERS_AGREE}) d
JOIN label l ON l.label = d.label JOIN staged_person other ON other.n = l.n
JOIN staged_guardianship og ON og.guardian_key = other.key
JOIN staged_guardianship g ON g.student_key = og.student_key
JOIN staged_person p ON p.key = g.guardian_key AND p.search_name = d.search_name AND p.kind = 'guardian'
    AND p.n <> other.n"""
_LABEL_SIBLINGS = """INSERT INTO label (n, label)
SELECT n, MIN(hub) FROM tie_of_siblings WHERE n NOT IN (SELECT n FROM label) GROUP BY n"""

_SPREAD = """UPDATE label SET label = better.label FROM (
    SELECT t.n, MIN(h.label) AS label FROM tie t JOIN (
        SELECT t.hub, MIN(l.label) AS label FROM tie t JOIN label l ON l.n = t.n GROUP BY t.hub) h ON h.hub = t.hub
    GROUP BY t.n) better
WHERE better.n = label.n AND better.label < label.label"""

# A chain that ties two numbers together is cut: each number is a person, and those without are one.
_TORN = """SELECT l.n, MIN(l.n) OVER (PARTITION BY l.label, p.external_id) AS label
FROM label l JOIN staged_person p ON p.n = l.n
WHERE l.label IN (SELECT l.label FROM label l JOIN staged_person p ON p.n = l.n WHERE p.external_id <> ''
    GROUP BY l.label HAVING MIN(p.external_id) <> MAX(p.external_id))"""
_MEND = "UPDATE label SET label = torn.label FROM torn WHERE torn.n = label.n"

# Who has a row as a student, or teaches, is that, though he may stand as a guardian in a row before.
# A name is taken from one row, the first that has all of it; whatever else from the first that has something.
# `first_row` says of each person which rows these are: mostly the first, whose texts are then at hand.
_NAME = (*NAMES, "search_name")
_ONCE = (*(name for name in PERSON_FIELDS if name not in NAMES), "unit")
_FIRST_WITH = ", ".join(f"COALESCE(MIN(CASE WHEN p.{name} <> '' THEN p.n END), MIN(p.n)) AS {name}_n" for name in _ONCE)
_FIRST_ROW = f"""SELECT l.label, MIN(p.n) AS n, {status_of("p.status")} AS status,
    COALESCE(MIN(CASE WHEN p.first_name <> '' AND p.last_name <> '' THEN p.n END), MIN(p.n)) AS name_n,
    COALESCE(MIN(CASE WHEN p.kind <> 'guardian' THEN p.n END), MIN(p.n)) AS kind_n, {_FIRST_WITH}
FROM label l JOIN staged_person p ON p.n = l.n GROUP BY l.label"""
_IN_ONE_ROW = ", ".join(f"p.{name}" for name in (*_ONCE, *_NAME))
_FROM_ROWS = ", ".join(
    [
        *(f"COALESCE({name}_row.{name}, p.{name})" for name in _ONCE),
        *(f"COALESCE(name_row.{name}, p.{name})" for name in _NAME),
    ]
)
_OTHER_ROWS = "\n".join(
    f"LEFT JOIN staged_person {name}_row ON {name}_row.n = f.{name}_n AND f.{name}_n <> f.n"
    for name in ("kind", "name", *_ONCE)
)
_UNITED = f"""SELECT p.n AS who, p.kind, {_IN_ONE_ROW}, p.status, p.row_number, p.file
FROM staged_person p LEFT JOIN label l ON l.n = p.n WHERE l.n IS NULL
UNION ALL
SELECT f.label, COALESCE(kind_row.kind, p.kind), {_FROM_ROWS}, f.status, p.row_number, p.file
FROM first_row f JOIN staged_person p ON p.n = f.n
{_OTHER_ROWS}"""
_KEYS = """SELECT p.key, MIN(COALESCE(l.label, p.n)) AS who
FROM staged_person p LEFT JOIN label l ON l.n = p.n GROUP BY p.key"""
