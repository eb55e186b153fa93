"""Conditions of a filter list: a tree in JSON, what is wrong with it, how it reads in words, and who meets it.

A branch is `{"all": [...]}`, `{"any": [...]}` or `{"not": {...}}`; a leaf is `{"field": "kind", "operator": "is",
"value": ["student"]}`. Fields are registered: those of people by this app, others by the apps above it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.recipients.models import Person

from .alternatives import as_sets
from .condition_fields import NOBODY, ListUnusable, field_named

MAX_DEPTH = 5
MAX_LEAVES = 50
MANY = 20_000
_BRANCHES = ("all", "any", "not")

Condition = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: the places from the root of the tree to the branch or leaf."""

    path: tuple[int, ...]
    sentence: str


def people_meeting(condition: Condition) -> QuerySet[Person]:
    """Everybody of the open organisation who meets `condition`, former students too, as one SELECT without joins.

    A condition with something wrong in it (see `check`), such as a group that is deleted, is met by nobody.
    """
    return Person.objects.filter(as_sets(_compiled(condition)[1]))


def number_meeting(condition: Condition) -> int:
    """How many meet `condition`. As PostgreSQL plans by itself: with more memory it counts a million more slowly."""
    return people_meeting(condition).order_by().count()


def first_people_meeting(condition: Condition, number: int) -> QuerySet[Person]:
    """As people_meeting(), for whoever reads a page in the order of an index; `number` is how many meet it in all.

    Of many the first are found by walking along the index; to find few one would walk to its end.
    """
    if number == 0:
        return Person.objects.none()
    return Person.objects.filter(_compiled(condition)[1]) if number >= MANY else people_meeting(condition)


def where(condition: Condition) -> Q:
    """`condition`, with nothing wrong in it, for a filter of Person. Raises ListUnusable."""
    branch, parts = _opened(condition)
    if branch == "not":
        return ~where(parts[0])
    if not branch:
        field = field_named(condition["field"])
        return field.where(condition["operator"], condition.get("value")) if field else NOBODY
    # Each part becomes one expression in brackets, whatever it is made of.
    found = where(parts[0])
    for part in parts[1:]:
        found = found & where(part) if branch == "all" else found | where(part)
    return found


def check(condition: Any) -> list[str]:
    """A sentence for everything that is wrong with `condition`; none when it can be used."""
    return [problem.sentence for problem in problems(condition)]


def problems(condition: Any) -> list[Problem]:
    """As check(), each with its place in the tree."""
    return _compiled(condition)[0]


def leaves(condition: Any, depth: int = 1) -> Iterator[Condition]:
    """The leaves of a tree from left to right, not below the greatest depth; of what is no tree, none."""
    branch, parts = _opened(condition)
    if branch:
        for part in parts if depth <= MAX_DEPTH else []:
            yield from leaves(part, depth + 1)
    elif isinstance(condition, Mapping) and "field" in condition:
        yield condition


def in_words(condition: Any) -> str:
    """`kind is Student, and (group is 5º A, or name contains “puig”)`: also of a condition with something wrong."""
    return _words(condition, 1, outermost=True)


def _opened(condition: Any) -> tuple[str, list]:
    """The word of a branch and its parts; an empty word for everything else."""
    if isinstance(condition, Mapping) and len(condition) == 1:
        word, inside = next(iter(condition.items()))
        if word == "not":
            return word, [inside]
        if word in _BRANCHES and isinstance(inside, list):
            return word, inside
    return "", []


def _compiled(condition: Any) -> tuple[list[Problem], Q]:
    """What is wrong with `condition`, and its form for a filter of Person."""
    if len(list(islice(leaves(condition), MAX_LEAVES + 1))) > MAX_LEAVES:
        sentence = _("A filter has at most %(number)s conditions.") % {"number": MAX_LEAVES}
        return [Problem((), sentence)], NOBODY
    found = list(_problems(condition, (), 1))
    if found:
        return found, NOBODY
    try:
        return [], where(condition)
    except ListUnusable as problem:
        return [Problem((), str(problem))], NOBODY


def _problems(condition: Any, path: tuple[int, ...], depth: int) -> Iterator[Problem]:
    branch, parts = _opened(condition)
    if not branch:
        yield from (Problem(path, sentence) for sentence in _wrong_in_leaf(condition))
    elif depth > MAX_DEPTH:
        yield Problem(path, _("Groups of conditions are at most %(number)s deep.") % {"number": MAX_DEPTH})
    elif not parts:
        yield Problem(path, _("A group of conditions is empty. Add a condition to it, or take it out."))
    for place, part in enumerate(parts if depth <= MAX_DEPTH else []):
        yield from _problems(part, (*path, place), depth + 1)


def _wrong_in_leaf(leaf: Any) -> Iterable[str]:
    if not isinstance(leaf, Mapping) or not leaf:
        return [_("There is no condition yet.")]
    field = field_named(leaf.get("field"))
    if field is None:
        return [_("“%(name)s” is nothing one can filter by.") % {"name": str(leaf.get("field"))[:60]}]
    operator = field.operator(leaf.get("operator"))
    if operator is None:
        return [_("%(field)s: choose how to compare.") % {"field": field.label}]
    return [f"{field.label}: {sentence}" for sentence in field.wrong_with(operator, leaf.get("value"))]


def _words(condition: Any, depth: int, outermost: bool = False) -> str:
    branch, parts = _opened(condition)
    if depth > MAX_DEPTH and branch:
        return "…"
    if branch == "not":
        return _("not (%(condition)s)") % {"condition": _words(parts[0], depth + 1, outermost=True)}
    if branch:
        word = _(", and ") if branch == "all" else _(", or ")
        together = word.join(_words(part, depth + 1) for part in parts)
        return together if outermost or len(parts) == 1 else f"({together})"
    field = field_named(condition.get("field")) if isinstance(condition, Mapping) else None
    operator = field.operator(condition.get("operator")) if field else None
    if field is None or operator is None:
        return _("(a condition that is not complete)")
    return field.in_words(operator, condition.get("value"))
