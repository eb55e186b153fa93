"""Addresses and family of a person: small forms that lead back to where one came from."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.channels import CONTACT_KINDS, EMAIL, PHONE
from apps.organizations.permissions import Permission, requires

from .family import add_guardian, delete_contact_point, make_primary, restrict, save_by_hand, set_sms
from .forms import ContactPointForm, GuardianForm, GuardianshipForm
from .merged_records import present_id
from .models import ContactPoint, Guardianship, Person
from .taking_away import end_guardianship


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def add_contact_point(request, person_pk: int) -> HttpResponse:
    """A new address or number; of which kind, says `?channel=` to begin with."""
    person = get_object_or_404(Person, pk=present_id(person_pk) or person_pk)
    kind = request.GET.get("channel", "")
    return _edit(request, ContactPoint(person=person, channel=kind if kind in CONTACT_KINDS else EMAIL))


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_point(request, pk: int) -> HttpResponse:
    """Correct an address or number; a `[ko]` goes with the wrong one, or when somebody says that it works again."""
    return _edit(request, get_object_or_404(ContactPoint.objects.select_related("person"), pk=pk))


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def delete_point(request, pk: int) -> HttpResponse:
    """Ask, then delete an address."""
    point = get_object_or_404(ContactPoint.objects.select_related("person"), pk=pk)
    if request.method == "POST":
        delete_contact_point(point)
        return redirect(_back(request, point.person_id))
    return render(
        request, "recipients/delete_contact_point.html", {"point": point, "back": _back(request, point.person_id)}
    )


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def primary(request, pk: int) -> HttpResponse:
    """Write to this address from now on."""
    point = get_object_or_404(ContactPoint, pk=pk, purpose=ContactPoint.Purpose.OWN)
    make_primary(point)
    return redirect(_back(request, point.person_id))


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def sms(request, pk: int) -> HttpResponse:
    """Note that a number cannot receive SMS, or that it can."""
    point = get_object_or_404(ContactPoint, pk=pk, channel=PHONE)
    set_sms(point, request.POST.get("can") == "yes")
    return redirect(_back(request, point.person_id))


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def add_guardian_of(request, pk: int) -> HttpResponse:
    """Give a student a guardian."""
    student = get_object_or_404(Person, pk=present_id(pk) or pk, kind=Person.Kind.STUDENT)
    form = GuardianForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        guardian = add_guardian(student, **form.cleaned_data)
        for point in guardian.contact_points.all():
            _say_if_it_came_back(request, point)
        return redirect(_back(request, student.pk))
    return render(
        request, "recipients/guardian.html", {"form": form, "person": student, "back": _back(request, student.pk)}
    )


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def guardianship(request, pk: int) -> HttpResponse:
    """The relation, whether it is restricted, and its end."""
    pair = get_object_or_404(Guardianship.objects.select_related("student", "guardian"), pk=pk)
    form = GuardianshipForm(request.POST or None, instance=pair)
    if request.method == "POST" and request.POST.get("do") == "end":
        end_guardianship(pair)
        return redirect(_back(request, pair.student_id))
    if request.method == "POST" and form.is_valid():
        restrict(form.save(commit=False))
        return redirect(_back(request, pair.student_id))
    context = {"form": form, "pair": pair, "back": _back(request, pair.student_id)}
    return render(request, "recipients/guardianship.html", context)


def _edit(request: HttpRequest, point: ContactPoint) -> HttpResponse:
    form = ContactPointForm(request.POST or None, instance=point)
    if request.method == "POST" and form.is_valid():
        save_by_hand(form.instance, works_again=form.cleaned_data.get("works_again", False))
        _say_if_it_came_back(request, form.instance)
        return redirect(_back(request, point.person_id))
    kept = ContactPoint.objects.filter(pk=point.pk).first()
    context = {"form": form, "point": kept, "person": point.person, "back": _back(request, point.person_id)}
    return render(request, "recipients/contact_point.html", context)


def _say_if_it_came_back(request: HttpRequest, point: ContactPoint) -> None:
    if point.health == ContactPoint.Health.FAILED:
        words = {"address": point.value, "reason": point.health_reason or _("no reason was given")}
        sentence = _("%(address)s came back earlier: %(reason)s. No message uses it until it is corrected.")
        messages.warning(request, sentence % words)


def _back(request: HttpRequest, person_pk: int) -> str:
    """Where `?next=` leads, if it is a page of ours; else the person's page."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return wanted
    return request.organization.url("recipients:person", person_pk)  # type: ignore[attr-defined]
