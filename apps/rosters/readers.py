"""The door to all readers: which format a file has, and what it says, as the facts of facts.py."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.utils.translation import gettext as _

from . import oneroster, people_table, power_school, school_data_sync
from .facts import Staged
from .guessing_columns import SAMPLE, guess_mapping
from .opening import Files, Source, open_files
from .parts_of_sets import part_of_set
from .refusing import FileRefused
from .tables import OpenTable

FORMATS: dict[str, Callable[..., Iterator[Staged]]] = {
    "table": people_table.read_people_table,
    "oneroster": oneroster.read_oneroster,
    "sds": school_data_sync.read_school_data_sync,
    "power_school": power_school.read_power_school,
}


@dataclass
class FirstLook:
    """What a person has to see before columns are chosen. Of a folder: its format alone."""

    format: str
    dialect: dict[str, str] = field(default_factory=dict)
    header: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


def read(
    source: Source, file_name: str, *, format: str, mapping: dict, dialect: dict, options: dict, country: str
) -> Iterator[Staged]:
    """Yield the facts of a file one by one. Raises FileRefused, also midway: then nothing of the file holds.

    `source`: the content, an open binary file, or the path of a file or of a folder. `mapping`: {"fields": a field of
    columns.FIELDS for each column} (tables alone). `dialect`: {"encoding", "delimiter"}, found out where empty.
    `options`: "year" (name of the year of classes that name none), "kind" (who the rows are, when no column says so),
    "coverage" ("delta": the file has changes alone), "units" (number -> name of those on record), "mended"
    (see mending; tables alone), "kinds" (gives number and kind of everybody on record). `country`: of numbers written
    without a code.
    """
    reader = FORMATS.get(format)
    if reader is None:
        raise FileRefused(_("Files of the format “%(format)s” are not known.") % {"format": format[:20]})
    with open_files(source, file_name) as files:
        yield from reader(files, mapping=mapping, dialect=dialect, options=options, country=country)


def detect(source: Source, file_name: str) -> str:
    """The format of a file, one of FORMATS. Raises FileRefused."""
    with open_files(source, file_name) as files:
        return _format_of_folder(files) if files.is_folder else _format_of_table(files.only_table())


def look(source: Source, file_name: str, *, encoding: str = "", delimiter: str = "", rows: int = 200) -> FirstLook:
    """Format, columns and first rows of a file. Raises FileRefused."""
    with open_files(source, file_name) as files:
        if files.is_folder:
            return FirstLook(_format_of_folder(files))
        opened = files.only_table(encoding, delimiter)
        found = FirstLook(_format_of_table(opened), header=opened.header)
        found.dialect = {"kind": opened.kind, "encoding": opened.encoding, "delimiter": opened.delimiter}
        numbered = list(islice(opened.rows(), max(rows, SAMPLE)))
        found.fields = guess_mapping(opened.header, [cells for _number, cells in numbered[:SAMPLE]])
        found.rows = numbered[:rows]
        return found


def _format_of_table(table: OpenTable) -> str:
    part = part_of_set(table.header)
    if part:
        words = {"set": part[0], "file": part[1]}
        raise FileRefused(_("This is one file of a %(set)s set (%(file)s). Put all its files into one ZIP.") % words)
    return "power_school" if power_school.is_contacts_export(table.header) else "table"


def _format_of_folder(files: Files) -> str:
    if oneroster.is_oneroster(files):
        return "oneroster"
    if school_data_sync.is_school_data_sync(files):
        return "sds"
    raise FileRefused(_("No users.csv, Student.csv or manifest.csv is in it: the format is not known."))
