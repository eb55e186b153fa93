"""The safety stop: a load that would make too many leave, or cannot read too many rows, waits for a person."""

from django.utils.translation import gettext as _

from ..models import ImportRun


def stop_sentence(run: ImportRun) -> str:
    """Why a run of a source is not loaded unless a person confirms it; empty when nothing stands against it."""
    if run.source is None or run.options.get("allow_withdrawing") is True:
        return ""
    percent = run.options.get("allow_withdrawing", run.source.most_withdrawn)
    counts = run.counts
    if counts.get("left_out", 0) * 100 > percent * counts.get("rows", 0):
        part = {"number": counts["left_out"], "rows": counts["rows"], "percent": percent}
        return _("%(number)s of %(rows)s rows cannot be read: more than %(percent)s %%. Nothing is loaded.") % part
    leaving = counts.get("withdrawn_of_source", 0)
    if leaving * 100 > percent * counts.get("kept_in_step", 0):
        part = {"number": leaving, "all": counts["kept_in_step"], "percent": percent}
        return _("%(number)s of %(all)s people would leave: more than %(percent)s %%. Nothing is loaded.") % part
    return ""
