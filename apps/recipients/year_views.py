"""School years: the list, the forms, and how a new year gets the groups and students of the one before."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.form_looks import save_or_say
from apps.organizations.permissions import Permission, requires

from . import deleting_groups, moving_up
from .group_uses import uses_of
from .models import AcademicYear, Group
from .posted_ids import posted_id
from .school_forms import CopyForm, YearForm
from .views import SEEING


@requires(*SEEING)
@require_safe
def years(request) -> HttpResponse:
    """Every year with its figures, the newest first."""
    students = Count("groups__enrolments__person", filter=Q(groups__enrolments__role="student"), distinct=True)
    found = AcademicYear.objects.annotate(number=Count("groups", distinct=True), students=students)
    context = {
        "years": found.order_by("-starts_on"),
        "current": AcademicYear.current(),
        "may_manage": request.membership.may(Permission.MANAGE_PEOPLE),
    }
    return render(request, "recipients/years.html", context)


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request) -> HttpResponse:
    return _edit(request, AcademicYear())


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(AcademicYear, pk=pk))


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request, pk: int) -> HttpResponse:
    """Say what goes with the year; on POST delete it, unless a message that waits goes to one of its groups."""
    year = get_object_or_404(AcademicYear, pk=pk)
    uses = uses_of(deleting_groups.going_with(year))
    if request.method != "POST" or uses.must_stay:
        context = {"year": year, "figures": deleting_groups.figures_of_year(year), "uses": uses}
        return render(request, "recipients/year_delete.html", context)
    deleting_groups.delete_year(year)
    messages.success(request, _("The year %(name)s is deleted.") % {"name": year})
    return redirect(request.organization.url("recipients:years"))


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def copy(request, pk: int) -> HttpResponse:
    """Make last year's groups in this year; then on to its students."""
    year = get_object_or_404(AcademicYear, pk=pk)
    before = AcademicYear.objects.filter(starts_on__lt=year.starts_on).first()
    form = CopyForm(request.POST or None, target=year, initial={"source": before})
    if request.method == "POST" and form.is_valid():
        source = form.cleaned_data["source"]
        number = moving_up.copy_groups(source, year, form.cleaned_data["with_teachers"])
        sentence = ngettext("%(number)s group is made.", "%(number)s groups are made.", number)
        messages.success(request, sentence % {"number": number})
        return redirect(request.organization.url("recipients:year_move_up", pk) + f"?from={source.pk}")
    others = AcademicYear.objects.exclude(pk=pk).annotate(number=Count("groups"))
    return render(request, "recipients/year_copy.html", {"year": year, "form": form, "others": others})


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def move_up(request, pk: int) -> HttpResponse:
    """For each class of the year before, the class of this year into which its students go."""
    year = get_object_or_404(AcademicYear, pk=pk)
    sources = AcademicYear.objects.exclude(pk=pk)
    source = sources.filter(pk=posted_id(request.GET.get("from", ""))).first()
    source = source or sources.filter(starts_on__lt=year.starts_on).first() or sources.last()
    if source is None:
        return redirect(request.organization.url("recipients:year_copy", pk))
    classes, targets = _classes(source), _classes(year)
    if request.method == "POST":
        number = moving_up.move_up(_chosen(request.POST, classes, targets))
        sentence = ngettext("%(number)s student is put in.", "%(number)s students are put in.", number)
        messages.success(request, sentence % {"number": number})
        return redirect(request.organization.url("recipients:groups") + f"?year={pk}")
    context = {"year": year, "source": source, "rows": _guessed(classes, targets), "targets": targets}
    return render(request, "recipients/year_move_up.html", context)


def _edit(request, year: AcademicYear) -> HttpResponse:
    form = YearForm(request.POST or None, instance=year)
    if request.method == "POST" and form.is_valid() and save_or_say(form, form.save):
        return redirect(request.organization.url("recipients:years"))
    kept = AcademicYear.objects.filter(pk=year.pk).first()
    return render(request, "recipients/year_edit.html", {"form": form, "year": kept})


def _classes(year: AcademicYear) -> list[Group]:
    students = Count("enrolments", filter=Q(enrolments__role="student", enrolments__person__active=True))
    classes = Group.objects.filter(year=year, kind=Group.Kind.CLASS).select_related("unit")
    return list(classes.annotate(students=students).order_by("unit__name", "name"))


def _guessed(classes: list[Group], targets: list[Group]) -> list[tuple[Group, int | None]]:
    """Each class with the one that follows it in its own unit: two schools of a group may name theirs alike."""
    names: dict[int | None, dict[str, int]] = {}
    for target in targets:
        names.setdefault(target.unit_id, {})[target.name] = target.pk
    return [(each, moving_up.guess_next(each.name, names.get(each.unit_id, {}))) for each in classes]


def _chosen(posted, classes: list[Group], targets: list[Group]) -> dict[int, int]:
    """Class -> target, as posted in `target-<id of the class>`; ids that are not on offer are passed over."""
    offered = {target.pk for target in targets}
    wanted = {each.pk: posted_id(posted.get(f"target-{each.pk}", "")) for each in classes}
    return {source: target for source, target in wanted.items() if target in offered}
