"""The form of a sender account: a mail server with its login, or a mail service with its key."""

import re
from base64 import b64decode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.channels.email.oauth2 import is_trusted_address
from apps.core.form_looks import LooksMixin, say_bounds

from . import account_trouble
from .models import SenderAccount, new_webhook_key
from .providers import OAUTH2_FIELDS, PASSWORD_FIELDS, provider

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:]+:[0-9A-Fa-f:.]*")
Authentication = SenderAccount.Authentication

_SERVER = ("host", "port", "security", "authentication", "username", "max_connections", "messages_per_connection")
_OF_SERVICE = ("provider_domain", "in_europe")
_PLAIN = ("name", "provider", *_SERVER, "oauth_token_url", "oauth_client_id", *_OF_SERVICE, "messages_per_minute")
_OF_ALL = {"name", "provider", "messages_per_minute"}
# Field -> what is said where it is needed and empty.
_NEEDED = {
    "host": gettext_lazy("Write the name of the mail server, such as smtp.school.example."),
    "username": gettext_lazy("Write the user name, which is usually the address of the mailbox."),
    "oauth_token_url": gettext_lazy("Write the address at which your provider gives access tokens."),
    "oauth_client_id": gettext_lazy("Write the client id that your provider shows for Bedel."),
    "refresh_token": gettext_lazy("Type the refresh token that your provider gave you."),
    "api_key": gettext_lazy("Type the API key that the service shows in your account there."),
    "provider_domain": gettext_lazy("Write the domain that is set up at the service."),
}
# What a stored secret was typed in for: when that changes, the secret must not go to the new place by itself.
_MEANT_FOR = {
    "password": ("provider", "host"),
    "client_secret": ("oauth_token_url",),
    "refresh_token": ("oauth_token_url", "oauth_client_id"),
    "api_key": ("provider", "in_europe"),
    "webhook_secret": ("provider",),
}
_PLACES = {place for places in _MEANT_FOR.values() for place in places}
_COLUMNS = {name: f"encrypted_{'password' if name == 'api_key' else name}" for name in _MEANT_FOR}


def _secret(label, help_text="", max_length: int = 500, strip: bool = True) -> forms.CharField:
    """A write-only field: what is stored is never sent to a browser again, and stays where the field is left empty."""
    widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
    return forms.CharField(
        label=label, help_text=help_text, required=False, strip=strip, max_length=max_length, widget=widget
    )


def _is_public_key(text: str) -> bool:
    """Whether this is the inside of a PEM public key, as SendGrid shows it: DER in base64."""
    try:
        load_der_public_key(b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


class SenderAccountForm(LooksMixin, forms.ModelForm):
    password = _secret(gettext_lazy("Password"), strip=False)
    oauth_token_url = forms.URLField(
        label=gettext_lazy("Token address"),
        help_text=gettext_lazy("Your provider calls it the token endpoint."),
        required=False,
        max_length=200,
        assume_scheme="https",
    )
    client_secret = _secret(gettext_lazy("Client secret"), gettext_lazy("Empty where your provider gave you none."))
    refresh_token = _secret(
        gettext_lazy("Refresh token"),
        gettext_lazy("What signing in at your provider gave you, for access that lasts."),
        max_length=8000,
    )
    api_key = _secret(
        gettext_lazy("API key"), gettext_lazy("Mailjet: the API key and the secret key, with a colon between them.")
    )
    webhook_secret = _secret(
        gettext_lazy("Secret of the reports"),
        gettext_lazy(
            "Mailgun and SendGrid: the key with which the service signs its reports. "
            "The others: user name and password with a colon between them, if the service sends them with its reports."
        ),
    )

    class Meta:
        model = SenderAccount
        fields = _PLAIN
        widgets = {"username": forms.TextInput(attrs={"autocomplete": "off"})}
        help_texts = {
            "provider_domain": gettext_lazy("Mailgun: the domain from which it sends."),
            "in_europe": gettext_lazy("The service then keeps what you send in the European Union."),
            "messages_per_minute": gettext_lazy("Empty: as many as the other side takes."),
            "max_connections": gettext_lazy("Most mail servers allow three."),
            "messages_per_connection": gettext_lazy("Empty: as many as the server takes."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        say_bounds(self, "port", "messages_per_minute", "max_connections", "messages_per_connection")
        self.is_new = self.instance.pk is None
        self._before = {name: getattr(self.instance, name) for name in _PLACES}
        self._stored = {name for name, column in _COLUMNS.items() if getattr(self.instance, column)}
        self._stored -= {"password"} if self.instance.is_service else {"api_key"}
        for name in self._stored:
            self.fields[name].help_text = _("It is stored, and never shown. Leave this empty to keep it.")

    def clean_host(self) -> str:
        host = self.cleaned_data["host"]
        if host and not _HOST.fullmatch(host):
            raise ValidationError(_("Write the name of the server alone, such as smtp.school.example."))
        return host

    def clean_oauth_token_url(self) -> str:
        address = self.cleaned_data["oauth_token_url"]
        if address and not is_trusted_address(address):
            raise ValidationError(_("Secrets are sent there: the address must begin with https://."))
        return address

    def clean_api_key(self) -> str:
        key = self.cleaned_data["api_key"]
        if not (key.isascii() and key.isprintable()):
            raise ValidationError(_("A key has no such letters in it. Copy it from the service once more."))
        return key

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if SenderAccount.objects.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is an account of this name already."))
        return name

    def clean(self) -> dict:
        super().clean()
        if "provider" in self.cleaned_data:
            self._forget_what_does_not_fit()
            self._ask_for_what_is_needed()
            self._ask_for_secrets_again()
            self._look_at_the_keys()
        return self.cleaned_data

    def _fitting(self) -> set[str]:
        """The fields that mean something for what was chosen."""
        fields = provider(self.cleaned_data["provider"]).fields
        is_oauth2 = self.cleaned_data.get("authentication") == Authentication.OAUTH2
        return set(fields - (PASSWORD_FIELDS if is_oauth2 else OAUTH2_FIELDS))

    def _forget_what_does_not_fit(self) -> None:
        """What is typed in the other groups counts for nothing, right or wrong."""
        untouched = SenderAccount()
        for name in self.fields.keys() - self._fitting() - _OF_ALL:
            self.errors.pop(name, None)
            self.cleaned_data[name] = getattr(untouched, name) if name in _PLAIN else ""

    def _ask_for_what_is_needed(self) -> None:
        needed = self._fitting() & _NEEDED.keys()
        if "password" in self._fitting() and not self.cleaned_data["password"]:
            needed.discard("username")
        for name in needed - self.errors.keys():
            if not self.cleaned_data.get(name) and not self._is_kept(name):
                self.add_error(name, _NEEDED[name])

    def _look_at_the_keys(self) -> None:
        """What could never work is said now, and not found when mail does not leave or no report is understood."""
        chosen, key = self.cleaned_data["provider"], self.cleaned_data.get("api_key")
        if key and chosen == "mailjet" and ":" not in key:
            self.add_error("api_key", _("Mailjet has two: type the API key, a colon, and the secret key."))
        secret = self.cleaned_data.get("webhook_secret")
        if secret and chosen == "sendgrid" and not _is_public_key(secret):
            self.add_error("webhook_secret", _("This is not the verification key that SendGrid shows for its reports."))
        if secret and chosen not in ("mailgun", "sendgrid") and ":" not in secret:
            self.add_error("webhook_secret", _("Type the user name, a colon, and the password."))

    def _ask_for_secrets_again(self) -> None:
        for name in self._stored & {"password", "client_secret"} & self._fitting():
            wanted = name != "password" or self.cleaned_data.get("username")
            if wanted and not self.cleaned_data.get(name) and not self._is_kept(name) and not self.errors:
                self.add_error(name, _("It was stored for another server. Type the one for this server."))

    def _is_kept(self, name: str) -> bool:
        """Whether the stored secret stays: it fits, nothing else was typed, and it goes where it went before."""
        return (
            name in self._stored
            and name in self._fitting()
            and not self.cleaned_data.get(name)
            and all(self.cleaned_data.get(place) == self._before[place] for place in _MEANT_FOR[name])
        )

    def save(self, commit: bool = True) -> SenderAccount:
        """Save the account, end its trouble, and let what waited for it go on."""
        account = super().save(commit=False)
        self._write_secrets(account)
        account_trouble.end(account)
        if account.is_service and not account.webhook_key:
            account.webhook_key = new_webhook_key()
        if commit and self.is_new:
            account.save()
        elif commit:
            account.save(update_fields=self._written())
            account_trouble.has_ended(account)
        return account

    def _write_secrets(self, account: SenderAccount) -> None:
        typed = {_COLUMNS[name]: self.cleaned_data[name] for name in _MEANT_FOR if self.cleaned_data[name]}
        kept = {_COLUMNS[name] for name in _MEANT_FOR if self._is_kept(name)}
        if not account.is_service and not account.username:
            typed.pop("encrypted_password", None)
            kept.discard("encrypted_password")
        for column in {*_COLUMNS.values()} - kept:
            setattr(account, column.removeprefix("encrypted_"), typed.get(column, ""))
        # Whatever was changed, the next login begins anew.
        account.access_token, account.access_token_until = "", None

    def _written(self) -> list[str]:
        """The columns to save: not those that workers write in the meantime, where nothing was typed for them."""
        columns = {
            *_COLUMNS.values(),
            "encrypted_access_token",
            "access_token_until",
            "webhook_key",
            *account_trouble.CIRCUIT,
        }
        if self._is_kept("refresh_token"):
            columns.discard("encrypted_refresh_token")
        return [*_PLAIN, *columns]
