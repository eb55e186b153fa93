"""A file of addresses becomes a list: its first row names the columns, and the further columns become tags."""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.merge_tags import tag_name
from apps.core.normalizing import normalize_email, printable
from apps.organizations.scoping import current_organization
from apps.rosters.opening import open_uploaded_table
from apps.rosters.refusing import FileRefused
from apps.rosters.tables import OpenTable

from .file_mistakes import Mistakes
from .file_values import as_read_in
from .models import UploadedList, UploadedRow

__all__ = ["MAX_ROWS", "FileRefused", "upload_list"]

MAX_ROWS = 200_000
PORTION = 2_000
MAX_VARIABLES = 50
ROWS_NAMED = 10
VALUE_LENGTH = 2_000
VALUE_SHOWN = 40
NAME_LENGTH = 200
# What a tag of a message already means; a column may not take its place.
RESERVED = {"first_name", "last_name", "name", "student_first_name", "student_name", "students", "group", "school"}
RESERVED |= {"sender", "today", "school_year", "unsubscribe_link", "bedel_question", "bedel_footer"}
RESERVED |= {"bedel_question_text", "bedel_footer_text", "bedel_parts", "bedel_parts_text"}


def upload_list(file, user, normalize: Callable[[str], str] = normalize_email) -> UploadedList:
    """Read an uploaded file (address, name, then any columns) into an UploadedList, whole or not at all.

    `normalize` raises ValidationError for a cell that is no address.

    Its `about_repeated` is a sentence on rows that repeat an address: of these the first counts. Raises
    FileHasMistakes with rows, columns and values that do not match, and FileRefused when it cannot be read at all.
    """
    cell_text = as_read_in(current_organization().language)
    with open_uploaded_table(file, cell_text) as table, transaction.atomic():
        mistakes = Mistakes()
        variables = _variables(table.header, mistakes)
        uploaded = UploadedList.objects.create(name=printable(file.name)[-255:], variables=variables, created_by=user)
        try:
            uploaded.rows_total, repeated = _insert(_rows(uploaded, table, normalize, mistakes))
        except FileRefused as refusal:
            if not mistakes.number:
                raise
            mistakes.add(str(refusal))
        mistakes.refuse_if_any()
        if not uploaded.rows_total:
            raise FileRefused(_("The file has no addresses below its first row."))
        uploaded.save(update_fields=["rows_total"])
    uploaded.about_repeated = _about_repeated(repeated)
    return uploaded


def _insert(rows: Iterator[UploadedRow]) -> tuple[int, list[int]]:
    """Write the rows in portions, of those with one address the first.

    Returns how many addresses there are, and the numbers of the rows that repeat one.
    """
    seen: set[bytes] = set()
    repeated: list[int] = []
    while portion := list(islice(rows, PORTION)):
        new = {row.normalized: row for row in reversed(portion) if _mark(row.normalized) not in seen}
        repeated += [row.row for row in portion if new.get(row.normalized) is not row]
        seen.update(map(_mark, new))
        if len(seen) > MAX_ROWS:
            raise FileRefused(_("The file has more than 200,000 addresses. Split it."))
        UploadedRow.objects.bulk_create(sorted(new.values(), key=lambda row: row.row))
    return len(seen), repeated


def _about_repeated(rows: list[int]) -> str:
    """A sentence on rows whose address stands above them; empty without any."""
    if not rows:
        return ""
    shown = ", ".join(map(str, rows[:ROWS_NAMED])) + (" …" if len(rows) > ROWS_NAMED else "")
    sentence = ngettext(
        "%(number)s row repeats an address, and is passed over with its values: row %(rows)s.",
        "%(number)s rows repeat an address, and are passed over with their values: rows %(rows)s.",
        len(rows),
    )
    return sentence % {"number": len(rows), "rows": shown}


def _mark(normalized: str) -> bytes:
    """Sixteen bytes that stand for an address: 200,000 of them are remembered in 15 MB."""
    return blake2b(normalized.encode(), digest_size=16).digest()


def _variables(header: list[str], mistakes: Mistakes) -> list[str]:
    """The names of the columns after address and name, as tags."""
    if len(header) > MAX_VARIABLES + 2:
        raise FileRefused(_("The file has more than 52 columns."))
    if header and "@" in header[0]:
        raise FileRefused(_("Row 1 must name the columns: address, name, then what you like. It holds an address."))
    names: list[str] = []
    first_two = {tag_name(heading, place) for place, heading in enumerate(header[:2], start=1)}
    for place, heading in enumerate(header[2:], start=3):
        name = tag_name(heading, place)
        if name in RESERVED or name in names or name in first_two:
            reason = _("is taken already") if name in RESERVED else _("stands twice")
            mistakes.add(
                _("Row 1, column %(place)s: the name “%(heading)s” %(reason)s. Give the column another name.")
                % {"place": place, "heading": heading[:60], "reason": reason}
            )
        names.append(name)
    return names


def _rows(
    uploaded: UploadedList, table: OpenTable, normalize: Callable[[str], str], mistakes: Mistakes
) -> Iterator[UploadedRow]:
    """The rows up to the first mistake; those below are looked through for others."""
    for number, cells in table.rows():
        normalized = _normalized(number, cells, normalize, mistakes)
        for sentence in _wrong_cells(number, cells, len(table.header)):
            mistakes.add(sentence)
        if not mistakes.number:
            yield _row(uploaded, number, cells, normalized)


def _normalized(number: int, cells: list[str], normalize: Callable[[str], str], mistakes: Mistakes) -> str:
    try:
        return normalize(cells[0] if cells else "")
    except ValidationError as error:
        mistakes.add(_("Row %(row)s, column 1: %(what)s") % {"row": number, "what": error.messages[0]})
    return ""


def _wrong_cells(number: int, cells: list[str], width: int) -> Iterator[str]:
    """A sentence for each cell after the address that cannot be."""
    for place, cell in enumerate(cells[1:width], start=2):
        if len(cell) > (NAME_LENGTH if place == 2 else VALUE_LENGTH):
            words = {"row": number, "column": place, "value": printable(cell[:VALUE_SHOWN])}
            yield _("Row %(row)s, column %(column)s: the text is too long. It begins “%(value)s”.") % words
    for place, cell in enumerate(cells[width:], start=width + 1):
        if cell.strip():
            words = {"row": number, "column": place, "value": printable(cell.strip()[:VALUE_SHOWN])}
            yield (
                _(
                    "Row %(row)s has more cells than the first row has names: “%(value)s” in column %(column)s."
                    " Is the separator right?"
                )
                % words
            )
            return


def _row(uploaded: UploadedList, number: int, cells: list[str], normalized: str) -> UploadedRow:
    values = [*cells[2:], *[""] * len(uploaded.variables)]
    return UploadedRow(
        list=uploaded,
        row=number,
        value=cells[0].strip(),
        normalized=normalized,
        name=cells[1].strip() if len(cells) > 1 else "",
        variables=dict(zip(uploaded.variables, values, strict=False)),
    )
