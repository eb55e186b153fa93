"""What uses groups, years and units: messages that wait, filters. Those who keep these, the apps above, say so here."""

from collections.abc import Callable
from dataclasses import dataclass, field


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


Asked = Callable[[Going], Uses]
Told = Callable[[Going], None]
_asked: list[Asked] = []
_told: list[Told] = []


def register(asked: Asked, told: Told | None = None) -> None:
    """Let `asked` say what uses the groups, years and units that are about to go; `told` hears that they go now."""
    if asked not in _asked:
        _asked.append(asked)
    if told and told not in _told:
        _told.append(told)


def tell(going: Going) -> None:
    """They are deleted now, within the same transaction."""
    for each in _told:
        each(going)


def uses_of(going: Going) -> Uses:
    found = [asked(going) for asked in _asked]
    return Uses([each for uses in found for each in uses.must_stay], [e for uses in found for e in uses.consequences])
