"""Statements over everybody: what PostgreSQL is told before it plans them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DataError, connection, transaction
from django.db.backends.utils import CursorWrapper

# To sort and compare in memory; and without compiling the many parts of a statement, which takes longer than they do.
_SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off"

# A session takes it as it needs it, and keeps it; it cannot change once the session has had a temporary table.
_TEMPORARY_TABLES = "SET temp_buffers = '128MB'"


def keep_temporary_tables_in_memory() -> None:
    """To be called before a temporary table is made: on PostgreSQL they would be written to disk beyond 8 MB.

    A session that has had some under another setting keeps that: then it is slower, and no error.
    """
    if connection.vendor == "postgresql":
        with suppress(DataError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_TEMPORARY_TABLES)


@contextmanager
def large_sets() -> Iterator[CursorWrapper]:
    """A transaction whose statements compare large sets, and a cursor in it; also for queries of the ORM."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_SETTINGS)
        yield cursor
