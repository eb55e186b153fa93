"""The page Home."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.organizations.home_cards import NEEDS, SECTIONS, rendered
from apps.organizations.permissions import requires

from .home import home_of


@requires()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    context = home_of(request.membership)  # type: ignore[attr-defined]
    context |= {"sections": rendered(request, SECTIONS), "needs": rendered(request, NEEDS)}
    return render(request, "organization/home.html", context)
