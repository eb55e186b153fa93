"""Sources: a file that comes again and again, read as it was read the first time, from the browser or in place."""

from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.recipients.models import ImportRun, ImportSource
from apps.rosters import readers
from apps.rosters.opening import Source as Opened
from apps.rosters.opening import refuse_too_large
from apps.rosters.refusing import FileRefused

from .reconciling.comparing_and_loading import Outcome, compare
from .reconciling.safety_stop import stop_sentence
from .runs import change_run, keep_file, load_running, options_of

# Of one run, and not of its source: next year it would be wrong.
_OF_A_RUN = ("year", "leave_out", "allow_withdrawing", "mended")


def save_as_source(run: ImportRun, name: str, *, withdraws: bool = False, most_withdrawn: int = 10) -> ImportSource:
    """Keep how a run was read under a name, and count the run as its first. Raises ValueError with a sentence."""
    name = _as_name(name)
    if not name:
        raise ValueError(_("Give the source a name."))
    if ImportSource.objects.filter(name=name).exclude(pk=run.source_id).exists():
        raise ValueError(_("There is a source called %(name)s already.") % {"name": name})
    source = run.source or ImportSource()
    source.name, source.format, source.mapping, source.dialect = name, run.format, run.mapping, run.dialect
    source.options = {key: value for key, value in run.options.items() if key not in _OF_A_RUN}
    source.withdraws, source.most_withdrawn = withdraws, most_withdrawn
    source.save()
    run.source = source
    run.save(update_fields=["source"])
    return source


def run_of(source: ImportSource, file, user) -> ImportRun:
    """An uploaded file, to be read as the source says. Raises FileRefused, and then keeps nothing."""
    refuse_too_large(file)
    run = _new_run(source, file, file.name)
    run.created_by = user
    keep_file(run, file)
    return run


def take_mapping(run: ImportRun, source: ImportSource) -> int:
    """Let the columns of a run mean what they mean in a saved import, by their headings; return how many it knows.

    Columns that it does not know stay as they are, and 0 changes nothing. Raises FileRefused, and TransitionRefused
    when the run is past that.
    """
    known = dict(zip(source.mapping.get("header", []), source.mapping.get("fields", []), strict=False))
    header = run.mapping.get("header", [])
    number = sum(heading in known for heading in header)
    if number:
        fields = [known.get(heading, field) for heading, field in zip(header, run.mapping["fields"], strict=True)]
        how = {name: run.dialect.get(name, "") for name in ("encoding", "delimiter")}
        options = run.options | source.options
        change_run(run, **how, fields=fields, year=options.get("year", ""), kind=options.get("kind", "student"))
    return number


def compare_in_place(name: str, path: Path, allow_withdrawing: int | None = None) -> tuple[Outcome, str]:
    """What load_in_place() would do, and the sentence of the safety stop, if that would hold it. Keeps nothing.

    Raises FileRefused.
    """
    run = _run_in_place(name, path, allow_withdrawing)
    outcome = compare(run, _facts(run, path))
    run.counts = outcome.counts
    return outcome, stop_sentence(run)


def load_in_place(name: str, path: Path, allow_withdrawing: int | None = None) -> ImportRun:
    """Load a file or folder of this machine as the source called `name` says; the run is done or failed.

    `allow_withdrawing`: another percentage than that of the source. A file that is refused leaves a failed run too, so
    that the office sees in the morning that nothing came.
    """
    try:
        run = _run_in_place(name, path, allow_withdrawing)
    except FileRefused as refusal:
        return _refused(name, path, str(refusal))
    if run.source and run.source.pk is None:
        run.source.save()
    run.state = ImportRun.State.RUNNING
    run.save()
    load_running(run, _facts(run, path))
    return run


def _run_in_place(name: str, path: Path, allow_withdrawing: int | None) -> ImportRun:
    """A run that is not kept yet. Raises FileRefused."""
    run = _new_run(_source_for(name, path), path, _name_of(path))
    if allow_withdrawing is not None:
        run.options = run.options | {"allow_withdrawing": allow_withdrawing}
    return run


def _source_for(name: str, path: Path) -> ImportSource:
    """The source of this name. A folder whose format names its own columns needs none saved before: it gets a new one.

    Raises FileRefused when there is none, and the columns of the file have to be chosen by a person.
    """
    source = ImportSource.objects.filter(name=name).first()
    if source is not None:
        return source
    found = readers.look(path, path.name, rows=1)
    if found.header:
        raise FileRefused(
            _("There is no source called %(name)s. Import the file in the browser once.") % {"name": name}
        )
    if not name or name != _as_name(name):
        raise FileRefused(_("A source cannot be called “%(name)s”.") % {"name": name[:110]})
    return ImportSource(name=name, format=found.format, dialect=found.dialect)


def _refused(name: str, path: Path, problem: str) -> ImportRun:
    source = ImportSource.objects.filter(name=name).first()
    return ImportRun.objects.create(
        source=source,
        file_name=_name_of(path)[:255],
        format=source.format if source else "",
        state=ImportRun.State.FAILED,
        problem=problem,
        finished_at=timezone.now(),
    )


def _as_name(text: str) -> str:
    """A name as a source can have it; "" when nothing is left of it."""
    return " ".join(text.split())[:100]


def _name_of(path: Path) -> str:
    """Also where a folder is given as `.`."""
    return path.absolute().name


def _new_run(source: ImportSource, file: Opened, file_name: str) -> ImportRun:
    found = readers.look(
        file,
        file_name,
        encoding=source.dialect.get("encoding", ""),
        delimiter=source.dialect.get("delimiter", ""),
        rows=1,
    )
    if found.format != source.format:
        raise FileRefused(_("This is not the kind of file that %(name)s has had so far.") % {"name": source.name})
    mapping = _mapping(source, found.header) if found.header else source.mapping
    how = {"dialect": found.dialect, "mapping": mapping, "options": source.options}
    return ImportRun(source=source, file_name=file_name[:255], format=source.format, **how)


def _mapping(source: ImportSource, header: list[str]) -> dict[str, list[str]]:
    """The mapping of the source for a file whose columns may stand in another order. Raises FileRefused."""
    fields = source.mapping.get("fields", [])
    known = source.mapping.get("header", [])
    if header == known or not known:
        return source.mapping
    by_heading = {heading: field for heading, field in zip(known, fields, strict=True) if field}
    missing = [heading for heading in by_heading if heading not in header]
    if missing:
        names = {"columns": ", ".join(missing)[:200], "name": source.name}
        raise FileRefused(_("Columns of %(name)s are missing in this file: %(columns)s.") % names)
    return {"fields": [by_heading.get(heading, "") for heading in header], "header": header}


def _facts(run: ImportRun, path: Path):
    how = {"format": run.format, "mapping": run.mapping, "dialect": run.dialect, "options": options_of(run)}
    return readers.read(path, path.name, country=run.organization.country, **how)
