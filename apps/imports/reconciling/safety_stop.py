"""The safety stop: a load that would take too many away, or cannot read too many rows, waits for a person."""

from django.utils.translation import gettext as _

from apps.recipients.models import ImportRun

from .counts import writes_anything

# What has nobody in it went wrong where it was made; a roster may have changes to classes alone, or none.
_TABLES = (ImportRun.Format.TABLE, ImportRun.Format.POWER_SCHOOL)


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
    is_empty = not counts.get("people") and not writes_anything(counts)
    if is_empty and run.format in _TABLES and not counts.get("left_out"):
        return _("Nobody is in this file: it has no rows. Nothing is loaded.")
    if is_empty and counts.get("unplaced"):
        return _("Nobody in this file of changes is on record. Load the whole roster first. Nothing is loaded.")
    return _loss(counts, "enrolments", percent) or _loss(counts, "guardianships", percent)


def _loss(counts: dict[str, int], name: str, percent: int) -> str:
    """Whether a file whose part with classes or guardians is cut off would take them from too many.

    Who changes class loses one and gets one.
    """
    lost = counts.get(f"{name}_removed", 0) - counts.get(name, 0)
    kept = counts.get(f"{name}_kept", 0)
    if not kept or lost * 100 <= percent * kept:
        return ""
    part = {"number": lost, "all": kept, "percent": percent}
    if name == "enrolments":
        sentence = _("%(number)s of %(all)s places in classes would go: more than %(percent)s %%. Nothing is loaded.")
    else:
        sentence = _("%(number)s of %(all)s guardians would go: more than %(percent)s %%. Nothing is loaded.")
    return sentence % part
