"""Choose a file, say what its columns are, look at what it would change, load it: four steps, each with its address."""

from contextlib import suppress

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.exports import EXCEL_TYPE, as_excel
from apps.core.states import TransitionRefused
from apps.organizations.permissions import Permission, requires

from ..models import ContactPoint, ImportConflict, ImportRun, ImportSource, Person
from ..posted_ids import posted_id
from .columns import FIELDS
from .forms import SourceForm
from .planning import EXAMPLES_KEPT, examples_page, stop_sentence
from .reading import DELIMITERS, ENCODINGS, FileRefused
from .runs import change_run, confirm, plan, rows_done, start_run, table_of
from .sources import run_of

PREVIEW_ROWS = 8
ERRORS_SHOWN = 100
# Counts of a run, in the order of the page.
CHANGES = {
    "created": gettext_lazy("New people"),
    "changed": gettext_lazy("Changed"),
    "returned": gettext_lazy("Come back"),
    "withdrawn": gettext_lazy("No longer here"),
    "conflicts": gettext_lazy("To be decided"),
    "addresses": gettext_lazy("New addresses"),
    "addresses_removed": gettext_lazy("Addresses that go"),
    "guardianships": gettext_lazy("New guardians of students"),
    "guardianships_removed": gettext_lazy("Guardians that go"),
    "enrolments": gettext_lazy("New in a class"),
    "enrolments_removed": gettext_lazy("Out of a class"),
}
ALWAYS_SHOWN = {"created", "changed", "withdrawn", "conflicts"}
FIELD_LABELS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "external_id": gettext_lazy("Number"),
    "document": gettext_lazy("Identity document"),
    "language": gettext_lazy("Language"),
    "unit": gettext_lazy("Unit"),
}
SAMPLE = (
    "Student ID;First name;Last name;Class;Student email;Guardian 1 first name;Guardian 1 last name;Guardian 1 email;"
    "Guardian 1 phone;Guardian 2 first name;Guardian 2 last name;Guardian 2 email;Accepts commercial mail\r\n"
    "S-001;Aina;Puig Serra;5A;;Marta;Serra;marta.serra@family.example;600 123 456;Joan;Puig;"
    "joan.puig@family.example;yes\r\n"
)


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "POST"])
def new(request) -> HttpResponse:
    """Choose a file; what is refused is said on this page, and nothing of it is kept."""
    refusal = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None:
            refusal = _("Choose a file first.")
        else:
            try:
                return redirect(request.organization.url("imports:run", _started(request, file).pk))
            except FileRefused as error:
                refusal = str(error)
    context = {
        "refusal": refusal,
        "runs": ImportRun.objects.select_related("created_by", "source")[:20],
        "sources": ImportSource.objects.all(),
        "wanted": posted_id(request.GET.get("source")),
        "to_decide": ImportConflict.objects.filter(decision=ImportConflict.Decision.OPEN).count(),
    }
    return render(request, "imports/new.html", context, status=400 if refusal else 200)


def _started(request, file) -> ImportRun:
    """A run of the chosen source, which is compared at once, or one whose columns have to be looked at."""
    source = ImportSource.objects.filter(pk=posted_id(request.POST.get("source"))).first()
    if source is None:
        return start_run(file, request.user)
    run = run_of(source, file, request.user)
    plan(run)
    return run


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "POST"])
def run(request, pk: int) -> HttpResponse:
    """The step at which it is: columns, changes, or how far it is and what came of it."""
    found = get_object_or_404(ImportRun.objects.select_related("source"), pk=pk)
    wants_columns = "columns" in request.GET or request.method == "POST"
    if found.state == ImportRun.State.PLANNED and not wants_columns:
        return render(request, "imports/changes.html", _changes(found))
    if found.state not in (ImportRun.State.UPLOADED, ImportRun.State.PLANNED):
        return render(request, "imports/progress.html", _progress(found))
    if request.method == "POST":
        try:
            change_run(found, **_choices(request))
            if request.POST.get("do") == "next":
                plan(found)
            return redirect(request.organization.url("imports:run", pk))
        except TransitionRefused:
            return redirect(request.organization.url("imports:run", pk))
        except FileRefused as error:
            messages.error(request, str(error))
            found = ImportRun.objects.get(pk=pk)
    try:
        return render(request, "imports/preview.html", _preview(found))
    except FileRefused as error:
        messages.error(request, str(error))
        return redirect(request.organization.url("imports:new"))


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def compare(request, pk: int) -> HttpResponse:
    """See what a file without columns to choose would change."""
    with suppress(TransitionRefused):
        plan(get_object_or_404(ImportRun, pk=pk))
    return redirect(request.organization.url("imports:run", pk))


@requires(Permission.MANAGE_PEOPLE)
@require_GET
def changes(request, pk: int, kind: str) -> HttpResponse:
    """The first rows of one kind of change."""
    found = get_object_or_404(ImportRun, pk=pk)
    if kind not in CHANGES:
        raise Http404
    page = max(1, posted_id(request.GET.get("page")))
    rows = examples_page(found, kind, page)
    context = {
        "run": found,
        "kind": kind,
        "title": CHANGES[kind],
        "number": found.counts.get(kind, 0),
        "rows": [_as_shown(kind, row) for row in rows],
        "previous": page - 1 if page > 1 else None,
        "next": page + 1 if examples_page(found, kind, page + 1) else None,
        "kept": EXAMPLES_KEPT,
    }
    return render(request, "imports/change_rows.html", context)


@requires(Permission.MANAGE_PEOPLE)
@require_GET
def mistakes(request, pk: int) -> HttpResponse:
    """The rows that cannot be read, with the reasons, as a sheet for Excel."""
    found = get_object_or_404(ImportRun, pk=pk)
    rows: list[tuple[str | int, ...]] = [
        (_("File"), _("Row"), _("Column"), _("What stands there"), _("Why it cannot be"))
    ]
    rows += [(each.file_name, each.row, each.column, each.value, each.message) for each in found.errors.all()]
    response = HttpResponse(as_excel(rows), content_type=EXCEL_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="mistakes-{found.pk}.xlsx"'
    return response


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def confirmed(request, pk: int) -> HttpResponse:
    """Load it. A second press of the button finds it on its way."""
    found = get_object_or_404(ImportRun, pk=pk)
    try:
        confirm(
            found,
            leave_out=request.POST.get("leave_out") == "yes",
            allow_withdrawing=request.POST.get("allow_withdrawing") == "yes",
        )
    except ValueError as error:
        messages.error(request, str(error))
    except TransitionRefused:
        pass
    return redirect(request.organization.url("imports:run", pk))


@requires(Permission.MANAGE_PEOPLE)
@require_GET
def progress(request, pk: int) -> HttpResponse:
    """The bar alone (a fragment)."""
    found = get_object_or_404(ImportRun, pk=pk)
    if request.htmx and found.state == ImportRun.State.PLANNED:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "imports/_progress.html", _progress(found))


@requires(Permission.MANAGE_PEOPLE)
@require_GET
def sample(request) -> HttpResponse:
    """A file to begin with."""
    response = HttpResponse("\N{BYTE ORDER MARK}" + SAMPLE, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="people.csv"'
    return response


def _choices(request) -> dict:
    kind = request.POST.get("kind", "")
    return {
        "encoding": request.POST.get("encoding", ""),
        "delimiter": "\t" if request.POST.get("delimiter") == "tab" else request.POST.get("delimiter", ""),
        "fields": request.POST.getlist("field"),
        "year": request.POST.get("year", "")[:40].replace("\0", "").strip(),
        "kind": kind if kind in Person.Kind.values else "student",
    }


def _progress(found: ImportRun) -> dict:
    form = _source_form(found) if found.state == ImportRun.State.DONE else None
    return {"run": found, "done": rows_done(found), "figures": _figures(found), "source_form": form}


def _source_form(found: ImportRun) -> SourceForm:
    return SourceForm(instance=found.source or ImportSource(name=found.file_name.rpartition(".")[0][:100]))


def _figures(found: ImportRun) -> list[dict]:
    """What changes, in figures; those that stand for something lead to its first rows."""
    return [
        {"kind": kind, "label": label, "number": found.counts.get(kind, 0), "is_open": kind in found.examples}
        for kind, label in CHANGES.items()
        if found.counts.get(kind) or kind in ALWAYS_SHOWN
    ]


def _changes(found: ImportRun) -> dict:
    return {
        "run": found,
        "figures": _figures(found),
        "unchanged": found.counts.get("unchanged", 0),
        "errors": found.errors.all()[:ERRORS_SHOWN],
        "stop": stop_sentence(found),
        "source_form": _source_form(found),
        "is_table": found.format == ImportRun.Format.TABLE,
        "pinned": ContactPoint.objects.filter(source=ContactPoint.Source.HAND).count(),
    }


def _as_shown(kind: str, row: dict) -> dict:
    """A row of the page: who, what was, what will be, and where it stands in the file."""
    pairs: list[tuple[object, str, str]] = [
        (label, row.get(f"{name}_was", ""), row.get(name, ""))
        for name, label in FIELD_LABELS.items()
        if row.get(f"{name}_was", "") != row.get(name, "") and f"{name}_was" in row
    ]
    if kind == "conflicts":
        pairs = [("", row["was"], row["value"])]
    what = [str(row[name]) for name in ("value", "other", "relation", "group") if row.get(name) and kind != "conflicts"]
    shown = {
        "person": row.get("person"),
        "name": row.get("name", ""),
        "row": row.get("row", 0),
        "file": row.get("file", ""),
    }
    return shown | {"pairs": pairs, "what": " · ".join(what)}


def _preview(found: ImportRun) -> dict:
    context: dict = {
        "run": found,
        "errors": found.errors.all()[:ERRORS_SHOWN],
        "is_table": found.format == ImportRun.Format.TABLE,
    }
    if not context["is_table"]:
        return context
    table = table_of(found)
    rows = [cells for _number, cells in table.numbered_rows()]
    fields = found.mapping["fields"]
    columns = [
        {
            "heading": heading,
            "field": field,
            "values": [cells[place] for cells in rows[:200] if place < len(cells) and cells[place].strip()][:3],
        }
        for place, (heading, field) in enumerate(zip(table.header, fields, strict=True))
    ]
    return context | {
        "columns": columns,
        "header": table.header,
        "rows": rows[:PREVIEW_ROWS],
        "fields": FIELDS.items(),
        "encodings": ENCODINGS,
        "delimiters": [
            ("tab" if sign == "\t" else sign, _delimiter_names()[name]) for sign, name in DELIMITERS.items()
        ],
        "delimiter": "tab" if table.delimiter == "\t" else table.delimiter,
        "kinds": Person.Kind.choices,
    }


def _delimiter_names() -> dict[str, str]:
    return {"comma": _("comma"), "semicolon": _("semicolon"), "tab": _("tab")}
