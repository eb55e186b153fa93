"""Which of several codes counts first: by an order that is written down, and not by that of the alphabet.

`values` are codes of the program (of a TextChoices, or of facts), the one that counts most first. Write each order
once, beside the codes, and hand it to whichever of these is needed.
"""

from collections.abc import Sequence

from django.db.models import Case, IntegerField, Value, When


def rank(field: str, values: Sequence[str]) -> Case:
    """For `order_by()`: the place of the field's value among `values`, from 0; whatever is not among them is last."""
    places = [When(**{field: str(value)}, then=Value(place)) for place, value in enumerate(values)]
    return Case(*places, default=Value(len(values)), output_field=IntegerField())


def rank_sql(column: str, values: Sequence[str]) -> str:
    """The same for `ORDER BY`, or to be compared, in a statement written by hand."""
    places = " ".join(f"WHEN {_quoted(value)} THEN {place}" for place, value in enumerate(values))
    return f"CASE {column} {places} ELSE {len(values)} END"


def first_sql(column: str, values: Sequence[str]) -> str:
    """Of the rows of a `GROUP BY` the value that counts first; NULL where none of them has one of `values`."""
    values_back = " ".join(f"WHEN {place} THEN {_quoted(value)}" for place, value in enumerate(values))
    return f"CASE MIN({rank_sql(column, values)}) {values_back} END"


def _quoted(value: str) -> str:
    if "%" in value:
        raise ValueError(f"{value} would be taken for a parameter")
    return "'" + str(value).replace("'", "''") + "'"
