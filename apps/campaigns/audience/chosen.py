"""Who is chosen, in SQL: by a group, one by one, or by a target list; and who of them has left the school."""

from collections.abc import Iterable
from enum import IntEnum

from apps.recipients.models import Guardianship

from ..models import Mailing


class ChosenAs(IntEnum):
    """How somebody was chosen; it decides what happens once he is at the school no more."""

    MEMBER_OF_GROUP = 0  # he is not meant, and not mentioned
    HIMSELF = 1  # he is meant all the same
    ON_LIST = 2  # he is left out, and that is said


def chosen(of_lists: Iterable[tuple[str, ChosenAs]]) -> str:
    """`chosen (person_id, chosen_as)`. `of_lists`: a SELECT of ids of people each, and as what these are chosen."""
    by_list = [f"SELECT person_id, {chosen_as} FROM ({sql}) of_list" for sql, chosen_as in of_lists]
    everybody = "\n    UNION\n    ".join([_BY_GROUP, _ONE_BY_ONE, *by_list])
    return f"""chosen (person_id, chosen_as) AS (
    {everybody}
)"""


def chosen_person(mailing: Mailing, permitted: str, has_lists: bool) -> str:
    """`chosen_person (id, kind, permitted, has_left)`: the last two are 1 or 0. `permitted`: a condition on p."""
    meant = "" if mailing.include_former else f"AND (p.active OR chosen.chosen_as > {ChosenAs.MEMBER_OF_GROUP})"
    has_left = "1 = 0" if mailing.include_former else _has_left(has_lists)
    return f"""chosen_person AS (
    SELECT p.id, p.kind, CASE WHEN {permitted} THEN 1 ELSE 0 END AS permitted,
        CASE WHEN {has_left} THEN 1 ELSE 0 END AS has_left
    FROM chosen JOIN recipients_person p ON p.id = chosen.person_id AND p.organization_id = %(organization)s {meant}
)"""


def _has_left(has_lists: bool) -> str:
    """The condition on somebody of a list: at the school no more, or a guardian of whom no child is."""
    of_list = f"chosen.chosen_as = {ChosenAs.ON_LIST}"
    if not has_lists or not Guardianship.objects.filter(student__active=False).exists():
        return f"{of_list} AND NOT p.active"
    return f"{of_list} AND NOT p.active OR {of_list} AND p.kind = 'guardian' AND p.id IN ({_OF_LEFT_CHILDREN})"


_BY_GROUP = f"""SELECT e.person_id, {ChosenAs.MEMBER_OF_GROUP} FROM campaigns_audienceentry a
    JOIN recipients_group g ON g.id = a.group_id AND g.organization_id = %(organization)s
    JOIN recipients_enrolment e ON e.group_id = g.id AND (e.role = 'student' OR g.kind = 'staff')
    WHERE a.organization_id = %(organization)s AND a.mailing_id = %(mailing)s"""

_ONE_BY_ONE = f"""SELECT a.person_id, {ChosenAs.HIMSELF} FROM campaigns_audienceentry a
    WHERE a.organization_id = %(organization)s AND a.mailing_id = %(mailing)s AND a.person_id IS NOT NULL"""

_OF_LEFT_CHILDREN = """SELECT gone.guardian_id FROM recipients_guardianship gone
    JOIN recipients_person child ON child.id = gone.student_id AND NOT child.active
    WHERE gone.organization_id = %(organization)s AND NOT EXISTS (
        SELECT 1 FROM recipients_guardianship g JOIN recipients_person here ON here.id = g.student_id AND here.active
        WHERE g.guardian_id = gone.guardian_id)"""
