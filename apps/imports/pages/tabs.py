"""The pages of imports beside the four steps: what is to be decided, what is saved, what was."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..conflicts import number_to_decide

_LABELS: dict[str, Promise] = {
    "new": _("New import"),
    "conflicts": _("To be decided"),
    "sources": _("Saved imports"),
    "past": _("Past imports"),
}


@dataclass(frozen=True)
class Section:
    label: Promise
    url: str
    is_current: bool
    number: int


def sections(current: str, url: Callable[..., str]) -> list[Section]:
    """All of them, with the number to decide. `url` makes the path of a page from its name."""
    waiting = number_to_decide()
    return [
        Section(label, url(f"imports:{name}"), name == current, waiting if name == "conflicts" else 0)
        for name, label in _LABELS.items()
    ]
