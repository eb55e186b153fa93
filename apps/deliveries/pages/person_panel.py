"""The messages that a person got, or that were about him, and what was answered: a panel of the person's page."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from apps.campaigns.models import Mailing
from apps.core.keyset import paginate
from apps.organizations.permissions import Permission
from apps.recipients.models import Person
from apps.recipients.person_panels import Panel
from apps.surveys.models import Answer

from ..models import Delivery, DeliveryAbout
from .status_words import hard_returns, status_of

SHOWN = 20


def context_of(request: HttpRequest, person: Person) -> dict[str, Any] | None:
    """A page of rows, newest first, with their status and answers; for members who see reports."""
    if not request.membership.may(Permission.VIEW_REPORTS):  # type: ignore[attr-defined]
        return None
    page = paginate(_rows(person), request, ("-begun_at", "-mailing_id", "id"), SHOWN)
    answers = _answers([row.mailing.question_id for row in page.rows], person)
    awaited, hard = _awaited(page.rows), hard_returns(page.rows)
    lines = [
        {
            "row": row,
            "status": status_of(row, row.mailing, row.pk in hard),
            "answer": answers.get(_key(row.mailing, row)),
            "is_awaited": row.pk in awaited,
        }
        for row in page.rows
    ]
    return {"lines": lines, "page": page}


def _rows(person: Person) -> QuerySet[Delivery]:
    """To him or about him: each found by an index of its own, as no OR would be."""
    to_him = Delivery.objects.filter(person=person).order_by().values("pk")
    about_him = DeliveryAbout.objects.filter(person=person).order_by().values("delivery")
    rows = Delivery.objects.filter(pk__in=to_him.union(about_him)).select_related("mailing", "person")
    return rows.annotate(begun_at=Coalesce("mailing__started_at", "mailing__created_at"))


def _key(mailing: Mailing, row: Delivery) -> tuple[int | None, str]:
    return mailing.question_id, row.normalized


def _answers(question_ids: list[int | None], person: Person) -> dict[tuple[int | None, str], Answer]:
    """(question, address) -> the answer about this person, or that he gave."""
    found = Answer.objects.filter(question__in=[each for each in question_ids if each])
    found = found.filter(Q(about=person) | Q(by_person=person)).prefetch_related("changes").order_by("at")
    return {(answer.question_id, answer.by_address): answer for answer in found}


def _awaited(rows: list[Delivery]) -> set[int]:
    """Those with a question about a student for whom nobody has answered, or about nobody and without an answer."""
    asked = [row.pk for row in rows if row.mailing.question_id and not row.reason]
    answered = Answer.objects.filter(question=OuterRef("delivery__mailing__question"), about=OuterRef("person"))
    abouts = DeliveryAbout.objects.filter(delivery__in=asked).annotate(answered=Exists(answered))
    found = list(abouts.values_list("delivery", "answered"))
    own = Answer.objects.filter(question=OuterRef("mailing__question"), by_address=OuterRef("normalized"))
    alone = set(asked) - {pk for pk, _answered in found}
    unanswered = Delivery.objects.filter(~Exists(own), pk__in=alone).values_list("pk", flat=True)
    return {pk for pk, is_answered in found if not is_answered} | set(unanswered)


PANEL = Panel("deliveries/_person.html", context_of)
