"""Statements over everybody: what PostgreSQL is told before it plans them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

# To sort and compare in memory; and without compiling the many parts of a statement, which takes longer than they do.
_SETTINGS = "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off"


@contextmanager
def large_sets() -> Iterator[CursorWrapper]:
    """A transaction whose statements compare large sets, and a cursor in it; also for queries of the ORM."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_SETTINGS)
        yield cursor
