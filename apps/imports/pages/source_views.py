"""Saved imports: how they are read, what they do with whoever is missing, and the line for the nightly clock."""

import shlex

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.organizations.permissions import Permission, requires
from apps.recipients.models import ImportRun, ImportSource

from ..sources import save_as_source
from .forms import SourceForm
from .tabs import sections


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def sources(request) -> HttpResponse:
    """All of them, each with its latest run."""
    found = list(ImportSource.objects.all())
    latest = {run.source_id: run for run in ImportRun.objects.filter(source__in=found).order_by("created_at")}
    rows = [(source, latest.get(source.pk)) for source in found]
    context = {"rows": rows, "sections": sections("sources", request.organization.url)}
    return render(request, "imports/sources.html", context)


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def source(request, pk: int) -> HttpResponse:
    """Change a source, or see how it is run from the command line."""
    found = get_object_or_404(ImportSource, pk=pk)
    form = SourceForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("“%(name)s” is saved.") % {"name": found})
        return redirect(request.organization.url("imports:sources"))
    runs = found.runs.order_by("-created_at")[:10]
    kept_in_step = found.people.filter(active=True).count()
    kept = ImportSource.objects.get(pk=pk)
    command = shlex.join(["manage.py", "import_people", request.organization.slug, "FILE", "--source", kept.name])
    context = {"form": form, "source": kept, "runs": runs, "kept_in_step": kept_in_step, "command": command}
    return render(request, "imports/source.html", context)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def delete(request, pk: int) -> HttpResponse:
    """Forget a source; the people it kept in step stay, and are kept by hand from now on."""
    found = get_object_or_404(ImportSource, pk=pk)
    found.delete()
    messages.success(request, _("“%(name)s” is deleted. Its people stay on record.") % {"name": found.name})
    return redirect(request.organization.url("imports:sources"))


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def save(request, pk: int) -> HttpResponse:
    """Keep how a file was read for the next one."""
    run = get_object_or_404(ImportRun, pk=pk)
    form = SourceForm(request.POST, instance=run.source)
    if form.is_valid():
        wanted = form.cleaned_data
        kept = save_as_source(
            run, wanted["name"], withdraws=wanted["withdraws"], most_withdrawn=wanted["most_withdrawn"]
        )
        messages.success(request, _("Kept as “%(name)s”: choose it for the next file.") % {"name": kept})
    else:
        messages.error(request, str(next(iter(form.errors.values()))[0]))
    return redirect(request.organization.url("imports:run", pk))
