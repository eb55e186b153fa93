"""Forms of senders and their accounts."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.form_looks import LooksMixin, without_relations

from .models import Sender, SenderAccount

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:]+:[0-9A-Fa-f:.]*")


class SenderForm(LooksMixin, forms.ModelForm):
    account: "forms.ModelChoiceField[SenderAccount]" = forms.ModelChoiceField(
        queryset=None, label=gettext_lazy("Leaves by"), empty_label=None
    )

    class Meta:
        model = Sender
        fields = ["name", "email", "reply_to", "account"]
        formfield_callback = without_relations

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = SenderAccount.objects.all()  # type: ignore[attr-defined]

    def clean(self) -> dict:
        super().clean()
        name, email = self.cleaned_data.get("name"), self.cleaned_data.get("email")
        if name and email and Sender.objects.filter(name=name, email=email).exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("There is a sender with this name and address already."))
        return self.cleaned_data

    def save(self, commit: bool = True) -> Sender:
        """Save the sender; the first one of a school becomes its default."""
        sender = super().save(commit)
        if not Sender.objects.filter(is_default=True).exists():
            sender.make_default()
        return sender


class SenderAccountForm(LooksMixin, forms.ModelForm):
    # Write-only: what is stored is never sent to a browser again, and stays where the field is left empty.
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = SenderAccount
        fields = ["name", "host", "port", "security", "username"]
        widgets = {"username": forms.TextInput(attrs={"autocomplete": "off"})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.encrypted_password:
            self.fields["password"].help_text = _("A password is stored. Leave this empty to keep it.")

    def clean_host(self) -> str:
        host = self.cleaned_data["host"]
        if not _HOST.fullmatch(host):
            raise ValidationError(_("Write the name of the server alone, such as smtp.school.example."))
        return host

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if SenderAccount.objects.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is an account of this name already."))
        return name

    def clean(self) -> dict:
        super().clean()
        if self.cleaned_data.get("password") and not self.cleaned_data.get("username") and not self.errors:
            self.add_error("username", _("A password needs its user name."))
        return self.cleaned_data

    def save(self, commit: bool = True) -> SenderAccount:
        if not self.cleaned_data["username"]:
            self.instance.password = ""
        elif self.cleaned_data["password"]:
            self.instance.password = self.cleaned_data["password"]
        return super().save(commit)
