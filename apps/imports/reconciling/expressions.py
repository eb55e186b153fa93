"""Parts of statements that several modules need.

How statements are put together here: parts that are always the same by f-strings, at import; a statement that is needed
in several forms is a function; values are parameters, `%(name)s` (see Statements).
"""

from apps.core.ranking import first_sql
from apps.rosters.facts import STATUSES

# What a file says of a person, and the record keeps so: the columns of `staged_person`, `united_person` and the record.
NAMES = ("first_name", "last_name")
DETAILS = (*NAMES, "external_id", "document", "language")

# i = of the file, p = on record. Where a name was typed by hand it is known under the one that the file has.
KNOWN_AS = "COALESCE(NULLIF(p.imported_name, ''), p.search_name)"
# Two numbers, or two documents, are two people, whatever else they share.
AGREE = """(i.external_id = '' OR p.external_id = '' OR i.external_id = p.external_id)
    AND (i.document = '' OR p.document = '' OR i.document = p.document)"""


def same_use(one: str, other: str) -> str:
    """That addresses of two tables are of one person, channel and purpose."""
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in ("person_id", "channel", "purpose"))


def name_of(person: str) -> str:
    """The whole name of somebody of a table."""
    return f"TRIM({person}.first_name || ' ' || {person}.last_name)"


# Whoever is new has no row on record yet: his name is that of the file.
EITHER_NAME = f"COALESCE({name_of('i')}, {name_of('p')}, '')"


def with_name(person: str) -> str:
    """Joins for EITHER_NAME: `x` has the id of the person in this column."""
    return f"""LEFT JOIN recipients_person p ON p.id = x.{person}
LEFT JOIN planned_person t ON t.person_id = x.{person} LEFT JOIN united_person i ON i.who = t.who"""


def status_of(column: str) -> str:
    """Of several rows on one the status that counts."""
    return first_sql(column, STATUSES)


def filled(column: str) -> str:
    """Of several texts one that is not empty, where there is one: the empty text is the least."""
    return f"MAX({column})"
