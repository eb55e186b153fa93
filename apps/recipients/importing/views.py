"""Upload a file, look at what it would do, confirm, and watch it being loaded."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.states import TransitionRefused
from apps.organizations.permissions import Permission, requires

from ..models import ImportRun, Person
from .columns import FIELDS
from .reading import DELIMITERS, ENCODINGS, FileRefused
from .runs import change_run, confirm, rows_done, start_run, table_of

PREVIEW_ROWS = 8
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
                run = start_run(file, request.user)
                return redirect(request.organization.url("imports:run", run.pk))
            except FileRefused as error:
                refusal = str(error)
    runs = ImportRun.objects.select_related("created_by")[:20]
    return render(request, "imports/new.html", {"refusal": refusal, "runs": runs}, status=400 if refusal else 200)


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "POST"])
def run(request, pk: int) -> HttpResponse:
    """Before it is confirmed: columns, first rows, mistakes. After: how far it is, and what came of it."""
    found = get_object_or_404(ImportRun, pk=pk)
    if found.state != ImportRun.State.UPLOADED:
        return render(request, "imports/progress.html", {"run": found, "done": rows_done(found)})
    if request.method == "POST":
        try:
            change_run(found, **_choices(request))
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
def confirmed(request, pk: int) -> HttpResponse:
    """Load it. A second press of the button finds it on its way."""
    found = get_object_or_404(ImportRun, pk=pk)
    try:
        confirm(found, leave_out=request.POST.get("leave_out") == "yes")
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
    return render(request, "imports/_progress.html", {"run": found, "done": rows_done(found)})


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


def _preview(found: ImportRun) -> dict:
    context: dict = {"run": found, "errors": found.errors.all()[:100], "is_table": found.format == "table"}
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
