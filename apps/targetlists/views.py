"""Target lists: all of them, one with its members, and to name, copy and delete them."""

from collections.abc import Iterable

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.keyset import paginate
from apps.organizations.permissions import SENDING, Permission, requires
from apps.recipients.people_lists import with_details

from . import uses
from .conditions import check, in_words
from .finding import Search
from .forms import NameForm, NewListForm
from .members import PEOPLE_ORDER, addresses_on, copy_of_filter, first_people_on, number_of, numbers_of
from .models import TargetList, UploadedRow
from .offered import lists_offered_to, sees_private_matters
from .uploading import FileRefused, upload_list

COLUMNS_SHOWN = 4  # of the variables of a file
# A teacher chooses lists by name, and gets of their members those who are his; the pages show them whole.
SEEING = (Permission.MANAGE_LISTS, Permission.SEND_TO_ALL, Permission.VIEW_PEOPLE)


@requires(Permission.MANAGE_LISTS, Permission.VIEW_PEOPLE, *SENDING)
@require_safe
def index(request) -> HttpResponse:
    """All lists by name; how many are on a filter list is counted when it comes into sight."""
    lists = lists_offered_to(request.membership)
    numbers, messages_of = numbers_of(lists), uses.messages_of(lists)
    may_read = sees_private_matters(request.membership)
    rows = [
        {
            "list": each,
            "number": numbers.get(each.pk),
            "words": in_words(each.condition) if each.kind == TargetList.Kind.FILTER and may_read else "",
            "use": messages_of[each.pk],
        }
        for each in lists
    ]
    return render(request, "targetlists/index.html", {"rows": rows, **_rights(request)})


@requires(Permission.MANAGE_LISTS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request) -> HttpResponse:
    """A name and how it is filled; then on to the page where that is done."""
    form, refused = NewListForm(request.POST or None, request.FILES or None), None
    if request.method == "POST" and form.is_valid():
        try:
            made = _make(request, form)
        except FileRefused as refusal:
            refused = refusal
        else:
            page = {TargetList.Kind.STATIC: "targetlists:add", TargetList.Kind.FILTER: "targetlists:filter"}
            return redirect(request.organization.url(page.get(made.kind, "targetlists:list"), made.pk))  # type: ignore[call-overload]
    return render(request, "targetlists/new.html", {"form": form, "refused": refused})


@requires(*SEEING)
@require_safe
def target_list(request, pk: int) -> HttpResponse:
    """A hundred members of one list: people (`?show=addresses`: those who are not on record)."""
    found = get_object_or_404(TargetList.objects.select_related("uploaded", "created_by"), pk=pk)
    is_uploaded, text = found.kind == TargetList.Kind.UPLOADED, Search.asked(request.GET).text
    shows_addresses = is_uploaded or request.GET.get("show") == "addresses"
    number, addresses = number_of(found), 0 if found.kind == TargetList.Kind.FILTER else addresses_on(found).count()
    rows, order = _rows(found, number, text, shows_addresses)
    page = paginate(rows, request, order)
    if found.uploaded is not None:
        _name_cells(page.rows, found.uploaded.variables[:COLUMNS_SHOWN])
    context = {
        "list": found,
        "page": page,
        "columns": found.uploaded.variables[:COLUMNS_SHOWN] if found.uploaded else [],
        "shows_addresses": shows_addresses,
        "q": text,
        "number": number,
        "addresses_number": addresses,
        "people_number": number - addresses,
        "words": in_words(found.condition) if sees_private_matters(request.membership) else "",
        "problems": check(found.condition) if found.kind == TargetList.Kind.FILTER else [],
        "use": uses.messages_of([found])[found.pk],
        **_rights(request),
    }
    return render(request, "targetlists/list.html", context)


@requires(*SEEING)
@require_safe
def count(request, pk: int) -> HttpResponse:
    """How many are on a list now (a fragment)."""
    return render(request, "targetlists/_number.html", {"number": number_of(get_object_or_404(TargetList, pk=pk))})


@requires(Permission.MANAGE_LISTS)
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request, pk: int) -> HttpResponse:
    found = get_object_or_404(TargetList, pk=pk)
    form = NameForm(request.POST or None, target_list=found, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        found.name = form.cleaned_data["name"]
        found.save(update_fields=["name", "updated_at"])
        return redirect(request.organization.url("targetlists:list", pk))
    return render(request, "targetlists/name.html", {"form": form, "list": found})


@requires(Permission.MANAGE_LISTS)
@require_http_methods(["GET", "HEAD", "POST"])
def copy(request, pk: int) -> HttpResponse:
    """Keep whoever meets a filter now as a list picked by hand."""
    found = get_object_or_404(TargetList, pk=pk, kind=TargetList.Kind.FILTER)
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = copy_of_filter(found, form.cleaned_data["name"], by=request.user)
        return redirect(request.organization.url("targetlists:list", made.pk))
    return render(request, "targetlists/name.html", {"form": form, "list": found, "copies": True})


@requires(Permission.MANAGE_LISTS)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request, pk: int) -> HttpResponse:
    """Ask, saying what uses the list; then delete it for good."""
    found = get_object_or_404(TargetList.objects.select_related("uploaded"), pk=pk)
    must_stay = uses.why_it_must_stay(found)
    if request.method != "POST" or must_stay:
        context = {"list": found, "must_stay": must_stay, "sentences": uses.sentences(found)}
        return render(request, "targetlists/delete.html", context)
    name = found.name
    with transaction.atomic():
        uses.tell(found)
        found.delete()
        if found.uploaded is not None:
            found.uploaded.delete()
    messages.success(request, _("The list “%(name)s” is deleted.") % {"name": name})
    return redirect(request.organization.url("targetlists:index"))


@transaction.atomic
def _make(request, form: NewListForm) -> TargetList:
    """The new list. Raises FileRefused."""
    kind, name, uploaded = form.cleaned_data["kind"], form.cleaned_data["name"], None
    if kind == TargetList.Kind.UPLOADED:
        uploaded = upload_list(form.cleaned_data["file"], request.user)
        if uploaded.about_repeated:
            messages.warning(request, uploaded.about_repeated)
    return TargetList.objects.create(name=name, kind=kind, uploaded=uploaded, created_by=request.user)


def _rows(found: TargetList, number: int, text: str, shows_addresses: bool):
    """The members that are asked for, and the order in which their pages are read."""
    if not shows_addresses:
        people = first_people_on(found, number)
        if text:
            search = Search(text=text, former=True)
            people = people.filter(pk__in=search.people.values("pk"))
        return with_details(people), PEOPLE_ORDER
    rows = addresses_on(found)
    if text:
        rows = rows.filter(normalized__contains=text.lower())
    return rows, ("row",) if rows.model is UploadedRow else ("id",)


def _name_cells(rows: Iterable[UploadedRow], columns: list[str]) -> None:
    """Give each row its `cells`, (name, value) in the order of the file: the database keeps another."""
    for row in rows:
        row.cells = [(name, row.variables.get(name, "")) for name in columns]  # type: ignore[attr-defined]


def _rights(request) -> dict:
    may = request.membership.may
    return {"may_change": may(Permission.MANAGE_LISTS), "may_see": any(may(each) for each in SEEING)}
