"""What one can filter people by: the register of fields, their operators, and the values that these take."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.registry import Registry

# In a condition that always compiles: an empty `IN ()` would make Django refuse to give its SQL.
NOBODY = Q(pk=0)
MAX_VALUES = 500
MAX_TEXT = 200
MAX_NUMBER = 100_000


class ListUnusable(Exception):
    """A condition asks for a list that cannot be asked; the text is a sentence for the office."""


class Takes(Enum):
    """What stands behind an operator."""

    NOTHING = "nothing"
    CHOICES = "choices"  # a list of values, of which any will do
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"  # as 2026-11-22


@dataclass(frozen=True)
class Operator:
    name: str
    label: Any
    takes: Takes = Takes.CHOICES
    # The whole of it in words, where label and value in a row would not read well.
    words: Any = "%(operator)s %(value)s"


IS = Operator("is", gettext_lazy("is"))
IS_NOT = Operator("is_not", gettext_lazy("is not"))
CONTAINS = Operator("contains", gettext_lazy("contains"), Takes.TEXT)
NOT_CONTAINS = Operator("not_contains", gettext_lazy("does not contain"), Takes.TEXT)
SINCE = Operator("since", gettext_lazy("on or after"), Takes.DATE)
BEFORE = Operator("before", gettext_lazy("before"), Takes.DATE)
LAST_DAYS = Operator(
    "last_days", gettext_lazy("within so many days:"), Takes.NUMBER, gettext_lazy("in the last %(value)s days")
)


def yes_or_no(yes: Any, no: Any) -> tuple[Operator, Operator]:
    """Two operators that need no value."""
    return Operator("yes", yes, Takes.NOTHING), Operator("no", no, Takes.NOTHING)


@dataclass(frozen=True)
class Field:
    """One thing to filter by.

    `function(operator, value)` gives the condition on Person; the value has been checked, and is a list of the values
    that still exist, a text, a whole number, a date or None. `is_private`: not everybody who writes may know of whom it
    is true. `choices()` lists what the builder offers (value, label,
    heading); `names(values)` those of `values` that exist, with their names: where it is left out, choices() says so.
    """

    name: str
    label: Any
    heading: Any
    operators: tuple[Operator, ...]
    function: Callable[[str, Any], Q]
    choices: Callable[[], Iterable[tuple[str, Any, Any]]] = tuple
    names: Callable[[list[str]], Mapping[str, Any]] | None = None
    is_private: bool = False

    def operator(self, name: Any) -> Operator | None:
        return next((each for each in self.operators if each.name == name), None)

    def where(self, operator: str, value: Any) -> Q:
        """The condition on Person. Raises KeyError, ValueError or TypeError for what wrong_with() warns of."""
        takes = {each.name: each for each in self.operators}[operator].takes
        value = self._read(takes, value)
        if takes is Takes.CHOICES and not value:
            return NOBODY
        return self.function(operator, value)

    def wrong_with(self, operator: Operator, value: Any) -> list[str]:
        """A sentence, if the operator cannot take this value."""
        if operator.takes is Takes.CHOICES:
            return self._wrong_with_choices(value)
        try:
            self._read(operator.takes, value)
        except (ValueError, TypeError):
            return [str(_EXPECTED[operator.takes])]
        return []

    def in_words(self, operator: Operator, value: Any) -> str:
        """`group is 5º A or 5º B`."""
        if operator.takes is Takes.NOTHING:
            return f"{self.label} {operator.label}"
        parts = {"operator": operator.label, "value": self._value_in_words(operator, value)}
        return f"{self.label} {operator.words % parts}"

    def names_of(self, values: Any) -> dict[str, str]:
        """The names of those of `values` that exist, in their order."""
        wanted = list(dict.fromkeys(each for each in values if isinstance(each, str)))[:MAX_VALUES]
        known = self.names(wanted) if self.names else {value: label for value, label, _heading in self.choices()}
        return {value: str(known[value]) for value in wanted if value in known}

    def _wrong_with_choices(self, value: Any) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value) or not value:
            return [_("tick at least one.")]
        if len(value) > MAX_VALUES:
            return [_("at most %(number)s at once.") % {"number": MAX_VALUES}]
        if not self.names_of(value):
            return [_("what was chosen here no longer exists. The filter finds nobody until you choose anew.")]
        return []

    def _read(self, takes: Takes, value: Any) -> Any:
        if takes is Takes.NOTHING:
            return None
        return list(self.names_of(value)) if takes is Takes.CHOICES else _READERS[takes](value)

    def _value_in_words(self, operator: Operator, value: Any) -> str:
        if operator.takes is Takes.CHOICES:
            values = value if isinstance(value, list) else []
            names = self.names_of(values)
            gone = [_("(deleted)")] if len(names) < len(values) else []
            return _(" or ").join([*names.values(), *gone]) or "…"
        if operator.takes is Takes.DATE:
            try:
                return date_format(_date(value), "j M Y")
            except ValueError:
                return "…"
        shown = str(value if value is not None else "")[:MAX_TEXT]
        return (f"“{shown}”" if operator.takes is Takes.TEXT else shown) or "…"


_REGISTRY: Registry[Field] = Registry()


def register(*fields: Field) -> None:
    """Offer these fields in every filter, each under its name."""
    for field in fields:
        _REGISTRY.register(field.name, field)


def field_named(name: Any) -> Field | None:
    return _REGISTRY.get(name) if isinstance(name, str) else None


def fields_by_heading() -> dict[str, list[Field]]:
    """All fields, as the builder offers them."""
    found = defaultdict(list)
    for field in _REGISTRY.values():
        found[str(field.heading)].append(field)
    return dict(found)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or "\0" in value:
        raise ValueError
    return value.strip()


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_NUMBER:
        raise ValueError
    return value


def _date(value: Any) -> date:
    day = parse_date(_text(value))
    if day is None or not 1900 <= day.year <= 2200:
        raise ValueError
    return day


_READERS: dict[Takes, Callable[[Any], Any]] = {Takes.TEXT: _text, Takes.NUMBER: _number, Takes.DATE: _date}
_EXPECTED = {
    Takes.TEXT: gettext_lazy("type some text, at most 200 characters."),
    Takes.NUMBER: gettext_lazy("type a whole number from 0 to 100,000."),
    Takes.DATE: gettext_lazy("type a date."),
}
