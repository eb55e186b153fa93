"""The form of a sender."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.form_looks import LooksMixin, without_relations

from .models import Sender, SenderAccount
from .providers import providers_of
from .sender_kinds import sender_kind


class SenderForm(LooksMixin, forms.ModelForm):
    """A sender of `instance.channel`: what its address is, and which accounts can carry it, the channel says."""

    account: "forms.ModelChoiceField[SenderAccount]" = forms.ModelChoiceField(
        queryset=None, label=gettext_lazy("Leaves by"), empty_label=None
    )
    field_order = ["name", "address", "reply_to", "account"]

    class Meta:
        model = Sender
        fields = ["name", "address", "reply_to", "account"]
        formfield_callback = without_relations

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        kind = sender_kind(self.instance.channel)
        self.fields["address"] = kind.field()
        self.fields["address"].widget.attrs["class"] = "input"
        if not kind.takes_replies:
            del self.fields["reply_to"]
        carriers = providers_of(self.instance.channel)
        self.fields["account"].queryset = SenderAccount.objects.filter(provider__in=carriers)  # type: ignore[attr-defined]

    def clean(self) -> dict:
        super().clean()
        same = {name: self.cleaned_data.get(name) for name in ("name", "address")} | {"channel": self.instance.channel}
        if all(same.values()) and Sender.objects.filter(**same).exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("There is a sender with this name and address already."))
        return self.cleaned_data

    def save(self, commit: bool = True) -> Sender:
        """Save the sender; the first one of a school becomes its default."""
        sender = super().save(commit)
        if not Sender.objects.filter(channel=sender.channel, is_default=True).exists():
            sender.make_default()
        return sender
