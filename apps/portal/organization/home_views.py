"""The page Home."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.organizations.permissions import requires

from .home import home_of


@requires()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "organization/home.html", home_of(request.membership))  # type: ignore[attr-defined]
