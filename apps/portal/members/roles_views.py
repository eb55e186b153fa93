"""Settings, Members and roles: what the roles let their members do, and roles of the organisation's own."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.form_looks import save_or_say
from apps.organizations.models import Role
from apps.organizations.permissions import Permission, requires
from apps.organizations.roles import delete_role, is_shipped, other_permissions, writes_to
from apps.recipients.posted_ids import posted_id

from .forms import RoleForm


def _roles():
    return Role.objects.annotate(number=Count("memberships"))


def _in_words(role: Role) -> dict:
    return {
        "role": role,
        "writes_to": writes_to(role),
        "others": other_permissions(role),
        "is_shipped": is_shipped(role),
    }


@requires(Permission.MANAGE_MEMBERS)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    rows = sorted((_in_words(role) for role in _roles()), key=lambda row: not row["is_shipped"])
    return render(request, "members/roles.html", {"rows": rows})


@requires(Permission.MANAGE_MEMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new role; `?like=` ticks what another one may do."""
    like = Role.objects.filter(pk=posted_id(request.GET.get("like"))).first()
    initial = {"permissions": like.permissions} if like else {}
    return _edit(request, RoleForm(request.POST or None, instance=Role(), initial=initial), None)


@requires(Permission.MANAGE_MEMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def role(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a role of the organisation's own; those that came with Bedel are shown."""
    found = get_object_or_404(_roles(), pk=pk)
    if not is_shipped(found):
        return _edit(request, RoleForm(request.POST or None, instance=found), get_object_or_404(_roles(), pk=pk))
    if request.method == "POST":
        raise PermissionDenied
    return render(request, "members/role_shipped.html", _in_words(found))


def _edit(request: HttpRequest, form: RoleForm, saved: Role | None) -> HttpResponse:
    """`saved` is the role as it stands: a mistake in the form must not change what is said of it."""
    if request.method == "POST" and form.is_valid():
        if _locks_out(request, form) and "confirmed" not in request.POST:
            return render(request, "members/confirm_role.html", {"form": form, "role": saved})
        if save_or_say(form, form.save):
            messages.success(request, _("The role %(name)s is saved.") % {"name": form.instance})
            name = "organization:home" if _locks_out(request, form) else "members:roles"
            return redirect(request.organization.url(name))  # type: ignore[attr-defined]
    return render(request, "members/role.html", {"form": form, "role": saved})


def _locks_out(request: HttpRequest, form: RoleForm) -> bool:
    own = form.instance.pk == request.membership.role_id  # type: ignore[attr-defined]
    return own and Permission.MANAGE_MEMBERS not in form.cleaned_data["permissions"]


@requires(Permission.MANAGE_MEMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask; on POST delete the role, unless somebody has it or it came with Bedel."""
    found = get_object_or_404(_roles(), pk=pk)
    if is_shipped(found):
        raise PermissionDenied
    if request.method == "POST" and delete_role(found):
        messages.success(request, _("The role %(name)s is deleted.") % {"name": found})
        return redirect(request.organization.url("members:roles"))  # type: ignore[attr-defined]
    return render(request, "members/role_delete.html", {"role": get_object_or_404(_roles(), pk=pk)})
