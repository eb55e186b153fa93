"""The school years of which a file speaks. Writes those that are not on record."""

import re
from datetime import date

from django.utils import timezone
from django.utils.dateparse import parse_date

from apps.recipients.models import AcademicYear
from apps.rosters.school_years import school_year_of

from .statements import Statements

_NAME_LENGTH = 40


def current_year() -> str:
    """The name of the year of today: the one on record, or what it would be called."""
    year = AcademicYear.current()
    return year.name if year and year.ends_on >= timezone.localdate() else school_year_of(timezone.localdate())


def make_years(statements: Statements, default_year: str) -> None:
    """Make `year_ref (key, year_id)` for every year that a group names; there are a handful."""
    named = {key: (name, starts, ends) for key, name, starts, ends in statements.rows("SELECT * FROM staged_year")}
    years = {year.name: year for year in AcademicYear.objects.all()}
    pairs = []
    for (key,) in statements.rows("SELECT DISTINCT year FROM staged_group WHERE kind <> 'staff' OR year <> ''"):
        name, starts, ends = named.get(key, (key or default_year, "", ""))
        name = name[:_NAME_LENGTH]
        if name not in years:
            years[name] = _new_year(name, starts, ends)
        pairs.append((key, years[name].pk))
    statements.table("year_ref", "SELECT CAST('' AS text) AS key, CAST(0 AS bigint) AS year_id WHERE 1 = 0", "key")
    statements.fill("year_ref", pairs)


def _new_year(name: str, starts: str, ends: str) -> AcademicYear:
    first = int(name[:4]) if re.match(r"[12][0-9]{3}", name) else int(school_year_of(timezone.localdate())[:4])
    begins = _date(starts) or date(first, 9, 1)
    return AcademicYear.objects.create(name=name, starts_on=begins, ends_on=_date(ends) or date(first + 1, 6, 30))


def _date(text: str) -> date | None:
    try:
        return parse_date(text) if text else None
    except ValueError:
        return None
