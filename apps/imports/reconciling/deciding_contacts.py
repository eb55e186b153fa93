"""What an import does with addresses and numbers: what comes, what goes, and what a person has to decide.

For each person, channel and purpose that the file speaks of, the imported ones become those of the file. What was typed
by hand stays: where the file has another in its place, that is a conflict, asked about once.
"""

from .expressions import same_use
from .statements import Statements


def decide_contacts(statements: Statements) -> int:
    """Make `wanted_contact`, `stale_contact (id, ...)` and `new_contact` with its action: add, conflict or asked.

    Returns how many addresses of the file stay away because they were taken away by hand.
    """
    statements.table("wanted_contact", _WANTED, "person_id, channel, purpose, normalized; known")
    statements.table("stale_contact", _STALE, "person_id")
    statements.table("fresh_contact", _FRESH, "person_id")
    taken_away = statements.run("DELETE FROM fresh_contact WHERE is_taken_away = 1")
    statements.table("new_contact", _NEW, "person_id")
    return taken_away


_WANTED = f"""SELECT w.person_id, w.channel, w.purpose, w.normalized, w.value, w.place, o.id AS known
FROM (SELECT r.person_id, c.channel, c.purpose, c.normalized, MIN(c.value) AS value, MIN(c.n) AS place
    FROM staged_contact c JOIN person_ref r ON r.key = c.person_key
    GROUP BY r.person_id, c.channel, c.purpose, c.normalized) w
LEFT JOIN recipients_contactpoint o ON o.organization_id = %(organization)s AND {same_use("o", "w")}
    AND o.normalized = w.normalized"""

_STALE = f"""SELECT o.id, o.person_id, o.channel, o.purpose, o.value, o.is_primary
FROM recipients_contactpoint o
WHERE o.organization_id = %(organization)s AND o.source = 'import'
    AND NOT EXISTS (SELECT 1 FROM wanted_contact w WHERE w.known = o.id)
    AND EXISTS (SELECT 1 FROM wanted_contact w WHERE {same_use("w", "o")})"""

_FRESH = f"""SELECT w.person_id, w.channel, w.purpose, w.normalized, w.value, w.place, c.id AS asked,
    CASE WHEN c.decision = 'kept' AND c.kept_value = '' THEN 1 ELSE 0 END AS is_taken_away
FROM wanted_contact w
LEFT JOIN recipients_importconflict c ON c.organization_id = %(organization)s AND {same_use("c", "w")}
    AND c.normalized = w.normalized AND c.decision <> 'taken'
WHERE w.known IS NULL"""

# pins = typed by hand, and not what the file says. Each stands in the way of one address of the file: of one that was
# asked about before all others. Then those of the file that take the place of a stale one, and those that are more.
_COUNTED = f"""SELECT f.*, COALESCE(pins.number, 0) AS pins, pins.kept_value, COALESCE(stale.number, 0) AS stale,
    ROW_NUMBER() OVER (PARTITION BY f.person_id, f.channel, f.purpose
        ORDER BY CASE WHEN f.asked IS NULL THEN 1 ELSE 0 END, f.place) AS turn,
    COUNT(f.asked) OVER (PARTITION BY f.person_id, f.channel, f.purpose) AS asked_before
FROM fresh_contact f
LEFT JOIN (SELECT o.person_id, o.channel, o.purpose, COUNT(*) AS number,
        COALESCE(MIN(CASE WHEN o.is_primary THEN o.value END), MIN(o.value)) AS kept_value
    FROM recipients_contactpoint o
    WHERE o.organization_id = %(organization)s AND o.source = 'hand'
        AND EXISTS (SELECT 1 FROM fresh_contact f WHERE f.person_id = o.person_id)
        AND NOT EXISTS (SELECT 1 FROM wanted_contact w WHERE w.known = o.id)
    GROUP BY o.person_id, o.channel, o.purpose) pins ON {same_use("pins", "f")}
LEFT JOIN (SELECT o.person_id, o.channel, o.purpose, COUNT(*) AS number
    FROM stale_contact o GROUP BY o.person_id, o.channel, o.purpose) stale ON {same_use("stale", "f")}"""
_IN_THE_WAY = "CASE WHEN asked_before < pins THEN asked_before ELSE pins END"
_DECIDED = f"""SELECT counted.*, CASE
    WHEN asked IS NOT NULL AND turn <= pins THEN 'asked'
    WHEN turn - {_IN_THE_WAY} <= stale THEN 'add'
    WHEN turn - stale <= pins THEN 'conflict'
    ELSE 'add' END AS action
FROM ({_COUNTED}) counted"""
_NEW = f"""SELECT d.person_id, d.channel, d.purpose, d.normalized, d.value, d.place, d.kept_value, d.action,
    d.purpose = 'own' AND d.action = 'add'
        AND ROW_NUMBER() OVER (PARTITION BY d.person_id, d.channel, d.purpose, d.action ORDER BY d.place) = 1
        AND NOT EXISTS (SELECT 1 FROM recipients_contactpoint o
            WHERE o.organization_id = %(organization)s AND o.person_id = d.person_id AND o.channel = d.channel
                AND o.purpose = 'own' AND o.is_primary AND o.id NOT IN (SELECT id FROM stale_contact)) AS is_primary
FROM ({_DECIDED}) d"""
