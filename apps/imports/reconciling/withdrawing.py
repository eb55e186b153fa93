"""Who is missing from a file with everybody, and whether that means that he has left."""

from apps.recipients.models import ImportRun

from .staging import Stage
from .statements import Statements


def may_withdraw(run: ImportRun, stage: Stage, statements: Statements) -> bool:
    """Who is missing may stand in a row that could not be read: until it is mended, nobody is taken for missing."""
    if run.source is None or not run.source.withdraws or not stage.people:
        return False
    files = {file for (file,) in statements.rows("SELECT DISTINCT file FROM staged_person")}
    stage.holds_back = bool(files & stage.broken_files)
    return not stage.holds_back or "allow_withdrawing" in run.options


def decide_withdrawals(statements: Statements, withdraws: bool) -> None:
    """Make `present (person_id)`, whom this source keeps and its file names, and `missing (person_id)`."""
    statements.table("present", _PRESENT, "person_id")
    statements.table("missing", _MISSING if withdraws else f"{_MISSING} AND 1 = 0", "person_id")


_PRESENT = """SELECT p.id AS person_id FROM planned_person t JOIN recipients_person p ON p.id = t.person_id
WHERE p.organization_id = %(organization)s AND p.import_source_id = %(source)s
    AND t.action IN ('changed', 'returned', 'unchanged')"""
# Who is named by a row that was set aside, or by another file of the folder, is not missing.
_MISSING = """SELECT p.id AS person_id FROM recipients_person p
WHERE p.organization_id = %(organization)s AND p.import_source_id = %(source)s
    AND (p.active OR p.left_source <> 'import')
    AND NOT EXISTS (SELECT 1 FROM planned_person t WHERE t.person_id = p.id)
    AND NOT EXISTS (SELECT 1 FROM person_ref r WHERE r.person_id = p.id)
    AND NOT EXISTS (SELECT 1 FROM mistaken m WHERE m.person_id = p.id)"""
