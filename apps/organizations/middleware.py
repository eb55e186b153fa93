"""Opens the organisation named in the path for its members; for everybody else it does not exist."""

import re
import zoneinfo

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation

from .models import Membership
from .scoping import in_organization, without_scope

_PATH = re.compile(r"^/o/(?P<slug>[-a-zA-Z0-9_]+)/")


def _staff_language(wanted: str) -> str:
    """`wanted` if the staff's pages are translated into it: half in one language and half in another helps nobody."""
    return wanted if wanted in settings.STAFF_LANGUAGES else settings.LANGUAGE_CODE


class OrganizationMiddleware:
    """Sets request.organization and request.membership, and runs the view inside that organisation's scope.

    Nobody logged in: to the login page and back. Logged in, but no member (or no such organisation): 404.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.organization = request.membership = None  # type: ignore[attr-defined]
        match = _PATH.match(request.path_info)
        if not match or not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path()) if match else self.get_response(request)
        request.membership = self._membership(request, match["slug"])  # type: ignore[attr-defined]
        if request.membership is None:  # type: ignore[attr-defined]
            return self.get_response(request)
        request.organization = organization = request.membership.organization  # type: ignore[attr-defined]
        language = _staff_language(request.user.language or organization.language)
        with (
            in_organization(organization),
            timezone.override(zoneinfo.ZoneInfo(organization.time_zone)),
            translation.override(language),
        ):
            request.LANGUAGE_CODE = language
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs):
        """Take the slug away: views of an organisation get their own arguments alone."""
        if kwargs.pop("organization_slug", None) is not None and request.membership is None:  # type: ignore[attr-defined]
            raise Http404
        return None

    @staticmethod
    def _membership(request: HttpRequest, slug: str) -> Membership | None:
        with without_scope():
            memberships = Membership.objects.select_related("organization", "role")
            return memberships.filter(organization__slug=slug, user=request.user).first()
