"""What uses groups, years and units: messages that wait, filters. Those who keep these, the apps above, say so here."""

from collections.abc import Callable
from dataclasses import dataclass, field

from apps.core.registry import Registry


@dataclass(frozen=True)
class Going:
    """What is about to be deleted, by ids; a year goes with its groups."""

    groups: list[int] = field(default_factory=list)
    years: list[int] = field(default_factory=list)
    units: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Uses:
    """Sentences: why it must stay for now (none: it may go), and what its going means for what stays."""

    must_stay: list[str] = field(default_factory=list)
    consequences: list[str] = field(default_factory=list)


# Who says what uses the groups, years and units that are about to go; and who hears that they go now.
ASKED: Registry[Callable[[Going], Uses]] = Registry()
TOLD: Registry[Callable[[Going], None]] = Registry()


def tell(going: Going) -> None:
    """They are deleted now, within the same transaction."""
    for hear in TOLD.values():
        hear(going)


def uses_of(going: Going) -> Uses:
    found = [ask(going) for ask in ASKED.values()]
    return Uses([each for uses in found for each in uses.must_stay], [e for uses in found for e in uses.consequences])
