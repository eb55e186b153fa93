"""Groups by year, and who is in one."""

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.organizations.permissions import requires

from .models import AcademicYear, Enrolment, Group
from .views import SEEING


@requires(*SEEING)
@require_GET
def groups(request) -> HttpResponse:
    """The groups of one year (`?year=`, else the current one), by unit."""
    years = list(AcademicYear.objects.all())
    wanted = request.GET.get("year", "")
    year = next((each for each in years if str(each.pk) == wanted), None) or AcademicYear.current()
    found = Group.objects.filter(Q(year=year) | Q(kind=Group.Kind.STAFF)).select_related("unit")
    found = found.annotate(
        students=Count("enrolments", filter=Q(enrolments__role="student")),
        teachers=Count("enrolments", filter=Q(enrolments__role="teacher")),
    ).order_by("unit__name", "kind", "name")
    return render(request, "people/groups.html", {"years": years, "year": year, "groups": found})


@requires(*SEEING)
@require_GET
def group(request, pk: int) -> HttpResponse:
    """Students and teachers of one group."""
    found = get_object_or_404(Group.objects.select_related("unit", "year"), pk=pk)
    enrolments = found.enrolments.select_related("person").order_by("person__search_name")
    context = {
        "group": found,
        "students": enrolments.filter(role=Enrolment.Role.STUDENT),
        "teachers": enrolments.filter(role=Enrolment.Role.TEACHER),
    }
    return render(request, "people/group.html", context)
