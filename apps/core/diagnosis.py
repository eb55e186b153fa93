"""Whether the parts of an installation work: each app registers its checks, in its apps.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .registry import Registry

OK = "ok"


@dataclass(frozen=True)
class Check:
    """`ask` returns OK, or a few words on why not. It raises nothing, and names no secret: anybody may read /healthz.

    `when_not` says in plain words what to do then.
    """

    ask: Callable[[], str]
    when_not: Any


# By the name of the part, in the order in which they are told.
CHECKS: Registry[Check] = Registry()


def report(parts: list[str] | None = None) -> dict[str, str]:
    """Each part's name (all, where none are given) with OK, or a few words on why not."""
    return {name: CHECKS[name].ask() for name in parts or CHECKS}


def is_healthy(report: dict[str, str]) -> bool:
    return all(answer == OK for answer in report.values())
