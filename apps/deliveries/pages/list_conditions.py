"""Filter people by what became of earlier messages: the person as their recipient, or as the student they are about."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.campaigns.audience.reasons import Reason
from apps.campaigns.models import Mailing
from apps.core.dates import moment
from apps.recipients.posted_ids import posted_ids
from apps.surveys.models import Answer
from apps.targetlists.alternatives import HasRow
from apps.targetlists.condition_fields import IS, IS_NOT, NOBODY, Field, Operator

from ..models import Delivery, DeliveryAbout, Event

HEADING = _("Messages and answers")
MAX_CHOICES = 500
_NO_ANSWER = "none"
_ANSWERS = (
    Operator("yes", _("is Yes to")),
    Operator("no", _("is No to")),
    Operator("received", _("is Received for")),
    Operator(_NO_ANSWER, _("has not come for")),
)


def _concerned(deliveries: QuerySet[Delivery]) -> Q:
    """People to whom one of these went, or about whom it was."""
    return Q(HasRow(deliveries)) | Q(HasRow(DeliveryAbout.objects.filter(delivery__in=deliveries)))


def _turned(operator: str, condition: Q) -> Q:
    return ~condition if operator == IS_NOT.name else condition


def _arrived(mailings: list[str]) -> QuerySet[Delivery]:
    """Sent (and delivered, but not returned), or left out because the same address got it already."""
    sent = Q(state__in=Delivery.REACHED)
    # With an empty reason, as every row that was sent has: the index of those says at once who has the address.
    same = {"mailing": OuterRef("mailing"), "normalized": OuterRef("normalized"), "reason": ""}
    at_address = Delivery.objects.filter(sent, **same)
    is_there = Q(Exists(at_address), reason=Reason.SAME_ADDRESS)
    return Delivery.objects.filter(sent | is_there, mailing__in=mailings)


def _reached(operator: str, mailings: list[str]) -> Q:
    return _turned(operator, _concerned(_arrived(mailings)))


def _not_reached(operator: str, mailings: list[str]) -> Q:
    """Who was to get one of these, or whom it was about, and none of its copies arrived."""
    condition = NOBODY
    for mailing in mailings:
        missed = Delivery.objects.filter(mailing=mailing, not_reached__isnull=False)
        condition |= _concerned(missed) & ~_concerned(_arrived([mailing]))
    return _turned(operator, condition)


def _heard(kind: str):
    """A function for those of whose copy such an event was heard."""

    def function(operator: str, mailings: list[str]) -> Q:
        events = Event.objects.filter(delivery=OuterRef("pk"), kind=kind)
        return _turned(operator, _concerned(Delivery.objects.filter(Exists(events), mailing__in=mailings)))

    return function


def _answered(operator: str, mailings: list[str]) -> Q:
    """Who gave this answer, and about whom it is the last one given."""
    if operator == _NO_ANSWER:
        return _unanswered(mailings)
    questions = Mailing.objects.filter(pk__in=mailings, question__isnull=False).values("question")
    given = Answer.objects.filter(question__in=questions, value=operator)
    later = Answer.objects.filter(question=OuterRef("question"), about=OuterRef("about"))
    later = later.filter(Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")))
    return Q(HasRow(given.filter(~Exists(later)), "about")) | Q(HasRow(given, "by_person"))


def _unanswered(mailings: list[str]) -> Q:
    """Students about whom nobody has answered, whoever was asked about one of them, and others who were asked."""
    asked = Delivery.objects.filter(mailing__in=mailings, mailing__question__isnull=False, reason="")
    of_question = Answer.objects.filter(question=OuterRef("delivery__mailing__question"), about=OuterRef("person"))
    # Not "delivery in asked", for which PostgreSQL would join the copies a second time.
    abouts = DeliveryAbout.objects.filter(
        ~Exists(of_question),
        delivery__mailing__in=mailings,
        delivery__mailing__question__isnull=False,
        delivery__reason="",
    )
    own = Answer.objects.filter(question=OuterRef("mailing__question"), by_address=OuterRef("normalized"))
    alone = asked.filter(~Exists(DeliveryAbout.objects.filter(delivery=OuterRef("pk"))), ~Exists(own))
    return Q(HasRow(abouts)) | Q(HasRow(abouts, "delivery__person")) | Q(HasRow(alone))


def _choices() -> list[tuple[str, Any, Any]]:
    return _offered(Mailing.objects.all())


def _choices_with_question() -> list[tuple[str, Any, Any]]:
    return _offered(Mailing.objects.filter(question__isnull=False))


def _reported(kind: str):
    """Messages of which a mail service has reported this; of the others nobody knows it."""

    def choices() -> list[tuple[str, Any, Any]]:
        heard = Event.objects.filter(kind=kind).order_by().values("delivery__mailing").distinct()
        return _offered(Mailing.objects.filter(pk__in=heard))

    return choices


def _offered(mailings: QuerySet[Mailing]) -> list[tuple[str, Any, Any]]:
    """The newest that have begun."""
    begun = mailings.exclude(state__in=[Mailing.State.DRAFT, Mailing.State.PENDING]).order_by("-id")[:MAX_CHOICES]
    return [(str(each.pk), _title(each), "") for each in begun]


def _title(mailing: Mailing) -> str:
    return f"{mailing} ({moment(mailing.started_at)})" if mailing.started_at else str(mailing)


def _names(values: list[str]) -> dict[str, str]:
    return {str(each.pk): f"“{each}”" for each in Mailing.objects.filter(pk__in=posted_ids(values))}


def _private(name: str, label: Any, operators: tuple[Operator, ...], function: Any, choices: Any = _choices) -> Field:
    return Field(name, label, HEADING, operators, function, choices, _names, is_private=True)


FIELDS = (
    _private("message_received", _("reached by the message"), (IS, IS_NOT), _reached),
    _private("message_missed", _("not reached by the message"), (IS, IS_NOT), _not_reached),
    _private("message_opened", _("opened the message"), (IS, IS_NOT), _heard("opened"), _reported("opened")),
    _private("message_clicked", _("clicked in the message"), (IS, IS_NOT), _heard("clicked"), _reported("clicked")),
    _private("answer", _("the answer"), _ANSWERS, _answered, _choices_with_question),
)
