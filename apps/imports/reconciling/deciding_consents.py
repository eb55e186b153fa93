"""What an import does with consents."""

from .statements import Statements


def decide_consents(statements: Statements) -> None:
    """Make `planned_consent`: what is said and does not stand so yet. What was said by hand is not overruled."""
    statements.table("planned_consent", _PLANNED_CONSENTS, "person_id")


_PLANNED_CONSENTS = """SELECT s.person_id, s.kind, s.granted = 1 AS granted, o.id AS known
FROM (SELECT r.person_id, c.kind, MIN(CASE WHEN c.granted THEN 1 ELSE 0 END) AS granted
    FROM staged_consent c JOIN person_ref r ON r.key = c.person_key GROUP BY r.person_id, c.kind) s
LEFT JOIN recipients_consent o ON o.organization_id = %(organization)s AND o.person_id = s.person_id
    AND o.kind = s.kind
WHERE o.id IS NULL OR (o.source = 'import' AND (CASE WHEN o.granted THEN 1 ELSE 0 END) <> s.granted)"""
