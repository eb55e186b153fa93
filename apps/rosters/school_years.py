"""How a school year is called: 2026-27, from August to July, or 2026 where it goes with the calendar."""

import re
from datetime import date
from functools import lru_cache

_SPAN = re.compile(r"\b((?:[12][0-9])?[0-9]{2}) ?[-/\u2013] ?((?:[12][0-9])?[0-9]{2})\b", re.ASCII).search


def span_name(first: int) -> str:
    """2026 -> 2026-27."""
    return f"{first}-{(first + 1) % 100:02d}"


def school_year_of(day: date) -> str:
    """The name of the school year of a day: 2026-27 from August 2026 to July 2027."""
    return span_name(day.year if day.month >= 8 else day.year - 1)


def year_name(starts: date | None, ends: date | None) -> str:
    """The school year in which a term lies: 2026-27, or 2026 where it goes with the calendar; "" without days."""
    if starts and ends and starts.year == ends.year and (ends - starts).days > 240:
        return str(starts.year)
    known = starts or ends
    if known is None:
        return ""
    # By the middle: a year may begin in July, and a term in January.
    middle = starts + (ends - starts) / 2 if starts and ends else known
    return school_year_of(middle)


@lru_cache(maxsize=200)
def read_school_year(text: str, is_span: bool) -> str:
    """The name of the year that a cell means: 2026-27 for `2026/2027`, `Curso 26-27`; "" when it means none.

    `is_span`: whether a year by itself, `2026`, is the one in which a school year begins, or has that name.
    """
    if text.isdecimal() and text.isascii() and len(text) == 4 and text[0] in "12":
        return span_name(int(text)) if is_span else text
    found = _SPAN(text)
    if not found:
        return ""
    first, last = int(found[1]) % 100, int(found[2]) % 100
    century = found[1][:2] if len(found[1]) == 4 else "20"
    return span_name(int(f"{century}{first:02d}")) if last == (first + 1) % 100 else ""
