"""What an import would do, or did, in figures."""

from collections.abc import Mapping

from .applying import WHICH_CONFLICTS_END, WHICH_ENROLMENTS_CHANGE, WHICH_PAIRS_CHANGE, WHO_IS_ADOPTED
from .deciding_guardianships import OF_THIS_SOURCE
from .staging import Stage
from .statements import Statements

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
