"""The messages that a person got, or that were about him, and what was answered: a panel of the person's page."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from apps.campaigns.models import Mailing
from apps.organizations.permissions import Permission
from apps.recipients.models import Person
from apps.recipients.person_panels import Panel
from apps.surveys.models import Answer

from .models import Delivery, DeliveryAbout
from .status_words import status_of

SHOWN = 20


def context_of(request: HttpRequest, person: Person) -> dict[str, Any] | None:
    """The latest rows with their status and answers. Drafts of others are no message yet."""
    if not request.membership.may(Permission.VIEW_REPORTS):  # type: ignore[attr-defined]
        return None
    about = DeliveryAbout.objects.filter(person=person).order_by().values("delivery")
    rows = Delivery.objects.filter(Q(person=person) | Q(pk__in=about)).select_related("mailing", "person")
    latest = list(rows.order_by("-mailing_id", "id")[: SHOWN + 1])
    answers = _answers([row.mailing.question_id for row in latest], person)
    lines = [
        {"row": row, "status": status_of(row, row.mailing), "answer": answers.get(_key(row.mailing, row))}
        for row in latest[:SHOWN]
    ]
    return {"lines": lines, "has_more": len(latest) > SHOWN}


def _key(mailing: Mailing, row: Delivery) -> tuple[int | None, str]:
    return mailing.question_id, row.normalized


def _answers(question_ids: list[int | None], person: Person) -> dict[tuple[int | None, str], Answer]:
    """(question, address) -> the answer about this person, or that he gave."""
    found = Answer.objects.filter(question__in=[each for each in question_ids if each])
    found = found.filter(Q(about=person) | Q(by_person=person)).prefetch_related("changes").order_by("at")
    return {(answer.question_id, answer.by_address): answer for answer in found}


PANEL = Panel(10, "mailings/_person.html", context_of)
