"""People: lists, one person's page, and the forms to add and change."""

from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.keyset import paginate
from apps.organizations.permissions import SENDING, Permission, requires

from .family import consents_of, record_consent, set_here
from .forms import EnrolForm, GuardianForm, NoteForm, PersonForm
from .merged_records import present_id
from .models import AcademicYear, Consent, Enrolment, Group, ImportConflict, Person
from .people_lists import KINDS, WORDS, anybody_found, people_found, with_details
from .person_panels import panels_of
from .relatives import family_of
from .searching import MOST, number_up_to_most
from .taking_away import end_enrolments

SEEING = (Permission.VIEW_PEOPLE, Permission.MANAGE_PEOPLE)
SHOWS = ("failed", "no_address", "former")
# Three lists of people outside the school, with one entry in the navigation.
OTHERS = ("contacts", "leads", "companies")


@requires(*SEEING)
@require_safe
def index(request) -> HttpResponse:
    return redirect(request.organization.url("recipients:list", "students"))


@requires(*SEEING)
@require_safe
def people(request, kind: str) -> HttpResponse:
    """A hundred people of one kind, by name."""
    if kind not in KINDS:
        raise Http404
    asked = {name: request.GET.get(name, "")[:200].replace("\0", "") for name in ("q", "group", "show")}
    found = people_found(kind, asked["q"], asked["group"], asked["show"])
    page = paginate(with_details(found), request)
    context = {
        "kind": kind,
        "titles": _titles()[kind],
        "page": page,
        **_number(found),
        "others": [(word, _titles()[word]["many"]) for word in OTHERS] if kind in OTHERS else [],
        "shows": _shows(kind),
        "groups": _groups() if kind == "students" else [],
        "is_empty": not Person.objects.filter(kind=KINDS[kind]).exists(),
        "may_manage": request.membership.may(Permission.MANAGE_PEOPLE),
        **asked,
    }
    return render(request, "recipients/list.html", context)


@requires(*SEEING)
@require_safe
def find(request) -> HttpResponse:
    """Anybody, of whatever kind, here or gone."""
    search = request.GET.get("q", "")[:200].replace("\0", "")
    found = anybody_found(search)
    page = paginate(with_details(found.select_related("unit")), request, ("kind", "search_name", "id"))
    return render(request, "recipients/find.html", {"q": search, "page": page, **_number(found)})


@requires(*SEEING)
@require_safe
def person(request, pk: int) -> HttpResponse:
    """One person with addresses, family, groups, consents and the latest messages."""
    found = Person.objects.select_related("unit").filter(pk=pk).first()
    if found is None:
        return _where_it_went(request, pk)
    context = {
        "person": found,
        "kind": WORDS.get(found.kind, "contacts"),
        "titles": _titles().get(WORDS.get(found.kind, "contacts")),
        **family_of(found),
        "enrolments": found.enrolments.select_related("group__year", "group__unit").order_by("-group__year__starts_on"),
        "consents": consents_of(found),
        "former_numbers": found.former_numbers.exclude(external_id=found.external_id),
        "notes": found.notes.select_related("folder", "by"),
        "note_form": NoteForm(),
        "conflicts": found.import_conflicts.filter(decision=ImportConflict.Decision.OPEN),
        "panels": panels_of(request, found),
        "guardian_form": GuardianForm(),
        "enrol_form": EnrolForm(person=found),
        "may_manage": request.membership.may(Permission.MANAGE_PEOPLE),
        "may_write": request.membership.may_any(SENDING),
    }
    return render(request, "recipients/person.html", context)


def _where_it_went(request, pk: int) -> HttpResponse:
    kept = present_id(pk)
    if kept is None:
        raise Http404
    return redirect(request.organization.url("recipients:person", kept))


def or_where_it_went(view):
    """View decorator: who is merged with somebody is changed on no page left open; it leads to the one record."""

    @wraps(view)
    def found(request, pk: int, *args, **kwargs):
        try:
            return view(request, pk, *args, **kwargs)
        except Http404:
            response = _where_it_went(request, pk)
            if request.method == "POST":
                messages.warning(request, _("This record is one with another now. Nothing was changed: do it here."))
            return response

    return found


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request, kind: str) -> HttpResponse:
    """A new person of one kind."""
    if kind not in KINDS:
        raise Http404
    form = PersonForm(request.POST or None, instance=Person(kind=KINDS[kind]))
    if request.method == "POST" and form.is_valid():
        return redirect(request.organization.url("recipients:person", form.save().pk))
    return render(request, "recipients/edit.html", {"form": form, "kind": kind, "titles": _titles()[kind]})


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
@or_where_it_went
def edit(request, pk: int) -> HttpResponse:
    """Change names, language, unit and number."""
    found = get_object_or_404(Person, pk=pk)
    form = PersonForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect(request.organization.url("recipients:person", pk))
    kind = WORDS.get(found.kind, "contacts")
    context = {"form": form, "person": get_object_or_404(Person, pk=pk), "kind": kind, "titles": _titles()[kind]}
    return render(request, "recipients/edit.html", context)


@requires(Permission.MANAGE_PEOPLE)
@require_POST
@or_where_it_went
def consent(request, pk: int) -> HttpResponse:
    """Record or withdraw a consent."""
    kind = request.POST.get("kind", Consent.Kind.COMMERCIAL)
    if kind not in Consent.Kind.values or request.POST.get("granted") not in ("yes", "no"):
        raise Http404
    record_consent(get_object_or_404(Person, pk=pk), kind, request.POST.get("granted") == "yes", request.user)
    return redirect(request.organization.url("recipients:person", pk) + "#consent")


@requires(Permission.MANAGE_PEOPLE)
@require_POST
@or_where_it_went
def here(request, pk: int) -> HttpResponse:
    """Somebody leaves, or is back."""
    found = get_object_or_404(Person, pk=pk)
    set_here(found, request.POST.get("here") == "yes")
    found.save()
    return redirect(request.organization.url("recipients:person", pk) + "#here")


@requires(Permission.MANAGE_PEOPLE)
@require_POST
@or_where_it_went
def enrol(request, pk: int) -> HttpResponse:
    """Put the person into a group: a student as its student, staff as its teacher, or as a member of one of staff."""
    found = get_object_or_404(Person, pk=pk)
    form = EnrolForm(request.POST, person=found)
    if form.is_valid():
        group = form.cleaned_data["group"]
        teaches = found.kind == Person.Kind.STAFF and group.kind != Group.Kind.STAFF
        role = Enrolment.Role.TEACHER if teaches else Enrolment.Role.STUDENT
        Enrolment.objects.get_or_create(person=found, group=group, role=role)
    else:
        messages.error(request, _("Choose a group first."))
    return redirect(request.organization.url("recipients:person", pk) + "#groups")


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def leave(request, pk: int) -> HttpResponse:
    """Take a person out of a group."""
    enrolment = get_object_or_404(Enrolment, pk=pk)
    end_enrolments(Enrolment.objects.filter(pk=pk))
    return redirect(request.organization.url("recipients:person", enrolment.person_id) + "#groups")


def _number(found) -> dict[str, int | bool]:
    """How many were found; a page need not know it exactly beyond some thousands."""
    number = number_up_to_most(found)
    return {"number": min(number, MOST), "is_more": number > MOST}


def _titles() -> dict[str, dict[str, str]]:
    return {
        "students": {
            "many": _("Students"),
            "add": _("Add a student"),
            "lead": _("Their families are reached through them."),
        },
        "guardians": {
            "many": _("Guardians"),
            "add": _("Add a guardian"),
            "lead": _("Parents and others who look after students."),
        },
        "staff": {
            "many": _("Staff"),
            "add": _("Add a member of staff"),
            "lead": _("Teachers and everybody else who works here."),
        },
        "contacts": {"many": _("Contacts"), "add": _("Add a contact"), "lead": _("Others whom the school writes to.")},
        "leads": {
            "many": _("Leads"),
            "add": _("Add a lead"),
            "lead": _("Families and others who are interested in the school."),
        },
        "companies": {
            "many": _("Companies"),
            "add": _("Add a company"),
            "lead": _("Suppliers, partners and other organisations."),
        },
    }


def _shows(kind: str) -> list[tuple[str, str]]:
    words = {"failed": _("[ko] came back"), "no_address": _("No email address"), "former": _("No longer here")}
    return [(show, words[show]) for show in SHOWS] + (
        [("unreachable", _("Cannot be reached"))] if kind == "students" else []
    )


def _groups() -> list[Group]:
    return list(Group.objects.filter(year=AcademicYear.current()).exclude(kind=Group.Kind.STAFF).select_related("unit"))
