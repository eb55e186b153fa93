"""Rows of a file that name one person by several numbers, because two people on record were merged into one."""

from .expressions import KNOWN_AS
from .statements import Statements

# Rows with a former number stand behind all others: what the row with the present one says counts before theirs.
_BEHIND = 1 << 40


def settle_former_numbers(statements: Statements) -> None:
    """Give rows with a former number the present one, and make `merged_row` and `same_row (n, hub)`, which ties them.

    `merged_row (n, person_id, external_id, present, known_as)` has the rows of everybody who has a former number, with
    the number as the file has it. A row that says of such a person that she is gone, by a former number, says nothing:
    in the school's own system the second record was deleted. Who is called quite otherwise is not tied: the number was
    given to somebody else.
    """
    some = statements.value(_ARE_THERE_ANY)
    statements.table(
        "merged_number", _NUMBERS if some else f"SELECT * FROM ({_NUMBERS}) nobody WHERE 1 = 0", "external_id"
    )
    statements.table("merged_row", _ROWS, "n; person_id")
    strangers: list[int] = []
    if some:
        statements.run(_FORGET_GONE_CONTACTS)
        statements.run(_FORGET_GONE)
        statements.run(_RENUMBER)
        strangers = _strangers(statements)
    statements.table("same_row", _same_rows(strangers), "hub; n")


def forget_former_names(statements: Statements) -> None:
    """Take the name away that a row has by a former number, where it is that of before the merge. Reads `label`."""
    if statements.value("SELECT COUNT(*) FROM same_row"):
        statements.table("former_name", _FORMER_NAMES, "n")
        statements.run(_FORGET_NAMES)


def _strangers(statements: Statements) -> list[int]:
    """Rows without one word of any name by which the person is known."""
    known: dict[int, set[str]] = {}
    names: dict[int, str] = {}
    for n, name, known_as in statements.rows(_CALLED_OTHERWISE):
        names[n] = name
        known.setdefault(n, set()).update(known_as.split())
    return [int(n) for n, name in names.items() if not known[n] & set(name.split())]


def _same_rows(strangers: list[int]) -> str:
    known = f"n NOT IN ({', '.join(map(str, strangers))})" if strangers else "1 = 1"
    return f"""SELECT r.n, first.hub FROM merged_row r JOIN (SELECT person_id, MIN(n) AS hub
    FROM merged_row WHERE {known} GROUP BY person_id) first ON first.person_id = r.person_id
WHERE {known}"""


def _gone_rows(column: str) -> str:
    return f"""SELECT s.{column} FROM merged_number m JOIN staged_person s ON s.external_id = m.external_id
WHERE s.status = 'gone' AND m.external_id <> m.present"""


_ARE_THERE_ANY = """SELECT COUNT(*) FROM (
    SELECT 1 FROM recipients_formernumber WHERE organization_id = %(organization)s LIMIT 1) anybody"""

# Who has no number at present has the first of the former ones in its place.
_NUMBERS = f"""SELECT f.external_id, f.person_id, f.known_as, {_BEHIND} AS behind,
    COALESCE(NULLIF(p.external_id, ''), first.number) AS present
FROM recipients_formernumber f JOIN recipients_person p ON p.id = f.person_id AND p.organization_id = %(organization)s
JOIN (SELECT person_id, MIN(external_id) AS number FROM recipients_formernumber
    WHERE organization_id = %(organization)s GROUP BY person_id) first ON first.person_id = f.person_id
WHERE f.organization_id = %(organization)s AND f.external_id <> p.external_id
UNION ALL
SELECT p.external_id, p.id, {KNOWN_AS}, 0, p.external_id
FROM recipients_person p WHERE p.organization_id = %(organization)s AND p.external_id <> ''
    AND p.id IN (SELECT person_id FROM recipients_formernumber WHERE organization_id = %(organization)s)"""
_ROWS = """SELECT s.n + m.behind AS n, m.person_id, m.external_id, m.present, m.known_as
FROM merged_number m JOIN staged_person s ON s.external_id = m.external_id
WHERE s.status <> 'gone' OR m.external_id = m.present"""

_FORGET_GONE_CONTACTS = f"DELETE FROM staged_contact WHERE person_key IN ({_gone_rows('key')})"
_FORGET_GONE = f"DELETE FROM staged_person WHERE n IN ({_gone_rows('n')})"
_RENUMBER = f"""UPDATE staged_person SET external_id = r.present, n = r.n FROM merged_row r
WHERE staged_person.n = r.n - {_BEHIND} AND r.n >= {_BEHIND}"""

_CALLED_OTHERWISE = """SELECT r.n, s.search_name, m.known_as
FROM merged_row r JOIN staged_person s ON s.n = r.n JOIN merged_number m ON m.person_id = r.person_id
WHERE s.search_name <> '' AND s.search_name <> r.known_as"""

# Also of a row without a number that is tied to it. The row with the present number says what the name is now.
_FORMER_NAMES = f"""SELECT l.n FROM (
    SELECT DISTINCT l.label, r.known_as FROM merged_row r JOIN same_row same ON same.n = r.n
    JOIN label l ON l.n = r.n WHERE r.n >= {_BEHIND}) former
JOIN label l ON l.label = former.label
JOIN staged_person s ON s.n = l.n AND s.search_name = former.known_as
WHERE s.external_id = '' OR s.n >= {_BEHIND}"""
_FORGET_NAMES = """UPDATE staged_person SET first_name = '', last_name = '', search_name = ''
WHERE n IN (SELECT n FROM former_name)"""
