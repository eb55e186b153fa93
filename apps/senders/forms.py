"""The form of a sender."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.form_looks import LooksMixin, without_relations

from .models import Sender, SenderAccount


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
