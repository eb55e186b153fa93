"""Settings, Members and roles: who may enter the organisation, and as what."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.form_looks import save_or_say
from apps.core.keyset import paginate
from apps.organizations import members as membership_of
from apps.organizations.models import Membership, Role
from apps.organizations.permissions import Permission, requires
from apps.recipients.people_lists import with_details
from apps.recipients.posted_ids import posted_id
from apps.recipients.searching import narrowed

from .forms import MemberForm, NewMemberForm
from .letting_in import tell_the_way_in
from .rows import choose_person, figures, in_words, likely_people, members, staff

PAGE = 50
SEARCHED_FROM = 20
_ORDER = ("user__name", "id")


def _last_administrator() -> str:
    return _("Nobody else who can log in is an administrator. Make somebody one first.")


@requires(Permission.MANAGE_MEMBERS)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    search = request.GET.get("q", "")[:200].replace("\0", "").strip()
    number = Membership.objects.count()
    page = paginate(members(search), request, _ORDER, size=PAGE)
    context = {
        "q": search,
        "number": number,
        "rows": [in_words(membership) for membership in page.rows],
        "page": page,
        "may_search": number > SEARCHED_FROM or search,
    }
    return render(request, "members/index.html", context)


@requires(Permission.MANAGE_MEMBERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = NewMemberForm(request.POST or None)
    let_in = _let_in(form) if request.method == "POST" and form.is_valid() else None
    if let_in is None:
        return render(request, "members/add.html", {"form": form})
    membership, is_new = let_in
    if not is_new:
        messages.info(request, _("%(name)s is a member already.") % {"name": membership.user})
        return redirect(request.organization.url("members:member", membership.pk))  # type: ignore[attr-defined]
    return _tell_the_way_in(request, membership, _("%(name)s is a member now.") % {"name": membership.user})


def _let_in(form: NewMemberForm) -> tuple[Membership, bool] | None:
    """None, with a sentence on the form, if the role was deleted meanwhile."""
    found: list[tuple[Membership, bool]] = []
    values = (form.cleaned_data[name] for name in ("email", "name", "role"))
    return found[0] if save_or_say(form, lambda: found.append(membership_of.let_in(*values))) else None


@requires(Permission.MANAGE_MEMBERS)
@never_cache
@require_POST
def way_in(request: HttpRequest, pk: int) -> HttpResponse:
    return _tell_the_way_in(request, get_object_or_404(Membership.objects.select_related("user", "role"), pk=pk), "")


def _tell_the_way_in(request: HttpRequest, membership: Membership, said: str) -> HttpResponse:
    """Mail how to get in; where that fails, show the link, this once."""
    opened = tell_the_way_in(membership, by=request.user)  # type: ignore[arg-type]
    if opened.link:
        return render(request, "members/link.html", {"membership": membership, "said": said, "link": opened.link})
    address = {"address": membership.user.email}
    if opened.sent:
        sent = _("A mail to %(address)s says how to log in.") % address
        messages.success(request, f"{said} {sent}".strip())
    else:
        unsent = _("The mail server of the portal does not answer: nothing went to %(address)s.") % address
        messages.warning(request, f"{said} {unsent}".strip())
    return redirect(request.organization.url("members:member", membership.pk))  # type: ignore[attr-defined]


@requires(Permission.MANAGE_MEMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: HttpRequest, pk: int) -> HttpResponse:
    membership = get_object_or_404(members(), pk=pk)
    form = MemberForm(request.POST or None, initial={"role": membership.role_id})
    if request.method == "POST" and form.is_valid():
        role = form.cleaned_data["role"]
        if _locks_out(request, membership, role) and "confirmed" not in request.POST:
            return render(request, "members/confirm.html", {"membership": membership, "role": role})
        if _given(form, membership, role):
            messages.success(request, _("%(name)s: %(role)s.") % {"name": membership.user, "role": role})
            return _to_list(request, still_allowed=not _locks_out(request, membership, role))
    # As it stands: a mistake in the form must not change what is said.
    row = in_words(members().get(pk=pk))
    return render(request, "members/member.html", {"form": form, "member": row, "likely": _likely(row)})


def _likely(row) -> list:
    """Up to three who may be this member, where that matters and nobody is chosen."""
    return list(likely_people(row.membership).filter(membership=None)[:3]) if row.warning and not row.person else []


def _locks_out(request: HttpRequest, membership: Membership, role: Role) -> bool:
    own = membership.pk == request.membership.pk  # type: ignore[attr-defined]
    return own and Permission.MANAGE_MEMBERS not in role.permissions


def _given(form: MemberForm, membership: Membership, role: Role) -> bool:
    try:
        return save_or_say(form, lambda: membership_of.give_role(membership, role))
    except membership_of.LastAdministrator:
        form.add_error("role", _last_administrator())
        return False


def _to_list(request: HttpRequest, still_allowed: bool = True) -> HttpResponse:
    name = "members:index" if still_allowed else "organization:home"
    return redirect(request.organization.url(name))  # type: ignore[attr-defined]


@requires(Permission.MANAGE_MEMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what stays and what stops; on POST end the membership, unless nobody would be left who is administrator."""
    membership = get_object_or_404(members(), pk=pk)
    own, problem = membership.pk == request.membership.pk, ""  # type: ignore[attr-defined]
    if request.method == "POST":
        try:
            membership_of.end_membership(membership)
        except membership_of.LastAdministrator:
            problem = _last_administrator()
        else:
            messages.success(request, _("%(name)s is no member any more.") % {"name": membership.user})
            return redirect("portal:start") if own else _to_list(request)
    context = {"member": in_words(membership), "own": own, "figures": figures(membership), "problem": problem}
    return render(request, "members/end.html", context)


@requires(Permission.MANAGE_MEMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which of the staff on record a member is: his groups are found by it."""
    membership = get_object_or_404(members(), pk=pk)
    if request.method == "POST":
        return _choose(request, membership)
    search = request.GET.get("q", "")[:200].replace("\0", "").strip()
    people = with_details(staff())
    page = paginate(narrowed(people, search) if search else people, request, size=PAGE)
    likely = [] if search else with_details(likely_people(membership))[:PAGE]
    context = {"member": in_words(membership), "page": page, "likely": likely, "q": search}
    return render(request, "members/person.html", context)


def _choose(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Nobody in the request: the member is none of them."""
    chosen = get_object_or_404(staff(), pk=posted_id(request.POST["person"])) if request.POST.get("person") else None
    words = {"name": membership.user, "person": chosen}
    if not choose_person(membership, chosen):
        messages.error(request, _("%(person)s is another member.") % words)
        return redirect(request.organization.url("members:person", membership.pk))  # type: ignore[attr-defined]
    said = _("%(name)s is %(person)s.") if chosen else _("%(name)s is nobody on record now.")
    messages.success(request, said % words)
    return redirect(request.organization.url("members:member", membership.pk))  # type: ignore[attr-defined]
