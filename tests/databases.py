"""The tests' own database begins as a copy of a migrated one, and the tests that use it are known by a mark."""

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use the database, before `-m` chooses: the others behave alike whatever the database."""
    for item in items:
        if uses_the_database(item):
            item.add_marker(pytest.mark.database)


def uses_the_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return bool(item.get_closest_marker("django_db")) or "db" in fixtures or "transactional_db" in fixtures
