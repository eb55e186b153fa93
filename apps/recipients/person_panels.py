"""What the apps above show on a person's page: each registers a panel, in its apps.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.core.registry import Registry

from .models import Person


@dataclass(frozen=True)
class Panel:
    """`context(request, person)` fills `template`; None: this member sees nothing."""

    template: str
    context: Callable[[HttpRequest, Person], dict[str, Any] | None]


PANELS: Registry[Panel] = Registry()


def panels_of(request: HttpRequest, person: Person) -> list[SafeString]:
    """The panels of a person's page, rendered, in their order."""
    found = []
    for panel in PANELS.values():
        context = panel.context(request, person)
        if context is not None:
            found.append(render_to_string(panel.template, context | {"person": person}, request))
    return found
