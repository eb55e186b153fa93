"""What became of the imports that the clock starts: the office is told in the morning, not asked to look."""

from apps.recipients.models import ImportRun

_LOOKED_AT = 50


def failed_by_the_clock() -> list[ImportRun]:
    """Of each source whose newest import was started by the clock and did not load, that import; newest first."""
    seen: set[int | None] = set()
    failed = []
    ended = ImportRun.objects.filter(state__in=(ImportRun.State.DONE, ImportRun.State.FAILED)).select_related("source")
    for run in ended[:_LOOKED_AT]:
        if run.source_id in seen or (run.source_id is None and run.created_by_id):
            continue
        seen.add(run.source_id)
        if run.state == ImportRun.State.FAILED and run.created_by_id is None:
            failed.append(run)
    return failed
