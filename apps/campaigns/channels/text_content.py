"""What the second step asks for a message of plain text, unless its channel has a form of its own."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.form_looks import one_line

from ..models import SUBJECT_LENGTH, Mailing

MAX_TEXT = 10_000


class TextContentForm(forms.ModelForm):
    """Drafts may be incomplete: only what cannot be kept at all is an error here; the rest is the check page's."""

    subject = forms.CharField(
        label=_("Name in your lists"),
        max_length=SUBJECT_LENGTH,
        widget=forms.TextInput(attrs={"class": "input"}),
        help_text=_("Those who get it do not see it."),
        error_messages={"required": _("Give it a name."), "max_length": _("The name is too long.")},
    )
    body = forms.CharField(
        label=_("Message"),
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"class": "input", "rows": 8, "data-tags": "yes"}),
        error_messages={"max_length": _("The message is too long.")},
    )

    class Meta:
        model = Mailing
        fields = ["subject", "body", "commercial"]

    def clean_subject(self) -> str:
        try:
            return one_line(self.cleaned_data["subject"])
        except ValidationError:
            raise ValidationError(_("The name must be one line, without invisible signs.")) from None
