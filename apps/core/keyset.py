"""Pages of a long list by the last row seen, not by a count of rows: the thousandth page is as quick as the first."""

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

# What no database takes in a text: NUL, and halves of letters ("surrogates").
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class KeysetPage:
    """Rows of one page, and the cursors (text for `?after=` and `?before=`) of its neighbours, empty where none is."""

    rows: list
    next_cursor: str
    previous_cursor: str

    def __iter__(self):
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def paginate(
    queryset: QuerySet, request, order: tuple[str, ...] = ("search_name", "id"), size: int = 100
) -> KeysetPage:
    """The page that the request asks for by `?after=` or `?before=`; the first one where the cursor makes no sense.

    `order` names columns that are never NULL, the last one unique; a leading "-" turns a column round.
    """
    before = _decode(request.GET.get("before", ""), queryset, order)
    after = None if before else _decode(request.GET.get("after", ""), queryset, order)
    if before:
        rows = list(_beyond(queryset, _turned(order), before)[: size + 1])
        more_before, rows = len(rows) > size, rows[:size][::-1]
        return _page(rows, order, more_before, has_next=True)
    rows = list((_beyond(queryset, order, after) if after else queryset.order_by(*order))[: size + 1])
    return _page(rows[:size], order, has_previous=after is not None, has_next=len(rows) > size)


def _page(rows: list, order: tuple[str, ...], has_previous: bool, has_next: bool) -> KeysetPage:
    return KeysetPage(
        rows=rows,
        next_cursor=_encode(rows[-1], order) if rows and has_next else "",
        previous_cursor=_encode(rows[0], order) if rows and has_previous else "",
    )


def _beyond(queryset: QuerySet, order: tuple[str, ...], values: list) -> QuerySet:
    """The rows that come after `values` in `order`."""
    condition, equal = Q(), Q()
    for column, value in zip(order, values, strict=True):
        name = column.lstrip("-")
        comparison = "lt" if column.startswith("-") else "gt"
        condition |= equal & Q(**{f"{name}__{comparison}": value})
        equal &= Q(**{name: value})
    return queryset.filter(condition).order_by(*order)


def _turned(order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(column[1:] if column.startswith("-") else f"-{column}" for column in order)


def _encode(row: Any, order: tuple[str, ...]) -> str:
    values = []
    for column in order:
        value = row
        for name in column.lstrip("-").split("__"):
            value = value[name] if isinstance(value, dict) else getattr(value, name)
        values.append({"at": value.isoformat()} if isinstance(value, datetime) else value)
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _decode(cursor: str, queryset: QuerySet, order: tuple[str, ...]) -> list | None:
    """The values in a cursor, or None when it is empty or was not made here."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [parse_datetime(value["at"]) if isinstance(value, dict) else value for value in values]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    fits = len(values) == len(order) and all(isinstance(value, str | int | datetime) for value in values)
    fits = fits and not any(_UNSTORABLE.search(value) for value in values if isinstance(value, str))
    return values if fits and _compares(queryset, order, values) else None


def _compares(queryset: QuerySet, order: tuple[str, ...], values: list) -> bool:
    """Whether the columns take these values: a cursor of another list may hold a name where this one has a number."""
    try:
        _beyond(queryset, order, values)
    except (ValueError, TypeError, ValidationError):
        return False
    return True
