"""The way in, and the error pages of the whole installation."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpResponseServerError
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from apps.organizations.models import Membership
from apps.organizations.scoping import without_scope


@login_required
@require_safe
def start(request):
    """To the user's organisation; with several, a page to choose; with none, whom to ask."""
    with without_scope():
        memberships = list(Membership.objects.filter(user=request.user).select_related("organization"))
    organizations = sorted((membership.organization for membership in memberships), key=lambda each: each.name)
    if len(organizations) == 1:
        return redirect(organizations[0])
    return render(request, "portal/start.html", {"organizations": organizations})


def not_offered(_request):
    raise Http404


def bad_request(request, exception=None):
    return render(request, "400.html", {"too_large": isinstance(exception, RequestDataTooBig)}, status=400)


def permission_denied(request, exception=None):
    return render(request, "403.html", status=403)


def page_not_found(request, exception=None):
    return render(request, "404.html", status=404)


def server_error(_request):
    """Without the request: what failed may be the frame of the page, and would fail again."""
    return HttpResponseServerError(render_to_string("500.html"))
