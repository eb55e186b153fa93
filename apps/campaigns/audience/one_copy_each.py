"""One row per person and address, in SQL; and of the rows that share an address, which one gets the copy."""

from apps.core.ranking import first_sql

from .reasons import RANK, Reason
from .ways_in import Way

# Of the ways by which one person came in at one address.
FIRST_REASON = first_sql("reason", RANK)

_GROUPED = f"""grouped AS (
    SELECT recipient_id, normalized, MIN(address) AS address, {FIRST_REASON} AS reason, MIN(way) AS way,
        MIN(contact_point_id) AS contact_point_id, MIN(name) AS name, MIN(row_id) AS row_id
    FROM candidate GROUP BY normalized, recipient_id
)"""

# A list may have people on it whom the writer does not know of: he reads that they are left out, not who they are.
# An address that he typed himself he knows.
_IS_HIDDEN = f"""placed.reason = '{Reason.OUTSIDE_GROUPS}'
            AND (placed.recipient_id IS NOT NULL OR placed.way <> {Way.TYPED})"""


def recipients(has_files: bool) -> str:
    """`grouped`, `placed` and `recipient`. Only the rows of files have variables of their own; without, a join less."""
    return ", ".join([_GROUPED, _placed(has_files), _recipient(has_files)])


def _placed(has_files: bool) -> str:
    """`placed`: the rows that share an address in their order, and the row of a file that holds for all of them.

    What a file says of an address holds for whoever is on record with it, too; it is of one row, also where two files
    have the address.
    """
    file_row = "MIN(row_id) OVER (PARTITION BY normalized)" if has_files else "row_id"
    return f"""placed AS (
    SELECT grouped.*, {file_row} AS file_row, ROW_NUMBER() OVER (
        PARTITION BY normalized, CASE WHEN reason = '' THEN 0 ELSE 1 END ORDER BY way, recipient_id) AS place
    FROM grouped
)"""


def _recipient(has_files: bool) -> str:
    """`recipient`: the final row, with what the log says of it."""
    name = "u.name, placed.name" if has_files else "placed.name"
    variables = "u.variables" if has_files else "CAST(NULL AS jsonb)"
    file = "LEFT JOIN targetlists_uploadedrow u ON u.id = placed.file_row" if has_files else ""
    return f"""recipient AS (
    SELECT placed.recipient_id, placed.normalized, placed.contact_point_id,
        CASE WHEN {_IS_HIDDEN} THEN '' ELSE placed.address END AS address,
        CASE WHEN placed.reason = '' AND placed.place > 1 THEN '{Reason.SAME_ADDRESS}' ELSE placed.reason END AS reason,
        CASE WHEN {_IS_HIDDEN} THEN ''
            ELSE COALESCE(NULLIF(TRIM(p.first_name || ' ' || p.last_name), ''), {name}, '') END AS name,
        COALESCE(p.search_name, placed.normalized) AS search_name, COALESCE(p.language, '') AS language,
        {variables} AS variables
    FROM placed
    LEFT JOIN recipients_person p ON p.id = placed.recipient_id
    {file}
)"""
