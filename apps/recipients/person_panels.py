"""What the apps above show on a person's page: each registers a panel, in its apps.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from .models import Person


@dataclass(frozen=True)
class Panel:
    """`context(request, person)` fills `template`; None: this member sees nothing. Lower `order` stands first."""

    order: int
    template: str
    context: Callable[[HttpRequest, Person], dict[str, Any] | None]


_PANELS: list[Panel] = []


def register(panel: Panel) -> None:
    """Show a panel on every person's page."""
    if panel not in _PANELS:
        _PANELS.append(panel)


def panels_of(request: HttpRequest, person: Person) -> list[SafeString]:
    """The panels of a person's page, rendered, in their order."""
    found = []
    for panel in sorted(_PANELS, key=lambda each: each.order):
        context = panel.context(request, person)
        if context is not None:
            found.append(render_to_string(panel.template, context | {"person": person}, request))
    return found
