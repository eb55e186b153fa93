"""What the second step asks: subject, text, question, and whether it is commercial."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.form_looks import one_line
from apps.core.normalizing import printable
from apps.surveys.models import Question

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


class QuestionForm(forms.ModelForm):
    """The one question, if it is asked at all."""

    asked = forms.BooleanField(label=_("Ask one question"), required=False)
    text = forms.CharField(
        label=_("Question"), required=False, max_length=500, widget=forms.TextInput(attrs={"class": "input"})
    )
    kind = forms.ChoiceField(label=_("Answers"), choices=Question.Kind.choices, initial="yes_no", required=False)
    closes_at = forms.DateTimeField(
        label=_("May be changed until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"class": "input", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    class Meta:
        model = Question
        fields = ["text", "kind", "closes_at"]

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or Question.Kind.YES_NO

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("asked") and not cleaned.get("text", "").strip():
            self.add_error("text", ValidationError(_("Write the question."), code="required"))
        return cleaned


def only_incomplete(*forms_of_step: forms.BaseForm) -> bool:
    """Whether nothing is wrong but that something is still to be written: then the draft may be left so."""
    errors = [error for form in forms_of_step for found in form.errors.as_data().values() for error in found]
    return all(error.code == "required" for error in errors)
