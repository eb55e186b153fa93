"""What the first step asks beside the panes."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.normalizing import normalize_email
from apps.organizations.scoping import current_organization
from apps.recipients.models import AcademicYear
from apps.senders.models import Sender

from ..models import Mailing

MAX_TYPED = 2000
# With JavaScript, the figures of the foot bar follow at once.
COUNT_ANEW = {
    "hx-trigger": "change",
    "hx-target": "#counted",
    "hx-select": "#counted",
    "hx-swap": "outerHTML",
}


class RecipientsForm(forms.ModelForm):
    """Sender, reply address, year, and the kinds of addresses."""

    sender: "forms.ModelChoiceField[Sender]" = forms.ModelChoiceField(queryset=None, label=_("From"), empty_label=None)
    year: "forms.ModelChoiceField[AcademicYear]" = forms.ModelChoiceField(
        queryset=None, label=_("School year"), required=False, empty_label=None
    )
    reply_to = forms.CharField(label=_("Replies go to"), required=False, max_length=254)

    class Meta:
        model = Mailing
        fields = ["sender", "reply_to", "year", "include_former", "to_guardians", "to_personal", "to_communication"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        senders = Sender.objects.filter(channel=self.instance.channel)
        self.fields["sender"].queryset = senders.order_by("-is_default", "name")  # type: ignore[attr-defined]
        self.fields["year"].queryset = AcademicYear.objects.all()  # type: ignore[attr-defined]
        for name in ("sender", "year", "reply_to"):
            self.fields[name].widget.attrs["class"] = "input"
        self.fields["year"].widget.attrs |= {"class": "input input--small year", "data-submit": "yes"}
        page = current_organization().url("campaigns:recipients", self.instance.pk)
        for name in ("to_guardians", "to_personal", "to_communication"):
            self.fields[name].widget.attrs |= COUNT_ANEW | {"hx-post": page}
        self.fields["include_former"].widget.attrs["data-submit"] = "yes"
        sender = self.instance.sender
        usual = (sender.reply_to or sender.address) if sender else ""
        self.fields["reply_to"].widget.attrs |= {"placeholder": usual, "inputmode": "email"}

    def clean_reply_to(self) -> str:
        value = self.cleaned_data["reply_to"].strip()
        if value:
            normalize_email(value)
        return value


def keep_valid(form: RecipientsForm) -> bool:
    """Save what is right in the form; True when all of it is."""
    good = form.is_valid()
    for name, value in form.cleaned_data.items():
        setattr(form.instance, name, value)
    form.instance.save(update_fields=[*form.cleaned_data, "updated_at"])
    return good
