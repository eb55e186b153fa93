"""The tests' own database begins as a copy of a migrated one."""

import os
import sqlite3
from contextlib import closing

import pytest
from django.conf import settings

from tests.servers.postgresql import TEMPLATE
from tests.servers.prepared import migrated_sqlite

# Where Django keeps the tests' database: in memory, for as long as somebody is connected to it.
IN_MEMORY = "file:memorydb_default?mode=memory&cache=shared"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """Called by pytest-django before it makes the database: its `migrate` then finds nothing left to do."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        with closing(sqlite3.connect(IN_MEMORY, uri=True)) as memory:
            with migrated_sqlite() as path, closing(sqlite3.connect(path)) as file:
                file.backup(memory)
            yield
    else:
        if template := os.environ.get(TEMPLATE):
            database.setdefault("TEST", {})["TEMPLATE"] = template
        yield
