"""What the second step asks beside the text of the channel: the question."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.surveys.models import Question


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
