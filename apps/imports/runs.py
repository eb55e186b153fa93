"""An import from the upload to the last row: read, compared with the record, and loaded when somebody has confirmed.

Small files are compared at once, large ones by a worker; all are loaded by a worker, whole or not at all.
"""

import logging
from collections.abc import Generator, Iterator, Sequence

from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.starting_work import start_on_commit
from apps.core.states import TransitionRefused, move
from apps.organizations.models import Unit
from apps.recipients.models import ImportRowError, ImportRun, Person
from apps.rosters import readers
from apps.rosters.columns import FIELDS
from apps.rosters.facts import Staged
from apps.rosters.mending import Mended, mended_also, mended_cells
from apps.rosters.opening import refuse_too_large
from apps.rosters.readers import FirstLook
from apps.rosters.refusing import FileRefused

from .reconciling.comparing_and_loading import Outcome, compare, load, problem_of
from .reconciling.counts import writes_anything
from .reconciling.deciding_years import current_year
from .reconciling.safety_stop import stop_sentence
from .reconciling.staging import Stage, note

logger = logging.getLogger(__name__)
# Up to here a file is read and compared while the person waits for the page.
SMALL_BYTES = 500_000
# A run that has not been heard of for so long has lost its worker.
SILENT_SECONDS = 600


def start_run(file, user, year: str = "") -> ImportRun:
    """Take an uploaded file, and read and check it if it is small. Raises FileRefused, and then keeps nothing."""
    refuse_too_large(file)
    found = readers.look(file, file.name, rows=1)
    run = ImportRun(
        file_name=file.name[:255],
        created_by=user,
        format=found.format,
        dialect=found.dialect,
        mapping={"fields": found.fields, "header": found.header} if found.header else {},
        options={"year": year or current_year(), "kind": "student"},
    )
    keep_file(run, file)
    return run


def keep_file(run: ImportRun, file) -> None:
    """Save a new run together with its file, all or nothing; small files are checked. Raises FileRefused."""
    file.seek(0)
    with transaction.atomic():
        run.file.save("people", file, save=False)
        run.save()
        if file.size <= SMALL_BYTES:
            check_run(run)


def check_run(run: ImportRun) -> None:
    """Read the whole file under the run's mapping, and keep the counts and the mistakes. Raises FileRefused."""
    stage = Stage()
    for fact in facts_of(run):
        note(stage, fact)
    counts = stage.counts()
    counts["no_name"] = not {"first_name", "full_name", "last_name"} & set(run.mapping.get("fields", ["first_name"]))
    run.rows_total, run.counts, run.examples = stage.rows, counts, stage.shown_remarks()
    with transaction.atomic():
        _keep_mistakes(run, Outcome({}, stage.first_mistakes))
        run.save()


def change_run(
    run: ImportRun,
    *,
    encoding: str,
    delimiter: str,
    fields: list[str],
    year: str,
    kind: str,
    mended: Sequence[Mended] = (),
) -> None:
    """Read the file again under what the person has chosen. Raises FileRefused, and then changes nothing."""
    with run.file.open("rb") as file:
        found = readers.look(file, run.file_name, encoding=encoding, delimiter=delimiter, rows=1)
    same_width = len(fields) == len(found.header)
    known = [each if each in FIELDS else "" for each in fields]
    run.mapping = {"fields": known if same_width else found.fields, "header": found.header}
    run.dialect = found.dialect
    run.options = run.options | {"year": year or current_year(), "kind": kind}
    if mended:
        run.options["mended"] = mended_also(mended_cells(run.options), mended)
    run.counts, run.examples, run.problem = {}, {}, ""
    if run.state != ImportRun.State.UPLOADED:
        move(run, ImportRun.State.UPLOADED)
    if run.file.size <= SMALL_BYTES:
        check_run(run)
    else:
        run.save()


def plan(run: ImportRun) -> None:
    """Compare the file with the record: small files at once, large ones by a worker.

    Raises TransitionRefused when the run is past that.
    """
    with transaction.atomic():
        move(run, ImportRun.State.PLANNING, problem="")
        cache.set(_progress_key(run), 0, SILENT_SECONDS)
        if run.file.size > SMALL_BYTES:
            start_on_commit("recipients.plan_import", run.pk, run.organization_id)
            return
    plan_import(run)


def plan_import(run: ImportRun) -> None:
    """Compare a run that is to be planned, and keep counts, mistakes and examples; else do nothing.

    What goes wrong is said in `problem`, and the run is as it was before.
    """
    if run.state != ImportRun.State.PLANNING:
        return
    try:
        outcome = compare(run, facts_of(run), lambda done: _tell(run, done))
    except (DatabaseError, FileRefused, OSError) as error:
        _end(run, ImportRun.State.UPLOADED, problem=_problem(run, error))
        return
    counts = run.counts | outcome.counts
    _keep_mistakes(run, outcome)
    _end(run, ImportRun.State.PLANNED, counts=counts, examples=outcome.examples, rows_total=counts["rows"])


class NotReady(Exception):
    """A run cannot be loaded as it is; the text is a sentence for the office."""


def confirm(run: ImportRun, leave_out: bool, allow_withdrawing: bool = False) -> None:
    """Hand the run to a worker. `allow_withdrawing`: a person has read the sentence of the safety stop, and goes on.

    Raises TransitionRefused when that was done before, and NotReady when it cannot be loaded as it is.
    """
    if not run.counts.get("people") and not writes_anything(run.counts):
        raise NotReady(_("There is nobody to load. Say which columns hold the names."))
    if run.counts.get("mistakes") and not leave_out:
        raise NotReady(_("Mend the file, or tick that the rows with mistakes are left out."))
    if not allow_withdrawing and (stop := stop_sentence(run)):
        raise NotReady(stop)
    options = run.options | {"leave_out": leave_out} | ({"allow_withdrawing": True} if allow_withdrawing else {})
    with transaction.atomic():
        move(run, ImportRun.State.QUEUED, options=options)
        start_on_commit("recipients.run_import", run.pk, run.organization_id)


def run_import(run: ImportRun) -> None:
    """Load a queued run, all or nothing. A second call does nothing."""
    try:
        move(run, ImportRun.State.RUNNING, problem="")
    except TransitionRefused:
        return
    load_running(run, facts_of(run))


def load_running(run: ImportRun, facts: Iterator[Staged]) -> None:
    """Load the facts of a run that is running; it is done or failed after that, and `problem` says why."""
    _tell(run, 0)
    try:
        outcome = load(run, facts, lambda done: _tell(run, done))
    except (DatabaseError, FileRefused, OSError) as error:
        _end(run, ImportRun.State.FAILED, problem=_problem(run, error), counts=run.counts, finished_at=timezone.now())
        return
    _keep_mistakes(run, outcome)
    counts, rows = run.counts | outcome.counts, outcome.counts["rows"]
    told = {"counts": counts, "examples": run.examples | outcome.examples, "rows_total": rows, "rows_done": rows}
    _end(run, ImportRun.State.DONE, finished_at=timezone.now(), **told)


def sweep() -> None:
    """Call the worker again for runs whose call was lost, and end those whose worker has died while it loaded."""
    for run in ImportRun.objects.filter(state=ImportRun.State.QUEUED):
        start_on_commit("recipients.run_import", run.pk, run.organization_id)
    silent = [run for run in ImportRun.objects.filter(state__in=("planning", "running")) if _is_silent(run)]
    for run in silent:
        if run.state == ImportRun.State.PLANNING:
            start_on_commit("recipients.plan_import", run.pk, run.organization_id)
        else:
            problem = _("The program that loaded it was ended. Nothing was loaded. Try once more.")
            _end(run, ImportRun.State.FAILED, problem=problem, finished_at=timezone.now())


def rows_done(run: ImportRun) -> int:
    """How many rows of a run at work are done. It is told by the cache, for the load is one open transaction."""
    working = run.state in (ImportRun.State.RUNNING, ImportRun.State.PLANNING)
    return cache.get(_progress_key(run), 0) if working else run.rows_done


def table_of(run: ImportRun) -> FirstLook:
    """The columns and the first 200 rows of a run's file. Raises FileRefused."""
    how = {name: run.dialect.get(name, "") for name in ("encoding", "delimiter")}
    with _opened(run) as file:
        return readers.look(file, run.file_name, **how)


def facts_of(run: ImportRun) -> Generator[Staged, None, None]:
    """What the file of a run says. Raises FileRefused, also midway."""
    with _opened(run) as file:
        how = {"format": run.format, "mapping": run.mapping, "dialect": run.dialect, "options": options_of(run)}
        yield from readers.read(file, run.file_name, country=run.organization.country, **how)


def options_of(run: ImportRun) -> dict:
    """How a run is to be read, with the units, and the kinds of people, that are on record under a number."""
    numbered = Unit.objects.exclude(external_id="").values_list("external_id", "name")
    return run.options | {"units": dict(numbered), "kinds": _kinds_on_record}


def _kinds_on_record() -> Iterator[tuple[str, str]]:
    """The number and the kind of everybody who has a number, one by one."""
    return Person.objects.exclude(external_id="").order_by().values_list("external_id", "kind").iterator()


def _opened(run: ImportRun):
    try:
        return run.file.open("rb")
    except (FileNotFoundError, ValueError):
        raise FileRefused(_("The file is not kept any more. Choose it again.")) from None


def _keep_mistakes(run: ImportRun, outcome: Outcome) -> None:
    fields = ("row", "column", "message", "value", "is_fatal")
    with transaction.atomic():
        run.errors.all().delete()
        ImportRowError.objects.bulk_create(
            ImportRowError(
                run=run,
                file_name=each.file[:255],
                **{name: _cut(ImportRowError, name, getattr(each, name)) for name in fields},
            )
            for each in outcome.mistakes
        )


def _cut(model, name: str, value):
    return value[: model._meta.get_field(name).max_length] if isinstance(value, str) else value


def _end(run: ImportRun, state: str, **changes) -> None:
    """Move on, unless another worker has done it."""
    try:
        move(run, state, **changes)
    except TransitionRefused:
        logger.info("import %s went on elsewhere", run.pk)


def _problem(run: ImportRun, error: Exception) -> str:
    if not isinstance(error, FileRefused):
        logger.error("import %s", run.pk, exc_info=error)
    return problem_of(error)


def _tell(run: ImportRun, done: int) -> None:
    cache.set(_progress_key(run), done, SILENT_SECONDS)


def _is_silent(run: ImportRun) -> bool:
    return cache.get(_progress_key(run)) is None


def _progress_key(run: ImportRun) -> str:
    return f"import-progress-{run.pk}"
