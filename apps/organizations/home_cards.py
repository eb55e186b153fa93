"""What the apps show on Home: each registers its cards, in its apps.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString

from apps.core.registry import Registry

from .models import Membership


@dataclass(frozen=True)
class HomeCard:
    """`context(membership)` fills `template`; None: this member has nothing to see there."""

    template: str
    context: Callable[[Membership], dict[str, Any] | None]


# What goes on: sections, one below the other. And what needs somebody: rows of one list.
SECTIONS: Registry[HomeCard] = Registry()
NEEDS: Registry[HomeCard] = Registry()


def rendered(request: HttpRequest, cards: Registry[HomeCard]) -> list[SafeString]:
    """The cards that have something for the member of this request, in their order."""
    found = []
    for card in cards.values():
        context = card.context(request.membership)  # type: ignore[attr-defined]
        if context is not None:
            found.append(_render(card.template, context | {"request": request}))
    return found


def _render(name: str, context: dict[str, Any]) -> SafeString:
    """Without what the frame of the page needs: that is worked out once, for the page."""
    return get_template(name).template.render(Context(context))  # type: ignore[attr-defined]
