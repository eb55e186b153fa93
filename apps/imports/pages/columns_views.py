"""Step 2 of an import, the columns: what each means, what cannot be read, and how the letters come out."""

from contextlib import suppress

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.states import TransitionRefused
from apps.organizations.permissions import Permission, requires
from apps.recipients.models import ImportRun, ImportSource, Person
from apps.recipients.posted_ids import posted_id
from apps.rosters.columns import FIELDS
from apps.rosters.csv_tables import DELIMITERS
from apps.rosters.encoding_choices import NAMES, choices, words_of
from apps.rosters.mending import CELLS_AT_MOST, TEXT_AT_MOST, Mended, mended_cells
from apps.rosters.readers import FirstLook
from apps.rosters.refusing import FileRefused

from ..runs import change_run, plan, table_of
from ..sources import take_mapping
from .first_rows import columns_of, rows_of
from .four_steps import AT_WORK, CHOOSING, steps_of
from .mistakes_shown import mistakes_shown


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request, pk: int) -> HttpResponse:
    """Choose what the columns mean; of a run that is past that, see what was chosen."""
    found = get_object_or_404(ImportRun.objects.select_related("source", "created_by"), pk=pk)
    if request.method == "POST":
        try:
            return redirect(request.organization.url(_act(request, found), pk))
        except TransitionRefused:
            return redirect(request.organization.url("imports:run", pk))
        except FileRefused as error:
            messages.error(request, str(error))
            found = ImportRun.objects.select_related("source", "created_by").get(pk=pk)
    context = _context(found) | mistakes_shown(request, found)
    context["steps"] = steps_of(found, "columns", request.organization.url)
    return render(request, "imports/columns.html", context)


def _act(request, found: ImportRun) -> str:
    """Do what the button says; the name of the page that follows. Raises FileRefused and TransitionRefused."""
    if found.format != ImportRun.Format.TABLE or found.state not in CHOOSING:
        raise TransitionRefused
    change_run(found, **_choices(request))
    if request.POST.get("do") == "take":
        _take(request, found)
    if request.POST.get("do") == "next":
        plan(found)
        return "imports:run"
    return "imports:columns"


def _take(request, found: ImportRun) -> None:
    source = get_object_or_404(ImportSource, pk=posted_id(request.POST.get("saved")))
    number = take_mapping(found, source)
    if number:
        said = ngettext(
            "%(number)s column is read as in “%(name)s”.", "%(number)s columns are read as in “%(name)s”.", number
        )
        messages.success(request, said % {"number": number, "name": source})
    else:
        messages.error(request, _("No column of this file is called as in “%(name)s”.") % {"name": source})


def _choices(request) -> dict:
    kind = request.POST.get("kind", "")
    return {
        "encoding": request.POST.get("encoding", ""),
        "delimiter": "\t" if request.POST.get("delimiter") == "tab" else request.POST.get("delimiter", ""),
        "fields": request.POST.getlist("field"),
        "year": request.POST.get("year", "")[:40].replace("\0", "").strip(),
        "kind": kind if kind in Person.Kind.values else "student",
        "mended": _mended(request),
    }


def _mended(request) -> list[Mended]:
    """The cells of the page that a person may have mended; each comes with its row, its column and what stood there."""
    lists = [request.POST.getlist(f"mended_{name}") for name in ("row", "column", "was", "now")]
    return [
        (int(row), column, was, now.strip()[:TEXT_AT_MOST])
        for row, column, was, now in zip(*lists, strict=False)
        if row.isdecimal() and len(row) < 10 and "\0" not in column + was + now
    ]


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def compare(request, pk: int) -> HttpResponse:
    """See what a file without columns to choose would change."""
    with suppress(TransitionRefused):
        plan(get_object_or_404(ImportRun, pk=pk))
    return redirect(request.organization.url("imports:run", pk))


def _context(found: ImportRun) -> dict:
    table, missing = _table(found)
    is_table = found.format == ImportRun.Format.TABLE
    context = {
        "run": found,
        "missing": missing,
        "rows_read": found.counts.get("rows", 0) - found.counts.get("left_out", 0),
        "is_table": is_table,
        "is_at_work": found.state in AT_WORK,
        "is_open": found.state in CHOOSING and bool(table or not is_table),
        "kind": dict(Person.Kind.choices).get(found.options.get("kind", ""), ""),
        "kinds": Person.Kind.choices,
        "columns": columns_of(found, table),
        "mended": mended_cells(found.options),
        "most_mended": CELLS_AT_MOST,
    }
    context["may_mend"] = context["is_open"] and is_table
    return context | (_of_table(found, table) if table else {})


def _table(found: ImportRun) -> tuple[FirstLook | None, str]:
    """The first rows of a table, or why they cannot be shown. Imports of the night keep no file."""
    if found.format != ImportRun.Format.TABLE:
        return None, ""
    try:
        return table_of(found), ""
    except FileRefused as error:
        return None, str(error)


def _of_table(found: ImportRun, table: FirstLook) -> dict:
    encoding, delimiter = table.dialect["encoding"], DELIMITERS.get(table.dialect["delimiter"], "")
    separators = {"comma": _("comma"), "semicolon": _("semicolon"), "tab": _("tab")}
    return {
        "rows": rows_of(found, table),
        "fields": FIELDS.items(),
        "words": words_of(table),
        "letters": choices(table),
        "encoding": encoding,
        "encoding_name": NAMES.get(encoding, encoding),
        "delimiter": delimiter,
        "delimiter_name": separators.get(delimiter, ""),
        "delimiters": [("tab" if sign == "\t" else sign, name, separators[name]) for sign, name in DELIMITERS.items()],
        "saved": ImportSource.objects.filter(format=ImportRun.Format.TABLE),
    }
