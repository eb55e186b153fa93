"""Marks that tests get by themselves: by these a run chooses its tests, and shares them out among its processes."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Set the marks before `-m` chooses by them."""
    for item in items:
        if uses_the_database(item):
            item.add_marker(pytest.mark.database)
        if item.get_closest_marker("server"):
            item.add_marker(pytest.mark.xdist_group(group(item)))


def uses_the_database(item: pytest.Item) -> bool:
    """Whether it could behave differently on another database."""
    fixtures = getattr(item, "fixturenames", ())
    return bool(item.get_closest_marker("django_db")) or "db" in fixtures or "transactional_db" in fixtures


def group(item: pytest.Item) -> str:
    """What stays in one process, so that each server is started once: the demo's tests, and those of one file."""
    return "demo" if "demo" in getattr(item, "fixturenames", ()) else item.path.stem
