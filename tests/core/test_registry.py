"""A registry keeps an order, and no app takes the place of another."""

import pytest

from apps.core.registry import Registry


def test_entries_stand_by_their_order_then_as_they_were_registered():
    registry: Registry[str] = Registry()
    for key, order in (("third", 20), ("first", 10), ("fourth", 20), ("second", 10)):
        registry.register(key, key.title(), order=order)
    assert list(registry) == ["first", "second", "third", "fourth"]
    assert list(registry.values()) == ["First", "Second", "Third", "Fourth"]


def test_a_key_is_taken_once():
    registry: Registry[str] = Registry()
    registry.register("mail", "one")
    registry.register("mail", "one")  # Django may make its apps ready a second time
    for entry, order in (("another", 0), ("one", 5)):
        with pytest.raises(ValueError, match="'mail' is registered already"):
            registry.register("mail", entry, order=order)
    assert dict(registry) == {"mail": "one"}
