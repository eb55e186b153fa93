"""Pages that make one person of two."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.keyset import paginate
from apps.organizations.permissions import Permission, requires

from .duplicates import SHOWN, keep_apart, likely_pairs
from .merged_records import present_id
from .merging import FIELDS, figures_of, merge, preferred, shown_value
from .models import KnownApart, Person
from .people_lists import anybody_found, with_details

_FOUND = 20


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def duplicates(request) -> HttpResponse:
    """Pairs of people who are likely one; and those of whom somebody has said that they are two."""
    context = {"pairs": likely_pairs(request.organization), "most": SHOWN}
    apart = KnownApart.objects.select_related("first", "second", "by")
    return render(request, "recipients/duplicates.html", context | {"page": paginate(apart, request, ("-id",))})


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def apart(request, pk: int, other_pk: int) -> HttpResponse:
    """They are two people; with `do=ask`, the pair is proposed again."""
    one, other = get_object_or_404(Person, pk=pk), get_object_or_404(Person, pk=other_pk)
    if one == other:
        raise Http404
    if request.POST.get("do") == "ask":
        KnownApart.objects.filter(first__in=(one, other), second__in=(one, other)).delete()
    else:
        keep_apart(one, other, request.user)
        messages.success(request, _("%(name)s: two people. They are not proposed again.") % {"name": one.full_name})
    return redirect(request.organization.url("recipients:duplicates"))


@requires(Permission.MANAGE_PEOPLE)
@require_safe
def choose(request, pk: int) -> HttpResponse:
    """Find the person with whom this one is to be merged."""
    person = get_object_or_404(Person, pk=pk)
    search = request.GET.get("q", person.last_name or person.first_name)[:200].replace("\0", "")
    found = with_details(anybody_found(search).exclude(pk=pk)).order_by("search_name", "id")
    return render(request, "recipients/merge_choose.html", {"person": person, "q": search, "found": found[:_FOUND]})


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def merge_two(request, pk: int, other_pk: int) -> HttpResponse:
    """Both side by side; what stays is chosen, then one goes."""
    people = Person.objects.select_related("unit").prefetch_related("contact_points")
    if _are_one_already(pk, other_pk):
        messages.info(request, _("They are one person already."))
        return redirect(request.organization.url("recipients:person", pk))
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
        return redirect(request.organization.url("recipients:person", pk))
    context = {"kept": kept, "gone": gone, "both": (kept, gone), "lines": _lines(kept, gone)}
    context |= {"figures": figures_of(kept, gone), "warning": _about_login(kept, gone)}
    return render(request, "recipients/merge.html", context)


def _about_login(kept: Person, gone: Person) -> str:
    """Who logs in is among the staff; another kind would take a teacher from there."""
    member = next((person for person in (kept, gone) if person.membership_id), None)
    if member is None or kept.kind == gone.kind:
        return ""
    words = {"name": member.full_name, "kind": member.get_kind_display()}
    return (
        _("One of the two, %(name)s (%(kind)s), logs in here. The login stays; choose %(kind)s to leave it so.") % words
    )


def _are_one_already(pk: int, other_pk: int) -> bool:
    """By a second press, or by somebody else meanwhile."""
    return pk != other_pk and (present_id(pk) or pk) == (present_id(other_pk) or other_pk)


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
