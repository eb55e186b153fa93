"""Settings: the senders people see, and the accounts by which mail leaves."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.channels.email.esp_regions import EUROPEAN_ADDRESSES
from apps.core.form_looks import save_or_say
from apps.organizations.permissions import Permission, requires

from . import account_trouble
from .account_form import SenderAccountForm
from .checking import CannotBeTried, try_account
from .forms import SenderForm
from .models import Sender, SenderAccount


def _to_list(request: HttpRequest) -> HttpResponse:
    return redirect(request.organization.url("senders:list"))  # type: ignore[attr-defined]


@requires(Permission.MANAGE_SENDERS)
@require_safe
def senders(request: HttpRequest) -> HttpResponse:
    accounts = [(account, account_trouble.sentence(account)) for account in SenderAccount.objects.all()]
    context = {"senders": Sender.objects.select_related("account"), "accounts": accounts}
    return render(request, "senders/list.html", context)


@requires(Permission.MANAGE_SENDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    if not SenderAccount.objects.exists():
        messages.warning(request, _("A sender needs an account to leave by. Add the account first."))
        return redirect(request.organization.url("senders:account_add"))  # type: ignore[attr-defined]
    return _sender_form(request, SenderForm(request.POST or None))


@requires(Permission.MANAGE_SENDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    sender = get_object_or_404(Sender, pk=pk)
    return _sender_form(request, SenderForm(request.POST or None, instance=sender), sender.name)


def _sender_form(request: HttpRequest, form: SenderForm, name: str = "") -> HttpResponse:
    if request.method == "POST" and form.is_valid() and save_or_say(form, form.save):
        messages.success(request, _("The sender %(name)s is saved.") % {"name": form.instance.name})
        return _to_list(request)
    return render(request, "senders/sender_form.html", {"form": form, "name": name})


@requires(Permission.MANAGE_SENDERS)
@require_POST
def make_default(request: HttpRequest, pk: int) -> HttpResponse:
    sender = get_object_or_404(Sender, pk=pk)
    with transaction.atomic():
        sender.make_default()
    messages.success(request, _("New messages start with %(sender)s.") % {"sender": sender})
    return _to_list(request)


@requires(Permission.MANAGE_SENDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def account_add(request: HttpRequest) -> HttpResponse:
    return _account_form(request, SenderAccountForm(request.POST or None))


@requires(Permission.MANAGE_SENDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def account_edit(request: HttpRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(SenderAccount, pk=pk)
    return _account_form(request, SenderAccountForm(request.POST or None, instance=account), account.name)


def _account_form(request: HttpRequest, form: SenderAccountForm, name: str = "") -> HttpResponse:
    # Looked up before the form is: a mistake in it must not change what is said about the account as it stands.
    context = {
        "form": form,
        "name": name,
        "trouble": account_trouble.sentence(form.instance),
        "reports_to": form.instance.webhook_address,
        "services": "|".join(value for value in SenderAccount.Provider.values if value != SenderAccount.Provider.SMTP),
        "european": "|".join(EUROPEAN_ADDRESSES),
    }
    if request.method == "POST" and form.is_valid() and save_or_say(form, form.save):
        messages.success(request, _("The account %(name)s is saved.") % {"name": form.instance})
        return _after_saving(request, form.instance)
    return render(request, "senders/account_form.html", context)


def _after_saving(request: HttpRequest, account: SenderAccount) -> HttpResponse:
    """A mail service has to be told an address, which stands on the account's page."""
    if account.is_service:
        return redirect(request.organization.url("senders:account_edit", account.pk))  # type: ignore[attr-defined]
    return _to_list(request)


@requires(Permission.MANAGE_SENDERS)
@require_POST
def account_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Try the account as it is stored, and say what the server answered; if it was in trouble, that has ended."""
    account = get_object_or_404(SenderAccount, pk=pk)
    try:
        problem = try_account(account)
    except CannotBeTried as reason:
        messages.info(request, str(reason))
        return _to_list(request)
    if problem:
        messages.error(request, _("%(account)s does not work: %(problem)s") % {"account": account, "problem": problem})
        return _to_list(request)
    if account.problem:
        account_trouble.end(account)
        account.save(update_fields=account_trouble.CIRCUIT)
        account_trouble.has_ended(account)
    said = _("%(account)s works: %(host)s lets Bedel in.") % {"account": account, "host": account.host}
    messages.success(request, said)
    return _to_list(request)
