"""Open a family's link: the token first, then the organisation, then the row, in the recipient's language."""

import zoneinfo
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.core.tokens import BadToken, read_token
from apps.organizations.models import Organization
from apps.organizations.scoping import in_organization

from ..models import Delivery

_METHODS = ["GET", "HEAD", "POST", "OPTIONS"]


def opened_by_token(purpose: str) -> Callable:
    """View decorator: turns `token` into the Delivery it was made for, inside its organisation's scope.

    A wrong token is a kind 404 and touches no database; a row that is gone (deleted since) is a 410. The token is the
    authority, there is no login and no cookie, so there is nothing that a forged request could borrow: no CSRF check.
    """

    def decorate(view):
        @csrf_exempt
        @never_cache
        @require_http_methods(_METHODS)
        @wraps(view)
        def opened(request: HttpRequest, token: str, **kwargs) -> HttpResponse:
            response = _open(view, purpose, request, token, kwargs)
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Robots-Tag"] = "noindex"
            return response

        return opened

    return decorate


def _open(view, purpose: str, request: HttpRequest, token: str, kwargs: dict) -> HttpResponse:
    try:
        organization_id, delivery_id = read_token(purpose, token)
    except BadToken:
        return _say(request, "families/wrong.html", 404)
    if request.method == "OPTIONS":
        return HttpResponse(headers={"Allow": ", ".join(_METHODS)})
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        return _say(request, "families/gone.html", 410)
    if not delivery_id:
        return _say(request, "families/test_copy.html", 200, organization=organization)
    with in_organization(organization), timezone.override(zoneinfo.ZoneInfo(organization.time_zone)):
        delivery = Delivery.objects.select_related("mailing__question", "mailing__sender", "person").filter(
            pk=delivery_id
        )
        found = delivery.first()
        if found is None:
            return _say(request, "families/gone.html", 410, organization=organization)
        with translation.override(language_of(found, organization)):
            return view(request, found, **kwargs)


def language_of(delivery: Delivery, organization: Organization) -> str:
    """The recipient's language where it is known, else the organisation's."""
    known = dict(settings.LANGUAGES)
    return delivery.language if delivery.language in known else organization.language


def _say(request: HttpRequest, template: str, status: int, **context) -> HttpResponse:
    return render(request, template, context, status=status)
