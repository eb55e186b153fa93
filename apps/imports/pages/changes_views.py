"""Steps 3 and 4 of an import: what it changes, who that is, and how far the load is."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from django.views.decorators.http import require_POST, require_safe

from apps.core.states import TransitionRefused
from apps.organizations.permissions import Permission, requires
from apps.recipients.models import ContactPoint, ImportRun, ImportSource, Person
from apps.recipients.posted_ids import posted_id

from ..reconciling.examples import EXAMPLES_KEPT, examples_page
from ..reconciling.safety_stop import stop_sentence
from ..runs import NotReady, confirm, rows_done
from .forms import SourceForm
from .four_steps import AT_WORK, LOADING, step_of, steps_of
from .load_button import button_of
from .mistakes_shown import mistakes_shown

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
    "groups": gettext_lazy("New classes and groups"),
    "enrolments": gettext_lazy("New in a class"),
    "enrolments_removed": gettext_lazy("Out of a class"),
}
# Those whose word goes by their number; the others say the same of one and of many.
NUMBERED = {
    "created": ngettext_lazy("New person", "New people", "number"),
    "addresses": ngettext_lazy("New address", "New addresses", "number"),
    "addresses_removed": ngettext_lazy("Address that goes", "Addresses that go", "number"),
    "guardianships": ngettext_lazy("New guardian of a student", "New guardians of students", "number"),
    "guardianships_removed": ngettext_lazy("Guardian that goes", "Guardians that go", "number"),
    "groups": ngettext_lazy("New class or group", "New classes and groups", "number"),
}
ALWAYS_SHOWN = {"created", "changed", "withdrawn", "conflicts"}
FIELD_LABELS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "external_id": gettext_lazy("Number"),
    "document": gettext_lazy("Identity document"),
    "language": gettext_lazy("Language"),
    "unit": gettext_lazy("Unit"),
    "role": gettext_lazy("Kind"),
}


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def changes(request, pk: int) -> HttpResponse:
    """What a run would change, or has changed."""
    found = get_object_or_404(ImportRun.objects.select_related("source", "created_by"), pk=pk)
    if step_of(found) == "columns":
        return redirect(request.organization.url("imports:columns", pk))
    context = {"run": found, "steps": steps_of(found, "changes", request.organization.url)}
    if found.state == ImportRun.State.PLANNING:
        return render(request, "imports/load.html", context | _progress(found))
    return render(request, "imports/changes.html", context | mistakes_shown(request, found) | _changes(found))


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def change_rows(request, pk: int, kind: str) -> HttpResponse:
    """The first rows of one kind of change."""
    found = get_object_or_404(ImportRun, pk=pk)
    if kind not in CHANGES:
        raise Http404
    page = max(1, posted_id(request.GET.get("page")))
    rows = [_as_shown(kind, row) for row in examples_page(found, kind, page)]
    context = {
        "run": found,
        "kind": kind,
        "title": CHANGES[kind],
        "number": found.counts.get(kind, 0),
        "rows": rows,
        "has_details": any(row["what"] or row["pairs"] for row in rows),
        "previous": page - 1 if page > 1 else None,
        "next": page + 1 if examples_page(found, kind, page + 1) else None,
        "kept": EXAMPLES_KEPT,
        "is_past": found.state in LOADING,
    }
    return render(request, "imports/change_rows.html", context)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def confirmed(request, pk: int) -> HttpResponse:
    """Load it. A second press of the button finds it on its way."""
    found = get_object_or_404(ImportRun, pk=pk)
    if found.state == ImportRun.State.UPLOADED:
        messages.error(request, _("Look at what it changes first."))
        return redirect(request.organization.url("imports:run", pk))
    try:
        confirm(
            found,
            leave_out=request.POST.get("leave_out") == "yes",
            allow_withdrawing=request.POST.get("allow_withdrawing") == "yes",
        )
    except NotReady as error:
        messages.error(request, str(error))
    except TransitionRefused:
        pass
    return redirect(request.organization.url("imports:run", pk))


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def load(request, pk: int) -> HttpResponse:
    """How far the load is, or what came of it."""
    found = get_object_or_404(ImportRun.objects.select_related("source", "created_by"), pk=pk)
    if step_of(found) != "load":
        return redirect(request.organization.url("imports:run", pk))
    context = {"run": found, "steps": steps_of(found, "load", request.organization.url)}
    return render(request, "imports/load.html", context | _progress(found))


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def progress(request, pk: int) -> HttpResponse:
    """The bar alone (a fragment). When a comparison has ended, the page is another one."""
    found = get_object_or_404(ImportRun.objects.select_related("source"), pk=pk)
    if step_of(found) == "load" or found.state in AT_WORK:
        return render(request, "imports/_progress.html", _progress(found))
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return redirect(request.organization.url("imports:run", pk))


def _progress(found: ImportRun) -> dict:
    return {
        "run": found,
        "done": rows_done(found),
        "is_at_work": found.state in AT_WORK,
        "figures": _figures(found),
        "source_form": _source_form(found) if found.state == ImportRun.State.DONE else None,
    }


def _source_form(found: ImportRun) -> SourceForm:
    return SourceForm(instance=found.source or ImportSource(name=found.file_name.rpartition(".")[0][:100]))


def _figures(found: ImportRun) -> list[dict]:
    """What changes, in figures; those that stand for something lead to its first rows."""
    return [
        {"kind": kind, "label": label, "word": _word(kind, number), "number": number, "is_open": kind in found.examples}
        for kind, label in CHANGES.items()
        if (number := found.counts.get(kind, 0)) or kind in ALWAYS_SHOWN
    ]


def _word(kind: str, number: int) -> str:
    """What stands behind the number: New person, New people."""
    return NUMBERED[kind] % {"number": number} if kind in NUMBERED else str(CHANGES[kind])


def _changes(found: ImportRun) -> dict:
    is_open = found.state == ImportRun.State.PLANNED
    return {
        "is_open": is_open,
        "figures": _figures(found),
        "is_compared": "created" in found.counts,
        "unchanged": found.counts.get("unchanged", 0),
        "button": button_of(found.counts),
        "stop": stop_sentence(found) if is_open else "",
        "source_form": _source_form(found),
        "is_table": found.format == ImportRun.Format.TABLE,
        "pinned": ContactPoint.objects.filter(source=ContactPoint.Source.HAND).count() if is_open else 0,
    }


def _in_words(name: str, value: str) -> str:
    return str(Person.Kind(value).label) if name == "role" and value in Person.Kind.values else value


def _as_shown(kind: str, row: dict) -> dict:
    """A row of the page: who, what was, what will be, and where it stands in the file."""
    pairs: list[tuple[object, str, str]] = [
        (label, _in_words(name, row.get(f"{name}_was", "")), _in_words(name, row.get(name, "")))
        for name, label in FIELD_LABELS.items()
        if row.get(f"{name}_was", "") != row.get(name, "") and f"{name}_was" in row
    ]
    if kind == "conflicts":
        pairs = [("", row["was"], row["value"])]
    what = [str(row[name]) for name in ("value", "other", "relation", "group") if row.get(name) and kind != "conflicts"]
    what += [_in_words("role", row.get("kind", ""))] if kind == "created" else []
    shown = {
        "person": row.get("person"),
        "name": row.get("name", ""),
        "row": row.get("row", 0),
        "file": row.get("file", ""),
    }
    return shown | {"pairs": pairs, "what": " · ".join(what)}
