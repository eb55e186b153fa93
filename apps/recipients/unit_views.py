"""Units: the schools of a group, or the stages of one school."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.form_looks import save_or_say
from apps.organizations.models import Unit
from apps.organizations.permissions import Permission, requires

from . import deleting_groups
from .group_uses import Going, uses_of
from .models import Person
from .school_forms import UnitForm
from .views import SEEING


@requires(*SEEING)
@require_safe
def units(request) -> HttpResponse:
    """Every unit with the number of its groups and people."""
    people = dict(Person.objects.filter(active=True).order_by().values_list("unit").annotate(number=Count("id")))
    found = list(Unit.objects.annotate(number=Count("groups")).order_by("name"))
    may_manage = request.membership.may(Permission.MANAGE_PEOPLE)
    rows = [(unit, people.get(unit.pk, 0)) for unit in found]
    return render(request, "recipients/units.html", {"rows": rows, "may_manage": may_manage})


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request) -> HttpResponse:
    return _edit(request, Unit())


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Unit, pk=pk))


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request, pk: int) -> HttpResponse:
    """Say what loses its unit; on POST delete it, unless two groups would then bear one name."""
    unit = get_object_or_404(Unit, pk=pk)
    clashes, uses = deleting_groups.in_the_way(unit), uses_of(Going(units=[unit.pk]))
    if request.method != "POST" or clashes or uses.must_stay:
        figures = deleting_groups.figures_of_unit(unit)
        context = {"unit": unit, "figures": figures, "clashes": clashes, "uses": uses}
        return render(request, "recipients/unit_delete.html", context)
    unit.delete()
    messages.success(request, _("The unit %(name)s is deleted.") % {"name": unit})
    return redirect(request.organization.url("recipients:units"))


def _edit(request, unit: Unit) -> HttpResponse:
    form = UnitForm(request.POST or None, instance=unit)
    if request.method == "POST" and form.is_valid() and save_or_say(form, form.save):
        return redirect(request.organization.url("recipients:units"))
    return render(request, "recipients/unit_edit.html", {"form": form, "unit": Unit.objects.filter(pk=unit.pk).first()})
