"""Declared state machines: the allowed transitions of a model stand in one place and are made by a guarded UPDATE."""

from collections.abc import Mapping
from typing import Any

from django.db import models


class TransitionRefused(Exception):
    """The row was not in a state from which this transition may start (somebody else was faster, or a bug)."""


def check_transitions(states: type[models.TextChoices], transitions: Mapping[str, set[str]]) -> None:
    """Fail at import when a table of transitions names a state that does not exist or forgets one."""
    known = set(states.values)
    named = set(transitions) | {target for targets in transitions.values() for target in targets}
    if named - known or known - set(transitions):
        raise ValueError(f"transitions of {states.__name__} do not fit its states: {sorted(named ^ known)}")


def move(instance: models.Model, target: str, **changes: Any) -> None:
    """Move `instance` to the state `target` and write `changes` with it, in one guarded UPDATE.

    The model declares `TRANSITIONS` (state -> set of targets) and a field `state`.
    Raises TransitionRefused when the move is not declared, or when the row has left its state in the meantime.
    """
    current = instance.state  # type: ignore[attr-defined]
    if target not in instance.TRANSITIONS[current]:  # type: ignore[attr-defined]
        raise TransitionRefused(f"{instance!r}: {current} -> {target} is not declared")
    manager = type(instance)._default_manager
    if not manager.filter(pk=instance.pk, state=current).update(state=target, **changes):
        raise TransitionRefused(f"{instance!r} is no longer {current}")
    instance.state = target  # type: ignore[attr-defined]
    for name, value in changes.items():
        setattr(instance, name, value)
