"""What the office took away stays away, whatever a file says."""

from .statements import Statements


def keep_away(statements: Statements, table: str, person: str, what: str) -> int:
    """Take out of a table of pairs that are planned those that were taken away by hand; returns how many.

    `person`: its column with whom it was taken from; `what`: the condition that `t` took away just this. What stands on
    record all the same was given again by hand.
    """
    return statements.run(f"""DELETE FROM {table} WHERE known IS NULL AND status = 'here' AND EXISTS (
    SELECT 1 FROM recipients_takenaway t WHERE t.organization_id = %(organization)s
        AND t.person_id = {table}.{person} AND {what})""")
