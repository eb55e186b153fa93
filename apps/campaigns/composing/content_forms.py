"""What the second step asks itself, beside the parts of a message: subject, text, and whether it is commercial."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.form_looks import one_line
from apps.core.message_parts import PartForm
from apps.core.normalizing import printable

from ..models import SUBJECT_LENGTH, Mailing

MAX_BODY = 1_000_000


class ContentForm(forms.ModelForm):
    """Drafts may be incomplete: only what cannot be kept at all is an error here; the rest is the check page's."""

    subject = forms.CharField(
        label=_("Subject"),
        strip=True,
        max_length=SUBJECT_LENGTH,
        widget=forms.TextInput(attrs={"class": "input", "data-tags": "yes"}),
        error_messages={"required": _("Write a subject."), "max_length": _("The subject is too long.")},
    )
    body = forms.CharField(
        label=_("Message"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 16, "data-tags": "yes"}),
    )

    class Meta:
        model = Mailing
        fields = ["subject", "body", "commercial"]

    def clean_subject(self) -> str:
        subject = self.cleaned_data["subject"]
        if printable(subject) != subject:
            raise ValidationError(_("The subject must be one line, without invisible signs."))
        return one_line(subject)

    def clean_body(self) -> str:
        body = self.cleaned_data["body"]
        if len(body) > MAX_BODY:
            raise ValidationError(_("The message is too long. Put pictures in as attachments."))
        return body


def only_incomplete(*forms_of_step: forms.BaseForm | PartForm) -> bool:
    """Whether nothing is wrong but that something is still to be written: then the draft may be left so."""
    errors = [error for form in forms_of_step for found in form.errors.as_data().values() for error in found]
    return all(error.code == "required" for error in errors)
