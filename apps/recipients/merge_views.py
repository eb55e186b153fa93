"""Pages that make one person of two."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.organizations.permissions import Permission, requires

from .duplicates import SHOWN, likely_pairs
from .merging import FIELDS, figures_of, merge, preferred, shown_value
from .models import Person
from .people_lists import anybody_found, with_details

_FOUND = 20


@requires(Permission.MANAGE_PEOPLE)
@require_GET
def duplicates(request) -> HttpResponse:
    """Pairs of people who are likely one."""
    return render(request, "people/duplicates.html", {"pairs": likely_pairs(request.organization), "most": SHOWN})


@requires(Permission.MANAGE_PEOPLE)
@require_GET
def choose(request, pk: int) -> HttpResponse:
    """Find the person with whom this one is to be merged."""
    person = get_object_or_404(Person, pk=pk)
    search = request.GET.get("q", person.last_name or person.first_name)[:200].replace("\0", "")
    found = with_details(anybody_found(search).exclude(pk=pk)).order_by("search_name", "id")
    return render(request, "people/merge_choose.html", {"person": person, "q": search, "found": found[:_FOUND]})


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "POST"])
def merge_two(request, pk: int, other_pk: int) -> HttpResponse:
    """Both side by side; what stays is chosen, then one goes."""
    people = Person.objects.select_related("unit").prefetch_related("contact_points")
    kept, gone = get_object_or_404(people, pk=pk), get_object_or_404(people, pk=other_pk)
    if kept == gone:
        raise Http404
    if request.method == "POST":
        try:
            merge(kept, gone, {name for name in FIELDS if request.POST.get(name) == "gone"}, request.user)
        except ValidationError as problem:
            messages.error(request, problem.messages[0])
            return redirect(request.get_full_path())
        messages.success(request, _("%(name)s is one person now.") % {"name": gone.full_name})
        return redirect(request.organization.url("people:person", pk))
    context = {"kept": kept, "gone": gone, "both": (kept, gone), "lines": _lines(kept, gone)}
    return render(request, "people/merge.html", context | {"figures": figures_of(kept, gone)})


def _lines(kept: Person, gone: Person) -> list[dict]:
    """What each field says of both, whether they differ, and whose is proposed."""
    of_gone = preferred(kept, gone)
    lines = []
    for name in FIELDS:
        values = shown_value(kept, name), shown_value(gone, name)
        if any(values):
            label = Person._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            differs = values[0] != values[1]
            lines.append(
                {"name": name, "label": label, "values": values, "differs": differs, "takes_gone": name in of_gone}
            )
    return lines
