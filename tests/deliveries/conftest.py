"""A message that was sent to a family of two children, with a question."""

from dataclasses import dataclass

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.campaigns.channels import registry
from apps.campaigns.channels.channel import Opener
from apps.campaigns.channels.email.carriers import SmtpCarrier
from apps.campaigns.channels.email.channel import EmailChannel
from apps.campaigns.models import Mailing
from apps.core.tokens import make_token
from apps.deliveries.models import Delivery, DeliveryAbout, Packet
from apps.recipients.models import Person
from apps.senders.models import SenderAccount
from apps.surveys.models import Question
from tests import people
from tests.servers.answering_smtp import answering_server


@dataclass
class Sent:
    """The rows of one message that went out."""

    mailing: Mailing
    delivery: Delivery
    lucia: Person
    pablo: Person

    def answer_url(self, student: Person | None, choice: str, purpose: str = "answer") -> str:
        token = make_token(purpose, self.mailing.organization_id, self.delivery.pk)
        return reverse("families:answer", args=(token, student.pk if student else 0, choice))

    def unsubscribe_url(self) -> str:
        token = make_token("unsubscribe", self.mailing.organization_id, self.delivery.pk)
        return reverse("families:unsubscribe", args=(token,))


@pytest.fixture
def sent(scoped, office) -> Sent:
    class_5a = people.group("5º A")
    lucia, pablo = people.student("Lucía Ferrer", class_5a), people.student("Pablo Ferrer", class_5a)
    nuria = people.guardian("Núria Ortega", "nuria@x.example", lucia, pablo)
    marc = people.guardian("Marc Ferrer", "", lucia)
    question = Question.objects.create(text="Will they come?")
    fields = {"subject": "Trip of {{ student_first_name }}", "question": question, "started_at": timezone.now()}
    mailing = people.mailing(class_5a, by=office, state="done", **fields)
    delivery = Delivery.objects.create(
        mailing=mailing,
        person=nuria,
        name=str(nuria),
        address="nuria@x.example",
        normalized="nuria@x.example",
        state="sent",
        sent_at=timezone.now(),
        server_reply="250 2.0.0 Ok: queued as 7",
    )
    Delivery.objects.create(mailing=mailing, person=marc, name=str(marc), state="skipped", reason="no_address")
    Packet.objects.create(mailing=mailing, first_id=delivery.pk, last_id=delivery.pk, size=1, state="done")
    for student in (lucia, pablo):
        DeliveryAbout.objects.create(delivery=delivery, person=student)
    return Sent(mailing, delivery, lucia, pablo)


@pytest.fixture
def server(scoped):
    with answering_server() as (handler, port):
        SenderAccount.objects.update(port=port)
        yield handler


class OnceOnly(EmailChannel):
    """What email is made of, and must never be handed over twice."""

    def __init__(self, code: str, carrier: Opener = SmtpCarrier) -> None:
        self.code = code
        self.carriers = {"smtp": carrier}

    def leaves_once(self, account: SenderAccount) -> bool:
        return True


@pytest.fixture
def once_only():
    """Registers a channel under a code that is free until the test is over: `once_only("pec")`."""
    added = []

    def add(code: str, carrier: Opener = SmtpCarrier) -> None:
        added.append(OnceOnly(code, carrier))
        registry.register(added[-1])

    yield add
    for channel in added:
        registry.unregister(channel)


@pytest.fixture
def clock(time_machine):
    time_machine.move_to(timezone.now())
    return time_machine
