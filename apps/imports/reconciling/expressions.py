"""Parts of statements that several modules need.

How statements are put together here: parts that are always the same by f-strings, at import; a statement that is needed
in several forms is a function; values are parameters, `%(name)s` (see Statements).
"""

from apps.core.ranking import first_sql
from apps.rosters.facts import STATUSES

# What a file says of a person, and the record keeps so: the columns of `staged_person`, `united_person` and the record.
NAMES = ("first_name", "last_name")
PERSON_FIELDS = (*NAMES, "external_id", "document", "language")

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


def either_name(of: str = "") -> str:
    """The name of somebody of with_name(): whoever is new has no row on record, and has the name that the file has."""
    return f"COALESCE({name_of(f'{of}i')}, {name_of(f'{of}p')}, '')"


def with_name(column: str, of: str = "") -> str:
    """Joins for either_name(): `x` has the id of the person in this column; `of` tells two people apart."""
    return f"""LEFT JOIN recipients_person {of}p ON {of}p.id = x.{column}
LEFT JOIN planned_person {of}t ON {of}t.person_id = x.{column} LEFT JOIN united_person {of}i ON {of}i.who = {of}t.who"""


def status_of(column: str) -> str:
    """Of several rows on one the status that counts."""
    return first_sql(column, STATUSES)


def filled(column: str) -> str:
    """Of several texts one that is not empty, where there is one: the empty text is the least."""
    return f"MAX({column})"
