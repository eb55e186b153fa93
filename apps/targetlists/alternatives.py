"""Conditions in a form that a database resolves as sets, whatever stands between "or" and "not".

PostgreSQL joins `EXISTS (...)` with the people as one set where it stands alone between ANDs; below an OR it looks
every person up one by one, which is some three times slower at a million. So each alternative becomes a SELECT of its
own: `id IN (SELECT ... UNION SELECT ...)`, and a negation moves down to the single conditions (De Morgan).
"""

from functools import reduce
from operator import and_, or_

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.recipients.models import Person


class HasRow(Exists):
    """Whether there is one of `rows`, whose column `of_person` points to the person."""

    def __init__(self, rows: QuerySet, of_person: str = "person"):
        self.people = rows.order_by().values(of_person)
        super().__init__(rows.filter(**{of_person: OuterRef("pk")}))


def as_sets(condition: Q, negated: bool = False) -> Q:
    """The same condition on Person, for reading everybody who meets it (a page of the first few wants it as it was)."""
    negated ^= condition.negated
    if not _asks_elsewhere(condition) or _is_single(condition):
        plain = Q(*condition.children, _connector=condition.connector)
        return ~plain if negated else plain
    parts = [as_sets(each if isinstance(each, Q) else Q(each), negated) for each in condition.children]
    if (condition.connector == Q.OR) == negated:
        return reduce(and_, parts)
    return _any_of(parts)


def _any_of(parts: list[Q]) -> Q:
    plain = [part for part in parts if not _asks_elsewhere(part)]
    alternatives = [part for part in parts if _asks_elsewhere(part)] + ([reduce(or_, plain)] if plain else [])
    if len(alternatives) == 1:
        return alternatives[0]
    first, *others = (_people(each) for each in alternatives)
    return Q(pk__in=first.union(*others))


def _people(alternative: Q) -> QuerySet:
    """The keys of everybody who meets it; read from the rows alone, where rows are all it asks for."""
    only = alternative.children[0] if _is_single(alternative) and not alternative.negated else None
    return only.people if isinstance(only, HasRow) else Person.objects.filter(alternative).order_by().values("pk")


def _asks_elsewhere(condition: Q) -> bool:
    """Whether it is more than a comparison of the person's own columns."""
    return any(
        _asks_elsewhere(each) if isinstance(each, Q) else not isinstance(each, tuple) or hasattr(each[1], "query")
        for each in condition.children
    )


def _is_single(condition: Q) -> bool:
    return len(condition.children) == 1 and not isinstance(condition.children[0], Q)
