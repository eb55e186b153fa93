"""An import from the upload to the last row: checked at once, and loaded by a worker when somebody has confirmed."""

import logging
from collections.abc import Iterator

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.starting_work import start_on_commit
from apps.core.states import TransitionRefused, move

from ..models import AcademicYear, ImportRowError, ImportRun
from .checking import RowChecker, checked_rows
from .columns import FIELDS, guess_mapping
from .loading import Loader, school_year_of
from .reading import MAX_BYTES, FileRefused, Table, read_table
from .records import PersonRecord, RowProblem, YearDates
from .sds import is_sds, read_sds

logger = logging.getLogger(__name__)
ERRORS_KEPT = 500
# A running import that has not been heard of for so long has lost its worker.
SILENT_SECONDS = 600


def start_run(file, user, year: str = "") -> ImportRun:
    """Read and check an uploaded file; nothing is loaded. Raises FileRefused, and then keeps nothing."""
    if file.size > MAX_BYTES:
        raise FileRefused(_("The file is larger than 50 MB. Split it, or take out what is not needed."))
    content = file.read()
    run = ImportRun(
        file_name=file.name[:255], created_by=user, options={"year": year or _current_year(), "kind": "student"}
    )
    run.format = ImportRun.Format.SDS if is_sds(content) else ImportRun.Format.TABLE
    if run.format == ImportRun.Format.TABLE:
        table = read_table(content, file.name)
        run.dialect = {"kind": table.kind, "encoding": table.encoding, "delimiter": table.delimiter}
        run.mapping = {"fields": guess_mapping(table.header)}
    else:
        read_sds(content, run.organization.country)
    with transaction.atomic():
        run.file.save("people", ContentFile(content), save=False)
        run.save()
        check_run(run)
    return run


def check_run(run: ImportRun) -> None:
    """Check the whole file under the run's mapping, and keep the counts and the mistakes. Raises FileRefused."""
    problems: list[RowProblem] = []
    rows = people = 0
    for record, found in _records(run):
        rows += 1
        people += record is not None
        problems += found
    guardians_missing = "first_name" not in run.mapping.get("fields", ["first_name"])
    run.rows_total = rows
    run.counts = {"rows": rows, "people": people, "mistakes": len(problems), "no_name": guardians_missing}
    with transaction.atomic():
        run.errors.all().delete()
        kept = [
            ImportRowError(run=run, file_name=each.file_name, row=each.row, column=each.column, message=each.message)
            for each in problems[:ERRORS_KEPT]
        ]
        ImportRowError.objects.bulk_create(kept)
        run.save()


def change_run(run: ImportRun, *, encoding: str, delimiter: str, fields: list[str], year: str, kind: str) -> None:
    """Read the file again under what the person has chosen. Raises FileRefused, and then changes nothing."""
    content = _content(run)
    table = read_table(content, run.file_name, encoding, delimiter)
    same_width = len(fields) == len(table.header)
    known = [each if each in FIELDS else "" for each in fields]
    run.mapping = {"fields": known if same_width else guess_mapping(table.header)}
    run.dialect = {"kind": table.kind, "encoding": table.encoding, "delimiter": table.delimiter}
    run.options = run.options | {"year": year or _current_year(), "kind": kind}
    check_run(run)


def confirm(run: ImportRun, leave_out: bool) -> None:
    """Hand the run to a worker.

    Raises TransitionRefused when that was done before, and ValueError with a sentence when it is not ready.
    """
    if not run.counts.get("people"):
        raise ValueError(_("There is nobody to load. Say which columns hold the names."))
    if run.counts.get("mistakes") and not leave_out:
        raise ValueError(_("Mend the file, or tick that the rows with mistakes are left out."))
    with transaction.atomic():
        move(run, ImportRun.State.QUEUED, options=run.options | {"leave_out": leave_out})
        start_on_commit("recipients.run_import", run.pk, run.organization_id)


def run_import(run: ImportRun) -> None:
    """Load a queued run, all or nothing. A second call does nothing."""
    try:
        move(run, ImportRun.State.RUNNING)
    except TransitionRefused:
        return
    cache.set(_progress_key(run), 0, SILENT_SECONDS)
    try:
        counts = _load(run)
    except (DatabaseError, FileRefused, OSError) as error:
        logger.exception("import %s", run.pk)
        move(run, ImportRun.State.FAILED, problem=_problem(error), finished_at=timezone.now())
        return
    move(run, ImportRun.State.DONE, counts=run.counts | counts, finished_at=timezone.now(), rows_done=run.rows_total)


def sweep() -> None:
    """Call the worker again for queued runs whose call was lost, and end those whose worker has died."""
    for run in ImportRun.objects.filter(state=ImportRun.State.QUEUED):
        start_on_commit("recipients.run_import", run.pk, run.organization_id)
    for run in ImportRun.objects.filter(state=ImportRun.State.RUNNING):
        if cache.get(_progress_key(run)) is None:
            problem = _("The program that loaded it was ended. Nothing was loaded. Try once more.")
            move(run, ImportRun.State.FAILED, problem=problem, finished_at=timezone.now())


def rows_done(run: ImportRun) -> int:
    """How many rows of a running import are done. It is told by the cache, for the load is one open transaction."""
    return cache.get(_progress_key(run), 0) if run.state == ImportRun.State.RUNNING else run.rows_done


def table_of(run: ImportRun) -> Table:
    """The file of a run as a table. Raises FileRefused."""
    return read_table(_content(run), run.file_name, run.dialect.get("encoding", ""), run.dialect.get("delimiter", ""))


def _load(run: ImportRun) -> dict[str, int]:
    years: list[YearDates] = []
    if run.format == ImportRun.Format.SDS:
        _people, _problems, years = read_sds(_content(run), run.organization.country)
    # Read and checked before the transaction: SQLite has one writer, and parsing must not keep the others waiting.
    good = [record for record, _found in _records(run) if record is not None]
    with transaction.atomic():
        loader = Loader(years)
        loader.load(good, lambda done: cache.set(_progress_key(run), done, SILENT_SECONDS))
    return dict(loader.counts)


def _records(run: ImportRun) -> Iterator[tuple[PersonRecord | None, list[RowProblem]]]:
    if run.format == ImportRun.Format.SDS:
        records, problems, _years = read_sds(_content(run), run.organization.country)
        yield from ((record, []) for record in records)
        yield from ((None, [problem]) for problem in problems)
        return
    table = table_of(run)
    options = {"year": run.options.get("year", ""), "default_kind": run.options.get("kind", "student")}
    checker = RowChecker(table, run.mapping["fields"], country=run.organization.country, **options)
    yield from checked_rows(table, checker)


def _content(run: ImportRun) -> bytes:
    try:
        with run.file.open("rb") as file:
            return file.read()
    except FileNotFoundError:
        raise FileRefused(_("The file is not kept any more. Choose it again.")) from None


def _current_year() -> str:
    year = AcademicYear.current()
    return year.name if year and year.ends_on >= timezone.localdate() else school_year_of(timezone.localdate())


def _problem(error: Exception) -> str:
    if isinstance(error, FileRefused):
        return str(error)
    return _("Bedel could not write it. Nothing was loaded. Try once more; if it happens again, ask the operator.")


def _progress_key(run: ImportRun) -> str:
    return f"import-progress-{run.pk}"
