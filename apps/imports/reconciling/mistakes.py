"""What is wrong in a file and only the comparison with the record shows: numbers of others, keys that name nobody."""

from django.utils.translation import gettext as _

from apps.rosters.facts import Mistake

from .expressions import either_name, name_of, with_name
from .staging import Stage
from .statements import Statements

_MOST = 200  # of each kind


def mistakes_of_people(statements: Statements, stage: Stage) -> list[Mistake]:
    """As many of them as a page shows."""
    found = [_mistaken(*row) for row in statements.rows(_MISTAKEN)]
    for key, place, side in statements.rows(_UNKNOWN_KEYS):
        sentence = _("“%(key)s” is named here, and is neither in the file nor on record.")
        found.append(_unknown(key, sentence, *stage.where(place, side)))
    for key, place in statements.rows(_UNKNOWN_GROUPS):
        sentence = _("The class “%(key)s” is named here, and is neither in the file nor on record.")
        found.append(_unknown(key, sentence, *stage.where(place, 1)))
    if statements.value("SELECT COUNT(*) FROM looped_pair"):
        found += [_looped(stage, *row) for row in statements.rows(_LOOPED)]
    if unsettled := statements.rows(_UNSETTLED):
        units: dict[str, list[str]] = {}
        for key, unit in statements.rows(_UNITS_OF_NAMESAKES):
            units.setdefault(key, []).append(unit)
        found += [_unsettled(stage, place, name, units[key]) for place, key, name in unsettled]
    return found


def _unknown(key: str, sentence: str, row: int, file: str, column: str) -> Mistake:
    return Mistake(row, column, sentence % {"key": key[:60]}, file, key)


def _mistaken(row: int, file: str, number: str, name: str, was: str, person_id: int | None) -> Mistake:
    names = {"number": number, "old": was, "new": name}
    if person_id is None:
        message = _("The number %(number)s stands in this file for %(old)s too. Mend one of them.")
    else:
        message = _("The number %(number)s belongs to %(old)s, and here to %(new)s. Mend one of them.")
    return Mistake(row, "", message % names, file, number)


def _looped(stage: Stage, place: int, reason: str, student: str, guardian: str) -> Mistake:
    """Guardians who cannot be: the row is read all the same, without that."""
    names = {"student": student, "guardian": guardian}
    if reason == "own":
        message = _("%(student)s stands as the own guardian. Left out.")
    elif reason == "student":
        message = _("%(guardian)s is a student here, and cannot be the guardian of %(student)s. Left out.")
    else:
        message = _("%(guardian)s and %(student)s each stand as the guardian of the other. Left out.")
    row, file, column = stage.where(place, 1)
    return Mistake(row, column, message % names, file, guardian, is_fatal=False)


def _unsettled(stage: Stage, place: int, name: str, units: list[str]) -> Mistake:
    """The row is read without this class."""
    row, file, column = stage.where(place, 1)
    words = {"name": name[:60], "units": ", ".join(units)[:200]}
    message = _("The class “%(name)s” is in %(units)s, and nothing says which is meant. Add a column with the unit.")
    return Mistake(row, column, message % words, file, name, is_fatal=False)


_MISTAKEN = f"""SELECT s.row_number, s.file,
    CASE WHEN s.external_id <> '' AND s.external_id = COALESCE(p.external_id, s.external_id)
        THEN COALESCE(r.external_id, s.external_id) ELSE s.document END,
    {name_of("s")}, m.was, m.person_id
FROM mistaken m JOIN staged_person s ON s.n = m.who LEFT JOIN recipients_person p ON p.id = m.person_id
LEFT JOIN merged_row r ON r.n = m.who
ORDER BY s.row_number LIMIT {_MOST}"""
_UNKNOWN_KEYS = f"SELECT key, place, side FROM unknown_key ORDER BY place, key LIMIT {_MOST}"
_UNKNOWN_GROUPS = f"SELECT key, place FROM unknown_group ORDER BY place, key LIMIT {_MOST}"
_UNSETTLED = f"""SELECT e.place, e.key, MIN(r.name) FROM settled_enrolment e JOIN group_ref r ON r.key = e.key
WHERE e.group_id IS NULL GROUP BY e.person_id, e.place, e.key ORDER BY e.place LIMIT {_MOST}"""
_UNITS_OF_NAMESAKES = """SELECT n.key, u.name FROM namesake n JOIN organizations_unit u ON u.id = n.unit_id
ORDER BY u.name"""
# Of two who are each the guardian of the other one row is told: that of the file, should the other be on record.
_LOOPED = f"""SELECT x.place, x.reason, {either_name()},
    {either_name("g")}
FROM looped_pair x {with_name("student_id")}
{with_name("guardian_id", "g")}
WHERE x.reason <> 'each other' OR x.student_id < x.guardian_id OR NOT EXISTS (
    SELECT 1 FROM looped_pair y WHERE y.student_id = x.guardian_id AND y.guardian_id = x.student_id)
ORDER BY 1, 3, 4 LIMIT {_MOST}"""
