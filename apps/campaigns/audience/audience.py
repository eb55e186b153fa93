"""Who receives a mailing, and who does not and why: one statement, resolved by the database."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from apps.core.large_sets import large_sets
from apps.recipients.searching import parts_of_name

from .one_copy_each import FIRST_REASON
from .reasons import Reason
from .statement import audience_sql
from .target_lists import uploaded_lists


@dataclass(frozen=True)
class AudienceCount:
    """How many addresses get the mailing, how many people do not (by reason), how many students it is about."""

    getting: int
    skipped: dict[Reason, int]
    students: int

    @property
    def not_getting(self) -> int:
        return sum(self.skipped.values())


class AudienceRow(NamedTuple):
    """One recipient, as he would stand in the log. Ids are None for people who are not registered."""

    person_id: int | None
    name: str
    address: str
    normalized: str
    reason: str
    contact_point_id: int | None = None
    language: str = ""
    variables: Mapping[str, str] = MappingProxyType({})
    about_ids: tuple[int, ...] = ()
    # The row of the log it became; 0 while it is only looked at (preview, test send).
    delivery_id: int = 0


# Only to count, nobody needs a name or a place: of the rows that share an address one gets it.
_COUNT_ROWS = f"""SELECT reason, COUNT(*), COUNT(DISTINCT normalized) FROM (
    SELECT normalized, {FIRST_REASON} AS reason FROM candidate GROUP BY normalized, recipient_id
) grouped GROUP BY reason"""
_STUDENTS = "(students)"
_COUNT_STUDENTS = f"SELECT '{_STUDENTS}', COUNT(DISTINCT about_id), 0 FROM candidate WHERE reason = ''"


def count(mailing) -> AudienceCount:
    """The figures of the check page. Writes nothing."""
    sql = audience_sql(mailing)
    select = f"{_COUNT_ROWS} UNION ALL {_COUNT_STUDENTS}" if sql.has_students else _COUNT_ROWS
    found = _asked(f"WITH {sql.candidates}\n{select}", sql.parameters)
    counts = {reason: (rows, addresses) for reason, rows, addresses in found}
    students, _addresses = counts.pop(_STUDENTS, (0, 0))
    rows, getting = counts.pop("", (0, 0))
    by_reason = {reason: number for reason, (number, _addresses) in counts.items()}
    if rows > getting:
        by_reason[Reason.SAME_ADDRESS] = rows - getting
    skipped = {reason: by_reason[reason.value] for reason in Reason if reason.value in by_reason}
    return AudienceCount(getting=getting, skipped=skipped, students=students)


def getting(mailing, search: str = "", limit: int = 100, offset: int = 0) -> list[AudienceRow]:
    """A page of those who get it, by name; `search` is part of a name or an address."""
    condition, parameters = "reason = ''", {}
    if search:
        parameters = {"address": _pattern(search.strip().casefold())}
        found = []
        for place, part in enumerate(parts_of_name(search)):
            parameters[f"part{place}"] = _pattern(f" {part.text}" if part.begins_word else part.text)
            found.append(f"' ' || search_name LIKE %(part{place})s ESCAPE '\\'")
        named = f"({' AND '.join(found)}) OR " if found else ""
        condition += f" AND ({named}normalized LIKE %(address)s ESCAPE '\\')"
    return _rows(mailing, condition, limit, offset, parameters)


def _pattern(text: str) -> str:
    """For LIKE: `text` anywhere."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def left_out(mailing, reason: str | None = None, limit: int = 100, offset: int = 0) -> list[AudienceRow]:
    """A page of those who do not get it, by name; of one reason, or of all."""
    condition = "reason = %(reason)s" if reason else "reason <> ''"
    return _rows(mailing, condition, limit, offset, {"reason": reason})


def without_value(mailing, names: Sequence[str]) -> dict[str, int]:
    """Of each variable of files, for how many of those who get it there is no value."""
    counted = ", ".join(
        f"SUM(CASE WHEN TRIM(COALESCE(variables ->> %(name{place})s, '')) = '' THEN 1 ELSE 0 END)"
        for place in range(len(names))
    )
    parameters = {f"name{place}": name for place, name in enumerate(names)}
    (numbers,) = _fetch(mailing, f"SELECT {counted} FROM recipient WHERE reason = ''", **parameters)
    return dict(zip(names, (number or 0 for number in numbers), strict=True))


def with_other_values(mailing, names: Sequence[str]) -> int:
    """How many of those who get it stand in another file of the mailing too, with another value for one of `names`."""
    files = uploaded_lists(mailing)
    if len(files) < 2 or not names:
        return 0
    differs = " OR ".join(
        f"TRIM(COALESCE(u.variables ->> %(name{place})s, '')) NOT IN"
        f" ('', TRIM(COALESCE(recipient.variables ->> %(name{place})s, '')))"
        for place in range(len(names))
    )
    select = f"""SELECT COUNT(*) FROM recipient WHERE reason = '' AND EXISTS (
        SELECT 1 FROM targetlists_uploadedrow u WHERE u.organization_id = %(organization)s
            AND u.list_id IN ({", ".join(map(str, files))}) AND u.normalized = recipient.normalized AND ({differs}))"""
    ((number,),) = _fetch(mailing, select, **{f"name{place}": name for place, name in enumerate(names)})
    return number


def _rows(mailing, condition: str, limit: int, offset: int, parameters: dict) -> list[AudienceRow]:
    select = f"""SELECT recipient_id, name, address, normalized, reason, contact_point_id, language, variables
        FROM recipient WHERE {condition} ORDER BY search_name, recipient_id, normalized
        LIMIT %(limit)s OFFSET %(offset)s"""
    page = _fetch(mailing, select, limit=limit, offset=offset, **parameters)
    about = _about(mailing, page)
    return [
        AudienceRow(
            person_id=person_id,
            name=name,
            address=address,
            normalized=normalized,
            reason=reason,
            contact_point_id=contact_point_id,
            language=language,
            variables=_as_dict(variables),
            about_ids=about(person_id, normalized, reason),
        )
        for person_id, name, address, normalized, reason, contact_point_id, language, variables in page
    ]


def _about(mailing, page: list[tuple]):
    """A function (person, address, reason) -> ids of the students; of all at that address, if it is written to."""
    addresses = [row[3] for row in page if row[3]]
    people = [str(row[0]) for row in page if row[0]]
    of_address: dict[str, set[int]] = defaultdict(set)
    of_person: dict[tuple, set[int]] = defaultdict(set)
    if addresses or people:
        names = {f"address{number}": address for number, address in enumerate(addresses)}
        marks = ", ".join(f"%({name})s" for name in names) or "NULL"
        select = f"""SELECT DISTINCT recipient_id, normalized, reason, about_id FROM candidate
            WHERE about_id IS NOT NULL AND reason <> '{Reason.OUTSIDE_GROUPS}'
                AND (normalized IN ({marks}) OR recipient_id IN ({", ".join(people) or "NULL"}))"""
        for person_id, normalized, reason, about_id in _fetch(mailing, select, **names):
            of_person[person_id, normalized].add(about_id)
            if not reason:
                of_address[normalized].add(about_id)
    return lambda person_id, normalized, reason: tuple(
        sorted(of_person[person_id, normalized] if reason else of_address[normalized])
    )


def _fetch(mailing, select: str, **parameters) -> list[tuple]:
    sql = audience_sql(mailing)
    return _asked(f"WITH {sql.whole}\n{select}", {**sql.parameters, **parameters})


def _asked(statement: str, parameters: dict) -> list[tuple]:
    with large_sets() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def _as_dict(variables: str | dict | None) -> dict[str, str]:
    return json.loads(variables) if isinstance(variables, str) else (variables or {})
