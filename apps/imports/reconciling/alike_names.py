"""Guardians whose name a file spells otherwise than the record: the same person, or one to be careful with."""

from difflib import SequenceMatcher

from .expressions import AGREE, KNOWN_AS
from .statements import Statements

_ALIKE = 0.75  # of two words, by SequenceMatcher: Tommaso and Tomaso, but not Marta and Carla
_BEGINNING = 3  # letters that are enough where one word begins with the other: Elisa and Elisabetta


def are_alike(one: str, other: str) -> bool:
    """Whether two folded names may be one: a word is in both, and each other word of the shorter nearly."""
    words, others = set(one.split()), set(other.split())
    common = words & others
    if not common:
        return False
    fewer, more = sorted((words - common, others - common), key=len)
    return all(any(_nearly(word, each) for each in more) for word in fewer)


def _nearly(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) >= _BEGINNING and long.startswith(short):
        return True
    return SequenceMatcher(None, one, other).ratio() >= _ALIKE


def find_respelt_guardians(statements: Statements) -> None:
    """Add to `found` who is known at the student by an address or number, and bears nearly the name on record.

    Also who is no longer a guardian there because the office said so. Else a name that is mended in the school's own
    system would be a new guardian, and a restriction or an address mended by hand would be lost with the old one.
    """
    found: dict[int, int] = {}
    for who, person_id, name, known in statements.rows(_CANDIDATES):
        if who not in found and person_id not in found.values() and are_alike(name, known):
            found[who] = person_id
    statements.fill("found", list(found.items()))


def restrict_namesakes(statements: Statements) -> None:
    """Make `restricted_pair (student_id, guardian_id)`: new guardians who bear the name of a restricted one.

    It may be the same person under another address: until the office says otherwise, nothing about the student goes to
    whoever is called so.
    """
    statements.table("restricted_pair", "SELECT student_id, guardian_id FROM planned_pair WHERE 1 = 0")
    if statements.rows(_ANY_RESTRICTED):
        alike = {(student, guardian) for student, guardian, *names in statements.rows(_NEW_BESIDE) if _same(*names)}
        statements.fill("restricted_pair", sorted(alike))


def _same(name: str, known: str) -> bool:
    words, others = set(name.split()), set(known.split())
    return bool(words and others) and (words <= others or others <= words)


_CANDIDATES = f"""SELECT DISTINCT i.who, p.id, i.search_name, {KNOWN_AS}
FROM united_person i JOIN person_key k ON k.who = i.who
JOIN staged_guardianship g ON g.guardian_key = k.key
JOIN person_key s ON s.key = g.student_key
JOIN found student ON student.who = s.who
JOIN (SELECT student_id, guardian_id FROM recipients_guardianship WHERE organization_id = %(organization)s
    UNION SELECT person_id, guardian_id FROM recipients_takenaway
    WHERE organization_id = %(organization)s AND guardian_id IS NOT NULL) pair ON pair.student_id = student.person_id
JOIN recipients_person p ON p.id = pair.guardian_id AND p.kind = i.kind
JOIN staged_contact c ON c.person_key = k.key AND c.purpose = 'own'
JOIN recipients_contactpoint o ON o.person_id = p.id AND o.channel = c.channel AND o.normalized = c.normalized
WHERE i.kind = 'guardian' AND i.search_name <> '' AND p.search_name <> ''
    AND NOT EXISTS (SELECT 1 FROM found f WHERE f.who = i.who)
    AND NOT EXISTS (SELECT 1 FROM found f WHERE f.person_id = p.id)
    AND {AGREE}
ORDER BY 1, 2"""

_ANY_RESTRICTED = """SELECT 1 FROM recipients_guardianship
WHERE organization_id = %(organization)s AND restricted LIMIT 1"""
_NEW_BESIDE = f"""SELECT s.student_id, s.guardian_id, COALESCE(i.search_name, q.search_name, ''), {KNOWN_AS}
FROM planned_pair s
JOIN recipients_guardianship r ON r.student_id = s.student_id AND r.restricted AND r.guardian_id <> s.guardian_id
    AND r.organization_id = %(organization)s
JOIN recipients_person p ON p.id = r.guardian_id
LEFT JOIN recipients_person q ON q.id = s.guardian_id
LEFT JOIN planned_person t ON t.person_id = s.guardian_id LEFT JOIN united_person i ON i.who = t.who
WHERE s.known IS NULL AND s.status = 'here'"""
