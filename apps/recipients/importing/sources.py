"""Sources: a file that comes again and again, read as it was read the first time, from the browser or in place."""

from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import ImportRun, ImportSource
from . import readers
from .opening import FileRefused
from .opening import Source as Opened
from .reading import MAX_BYTES
from .reconciling import Outcome, compare
from .runs import keep_file, load_running

# Of one run, and not of its source: next year it would be wrong.
_OF_A_RUN = ("year", "leave_out", "allow_withdrawing")


def save_as_source(run: ImportRun, name: str, *, withdraws: bool = False, most_withdrawn: int = 10) -> ImportSource:
    """Keep how a run was read under a name, and count the run as its first. Raises ValueError with a sentence."""
    name = " ".join(name.split())[:100]
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
    if file.size > MAX_BYTES:
        raise FileRefused(_("The file is larger than 50 MB. Split it, or take out what is not needed."))
    run = _new_run(source, file, file.name)
    run.created_by = user
    keep_file(run, file)
    return run


def source_for(name: str, path: Path) -> ImportSource:
    """The source of this name. A folder whose format names its own columns needs none saved before: it gets one.

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
    return ImportSource.objects.create(name=name[:100], format=found.format, dialect=found.dialect)


def compare_in_place(source: ImportSource, path: Path) -> Outcome:
    """What loading a file or folder of this machine would do. Raises FileRefused."""
    run = _new_run(source, path, path.name)
    return compare(run, _facts(run, path))


def load_in_place(source: ImportSource, path: Path, allow_withdrawing: int | None = None) -> ImportRun:
    """Load a file or folder of this machine; the run is done or failed. `allow_withdrawing`: another percentage."""
    try:
        run = _new_run(source, path, path.name)
    except FileRefused as refusal:
        failed = {"state": ImportRun.State.FAILED, "problem": str(refusal), "finished_at": timezone.now()}
        return ImportRun.objects.create(source=source, file_name=path.name[:255], format=source.format, **failed)
    if allow_withdrawing is not None:
        run.options = run.options | {"allow_withdrawing": allow_withdrawing}
    run.state = ImportRun.State.RUNNING
    run.save()
    load_running(run, _facts(run, path))
    return run


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
    how = {"format": run.format, "mapping": run.mapping, "dialect": run.dialect, "options": run.options}
    return readers.read(path, path.name, country=run.organization.country, **how)
