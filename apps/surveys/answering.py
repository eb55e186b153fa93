"""Record what a family pressed: the latest answer counts, every press is kept."""

from django.db import transaction
from django.utils import timezone

from apps.recipients.models import Person

from .models import Answer, AnswerChange, Question


class QuestionClosed(Exception):
    """The time for answers is over; what was answered before stands."""


def record_answer(
    question: Question,
    *,
    about: Person | None,
    by_person: Person | None,
    by_address: str,
    value: str,
    user_agent: str = "",
) -> Answer:
    """Write the answer of one address about one student (or about nobody registered), and the change with it.

    `value` is one of question.choices. Two presses at once leave one answer. Raises QuestionClosed.
    """
    if question.is_closed:
        raise QuestionClosed
    if value not in question.choices:
        raise ValueError(f"{value!r} answers no question of kind {question.kind}")
    now = timezone.now()
    with transaction.atomic():
        answer, _created = Answer.objects.update_or_create(
            question=question,
            about=about,
            by_address=by_address,
            defaults={"value": value, "at": now, "by_person": by_person},
        )
        AnswerChange.objects.create(answer=answer, value=value, at=now, user_agent=user_agent[:300])
    return answer
