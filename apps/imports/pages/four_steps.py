"""The four steps of an import: which of them a run has come to, and where each stands."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.recipients.models import ImportRun

State = ImportRun.State
LOADING = frozenset({State.QUEUED, State.RUNNING, State.DONE, State.FAILED})
CHOOSING = frozenset({State.UPLOADED, State.PLANNED})
AT_WORK = frozenset({State.PLANNING, State.QUEUED, State.RUNNING})
_LABELS: dict[str, Promise] = {"file": _("File"), "columns": _("Columns"), "changes": _("Changes"), "load": _("Load")}


@dataclass(frozen=True)
class Step:
    """`url` is empty where the run has not come to it yet."""

    label: Promise
    url: str
    is_current: bool
    is_done: bool


def step_of(run: ImportRun | None) -> str:
    """The step at which a run is; of one that is not there yet, the first."""
    if run is None:
        return "file"
    if run.state in LOADING:
        return "load"
    return "columns" if run.state == State.UPLOADED else "changes"


def steps_of(run: ImportRun | None, current: str, url: Callable[..., str]) -> list[Step]:
    """All four, as the page of one of them shows them. `url` makes the path of a page from its name."""
    names = list(_LABELS)
    reached = names.index(step_of(run))
    return [
        Step(
            label,
            url(f"imports:{name}", run.pk) if run is not None and place <= reached else "",
            name == current,
            place < reached or (run is not None and run.state == State.DONE),
        )
        for place, (name, label) in enumerate(_LABELS.items())
    ]
