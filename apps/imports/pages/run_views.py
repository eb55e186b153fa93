"""Import people: choose a file, see a run where it is, take its mistakes away, and look back at those that were."""

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.exports import EXCEL_TYPE, as_excel
from apps.core.keyset import paginate
from apps.organizations.permissions import Permission, requires
from apps.recipients.models import ImportRun, ImportSource
from apps.recipients.posted_ids import posted_id
from apps.rosters.accepted_formats import ACCEPTED
from apps.rosters.refusing import FileRefused

from ..runs import plan, start_run
from ..sources import run_of
from .four_steps import step_of, steps_of
from .tabs import sections

LATEST = 5
PAST_TO_A_PAGE = 50
SAMPLE = (
    "Student ID;First name;Last name;Class;Student email;Guardian 1 first name;Guardian 1 last name;Guardian 1 email;"
    "Guardian 1 phone;Guardian 2 first name;Guardian 2 last name;Guardian 2 email;Accepts commercial mail\r\n"
    "S-001;Aina;Puig Serra;5A;;Marta;Serra;marta.serra@family.example;600 123 456;Joan;Puig;"
    "joan.puig@family.example;yes\r\n"
)


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
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
        "accepted": ACCEPTED,
        "runs": _runs()[:LATEST],
        "sources": ImportSource.objects.all(),
        "wanted": posted_id(request.POST.get("source") or request.GET.get("source")),
        "sections": sections("new", request.organization.url),
        "steps": steps_of(None, "file", request.organization.url),
    }
    return render(request, "imports/new.html", context, status=400 if refusal else 200)


def _runs() -> QuerySet[ImportRun]:
    """Those of a list, without what only their own pages show."""
    return ImportRun.objects.select_related("created_by", "source").defer("examples", "mapping")


def _started(request, file) -> ImportRun:
    """A run of the chosen source, which is compared at once, or one whose columns have to be looked at."""
    source = ImportSource.objects.filter(pk=posted_id(request.POST.get("source"))).first()
    if source is None:
        return start_run(file, request.user)
    run = run_of(source, file, request.user)
    plan(run)
    return run


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def run(request, pk: int) -> HttpResponse:
    """Lead to the step at which it is."""
    found = get_object_or_404(ImportRun, pk=pk)
    return redirect(request.organization.url(f"imports:{step_of(found)}", pk))


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def file(request, pk: int) -> HttpResponse:
    """Step 1 of a run that has begun: which file it was, and who chose it."""
    found = get_object_or_404(ImportRun.objects.select_related("source", "created_by"), pk=pk)
    context = {"run": found, "size": _size(found), "steps": steps_of(found, "file", request.organization.url)}
    return render(request, "imports/file.html", context)


def _size(found: ImportRun) -> int | None:
    """Of the file in bytes; None where it is not kept."""
    try:
        return found.file.size
    except (OSError, ValueError):
        return None


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def past(request) -> HttpResponse:
    """All runs, the latest first, with what each has changed."""
    page = paginate(_runs(), request, order=("-created_at", "-id"), size=PAST_TO_A_PAGE)
    return render(request, "imports/past.html", {"page": page, "sections": sections("past", request.organization.url)})


@requires(Permission.MANAGE_PEOPLE)
@require_safe
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
@require_safe
def sample(request) -> HttpResponse:
    """A file to begin with."""
    response = HttpResponse("\N{BYTE ORDER MARK}" + SAMPLE, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="people.csv"'
    return response
