"""Put people into a group, several at once; take them out; move students from one class to another."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.keyset import paginate
from apps.organizations.permissions import Permission, requires

from . import group_members
from .models import Enrolment, Group
from .posted_ids import posted_id, posted_ids


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request, pk: int, role: str) -> HttpResponse:
    """Search, tick, put in; `do=all` puts in everybody whom the search finds."""
    group = get_object_or_404(Group.objects.select_related("unit", "year"), pk=pk)
    role = _role_of(role, group)
    search = request.GET.get("q", "")[:200].replace("\0", "")
    source = Group.objects.filter(pk=posted_id(request.GET.get("from", ""))).first()
    people = group_members.who_may_come(group, role, search, source)
    narrowed = bool(search.strip() or source)
    if request.method == "POST":
        _put_in(request, group, role, people if narrowed and request.POST.get("do") == "all" else None)
        return redirect(request.get_full_path() if narrowed else request.organization.url("recipients:group", pk))
    context = {
        "group": group,
        "role": role,
        "q": search,
        "source": source,
        "sources": _sources(group) if role == group_members.STUDENT and group.kind != Group.Kind.STAFF else [],
        "page": paginate(people.select_related("unit"), request),
        "number": people.count(),
        "narrowed": narrowed,
    }
    return render(request, "recipients/group_enrol.html", context)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def members(request, pk: int) -> HttpResponse:
    """What the buttons below the ticked people do: take out, or move to another group."""
    group = get_object_or_404(Group, pk=pk)
    students, teachers = posted_ids(request.POST.getlist("student")), posted_ids(request.POST.getlist("teacher"))
    if not students and not teachers:
        messages.error(request, _("Tick somebody first."))
    elif request.POST.get("do") == "move":
        _move(request, group, students)
    else:
        out = group_members.take_out(group, group_members.STUDENT, students)
        out += group_members.take_out(group, group_members.TEACHER, teachers)
        sentence = ngettext("%(number)s person is taken out.", "%(number)s people are taken out.", out)
        messages.success(request, sentence % {"number": out})
    return redirect(request.organization.url("recipients:group", pk))


def _role_of(role: str, group: Group) -> str:
    """The role, if the group has it: one of staff has members alone. Raises Http404."""
    roles = {group_members.STUDENT} if group.kind == Group.Kind.STAFF else set(Enrolment.Role.values)
    if role not in roles:
        raise Http404
    return role


def _put_in(request, group: Group, role: str, everybody) -> None:
    people = everybody
    if people is None:
        ticked = posted_ids(request.POST.getlist("person"))
        if not ticked:
            messages.error(request, _("Tick somebody first."))
            return
        people = group_members.who_may_come(group, role).filter(pk__any_of=ticked)
    number = group_members.put_in(group, role, people)
    sentence = ngettext("%(number)s person is put in.", "%(number)s people are put in.", number)
    messages.success(request, sentence % {"number": number})


def _move(request, group: Group, students: list[int]) -> None:
    target = group_members.targets_of(group).filter(pk=posted_id(request.POST.get("target", ""))).first()
    if target is None:
        messages.error(request, _("Choose the group to which they move."))
        return
    number = group_members.move(group, target, students)
    sentence = ngettext("%(number)s student moved to %(to)s.", "%(number)s students moved to %(to)s.", number)
    messages.success(request, sentence % {"number": number, "to": target})


def _sources(group: Group):
    same = Group.objects.filter(year=group.year_id).exclude(pk=group.pk).exclude(kind=Group.Kind.STAFF)
    return same.select_related("unit").order_by(*Group.BY_PLACE)
