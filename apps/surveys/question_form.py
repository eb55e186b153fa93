"""What the page of a message asks about its question."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .models import Question


class QuestionForm(forms.ModelForm):
    """The one question, if it is asked at all."""

    template = "surveys/_question_form.html"

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

    def __init__(self, message: Any, data: Any = None) -> None:
        question = message.question
        super().__init__(data, prefix="question", instance=question, initial={"asked": question is not None})
        self._message = message

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or Question.Kind.YES_NO

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("asked") and not cleaned.get("text", "").strip():
            self.add_error("text", ValidationError(_("Write the question."), code="required"))
        return cleaned

    def keep(self) -> None:
        """Save what is right in it; a question that is not asked any more is deleted."""
        question = self._message.question
        if not self.cleaned_data.get("asked"):
            delete_question(self._message)
            return
        question = question or self.instance
        for name in ("text", "kind", "closes_at"):
            if name in self.cleaned_data:
                setattr(question, name, self.cleaned_data[name])
        question.save()
        ask(self._message, question)


def ask(message: Any, question: Question) -> None:
    """Let `message` ask `question`, which was saved."""
    message.question = question
    message.save(update_fields=["question"])


def delete_question(message: Any) -> None:
    """Let `message` ask nothing any more."""
    if message.question:
        message.question.delete()
        message.question = None
