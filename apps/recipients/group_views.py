"""Groups by year, one group with everybody in it, and the forms to make, change and delete one."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.form_looks import save_or_say
from apps.core.keyset import paginate
from apps.organizations.models import Unit
from apps.organizations.permissions import SENDING, Permission, requires

from . import deleting_groups, group_members
from .group_uses import Going, uses_of
from .models import AcademicYear, Group
from .reaching import with_reach
from .school_forms import GroupForm
from .views import SEEING


@requires(*SEEING)
@require_safe
def groups(request) -> HttpResponse:
    """The groups of one year (`?year=`, else the current one) and those of staff, by unit (`?unit=`)."""
    years, units = list(AcademicYear.objects.all()), list(Unit.objects.all())
    year = _one_of(years, request.GET.get("year", "")) or AcademicYear.current()
    unit = _one_of(units, request.GET.get("unit", ""))
    found = Group.objects.filter(Q(year=year) | Q(kind=Group.Kind.STAFF)).select_related("unit")
    found = found.filter(unit=unit) if unit else found
    found = found.annotate(
        students=Count("enrolments", filter=Q(enrolments__role="student")),
        teachers=Count("enrolments", filter=Q(enrolments__role="teacher")),
    ).order_by(*Group.BY_PLACE)
    context = {"years": years, "year": year, "units": units, "unit": unit, "groups": found}
    return render(request, "recipients/groups.html", context | {"may_manage": _may_manage(request)})


@requires(*SEEING)
@require_safe
def group(request, pk: int) -> HttpResponse:
    """Students with how they are reached, and teachers, of one group."""
    found = get_object_or_404(Group.objects.select_related("unit", "year"), pk=pk)
    page = paginate(group_members.members(found), request)
    is_staff = found.kind == Group.Kind.STAFF
    context = {
        "group": found,
        "is_staff": is_staff,
        "figures": deleting_groups.figures_of_group(found),
        "page": page,
        "students": page.rows if is_staff else with_reach(page.rows),
        "teachers": group_members.members(found, group_members.TEACHER),
        "targets": group_members.targets_of(found),
        "may_write": request.membership.may_any(SENDING),
        "may_manage": _may_manage(request),
    }
    return render(request, "recipients/group.html", context)


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request) -> HttpResponse:
    """A new group, of the year in `?year=` unless another is chosen."""
    years = list(AcademicYear.objects.all())
    return _edit(request, Group(year=_one_of(years, request.GET.get("year", "")) or AcademicYear.current()))


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Group, pk=pk))


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request, pk: int) -> HttpResponse:
    """Say who is in the group; on POST delete it, unless a message that waits for its start goes to it."""
    found = get_object_or_404(Group.objects.select_related("unit", "year"), pk=pk)
    uses = uses_of(Going(groups=[found.pk]))
    if request.method != "POST" or uses.must_stay:
        context = {"group": found, "figures": deleting_groups.figures_of_group(found), "uses": uses}
        return render(request, "recipients/group_delete.html", context)
    deleting_groups.delete_group(found)
    messages.success(request, _("The group %(name)s is deleted.") % {"name": found})
    return redirect(_list_of(request, found))


def _edit(request, found: Group) -> HttpResponse:
    initial = {} if found.pk else {"year": found.year_id}
    form = GroupForm(request.POST or None, instance=found, initial=initial)
    if request.method == "POST" and form.is_valid() and save_or_say(form, form.save):
        return redirect(request.organization.url("recipients:group", form.instance.pk))
    kept = Group.objects.filter(pk=found.pk).first()
    return render(
        request, "recipients/group_edit.html", {"form": form, "group": kept, "back": _list_of(request, found)}
    )


def _list_of(request, found: Group) -> str:
    return request.organization.url("recipients:groups") + (f"?year={found.year_id}" if found.year_id else "")


def _one_of(rows: list, key: str):
    return next((each for each in rows if str(each.pk) == key), None)


def _may_manage(request) -> bool:
    return request.membership.may(Permission.MANAGE_PEOPLE)
