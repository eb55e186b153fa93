"""The question as a part of a message."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.message_parts import CarriedPart, Foot, MessagePart, Row, Students
from apps.core.tokens import make_token

from .models import Question
from .question_form import QuestionForm, ask, delete_question
from .question_markup import asked, question_html, question_text

_TOKEN, _ABOUT = "bedel_answer_token", "bedel_about"


class CarriedQuestion(CarriedPart):
    """The question of one message, with the links that prove who answers, and about whom."""

    tokens = (_TOKEN, _ABOUT)

    def __init__(self, organization_id: int, question: Question) -> None:
        self._organization_id = organization_id
        self._question = question

    def values(self, row: Row, students: Students, loaded: None) -> dict[str, str]:
        token = make_token("answer", self._organization_id, row.delivery_id)
        return {_TOKEN: token, _ABOUT: str(next(iter(students), 0))}

    def foot(self, values: Mapping[str, str], students: Students) -> Foot:
        """One block about one student or nobody; about several, one with a name for each."""
        names = {str(i): first_name for i, (first_name, _last_name) in students.items()}
        about = names if len(names) > 1 else {values[_ABOUT]: ""}
        all_asked = asked(self._question, values[_TOKEN], about)
        return Foot(question_html(self._question, all_asked), question_text(self._question, all_asked))


class QuestionPart(MessagePart):
    """A message reaches its question as `message.question`."""

    code = "question"
    label = gettext_lazy("Question")
    related = ("question",)

    def is_in(self, message: Any) -> bool:
        return message.question is not None

    def form(self, message: Any, data: Any = None, files: Any = None) -> QuestionForm:
        return QuestionForm(message, data)

    def obstacles(self, message: Any) -> list[str]:
        question, sentences = message.question, []
        if question and not question.text.strip():
            sentences.append(_("The question has no text."))
        if question and question.is_closed:
            sentences.append(_("The time until which answers may be given is over already."))
        return sentences

    def freeze(self, message: Any) -> dict[str, Any]:
        return {"kind": message.question.kind, "text": message.question.text}

    def carried(self, message: Any, frozen: Mapping[str, Any]) -> CarriedQuestion:
        question = Question(kind=frozen["kind"], text=frozen["text"]) if frozen else message.question
        return CarriedQuestion(message.organization_id, question)

    def copy(self, source: Any, target: Any) -> None:
        question = source.question
        again = Question(kind=question.kind, text=question.text, closes_at=question.closes_at)
        again.save()
        ask(target, again)

    def delete(self, message: Any) -> None:
        delete_question(message)
