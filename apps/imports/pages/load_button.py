"""What the button under the changes of an import does, in its own words."""

from collections.abc import Mapping

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..reconciling.counts import writes_anything

_PEOPLE = ("created", "changed", "returned", "details", "unchanged")


def button_of(counts: Mapping[str, int]) -> str:
    """`Load 12 people`, `Withdraw 3 people`, or both; empty where a load would change nothing."""
    leaving = counts.get("withdrawn", 0)
    # Somebody may stand in many rows: these are people, each counted once.
    loaded = sum(counts.get(kind, 0) for kind in _PEOPLE)
    if not writes_anything(counts):
        return _withdraw(leaving) if leaving else ""
    if not loaded:
        return _withdraw(leaving) if leaving else _("Load the changes")
    if not leaving:
        return ngettext("Load %(shown)s person", "Load %(shown)s people", loaded) % {"shown": intcomma(loaded)}
    words = {"shown": intcomma(loaded), "leaving": intcomma(leaving)}
    return (
        ngettext("Load %(shown)s person, withdraw %(leaving)s", "Load %(shown)s people, withdraw %(leaving)s", loaded)
        % words
    )


def _withdraw(number: int) -> str:
    return ngettext("Withdraw %(shown)s person", "Withdraw %(shown)s people", number) % {"shown": intcomma(number)}
