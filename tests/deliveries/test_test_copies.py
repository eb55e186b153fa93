"""A test copy leaves by the same way as the message itself, and is counted nowhere."""

from functools import partial

import pytest

from apps.campaigns.models import TestSend
from apps.deliveries import adapters
from apps.deliveries.models import Delivery
from apps.deliveries.test_copies import send_test_copy
from apps.senders import secrets
from apps.senders.models import SenderAccount
from tests import people
from tests.servers.esp_server import esp_server

pytestmark = pytest.mark.django_db


def copy_of(mailing, address="office@x.example") -> TestSend:
    """What became of a test copy of `mailing`."""
    test_send = TestSend.objects.create(mailing=mailing, address=address)
    send_test_copy(test_send)
    return TestSend.objects.get(pk=test_send.pk)


def test_a_test_copy_shows_a_recipients_letter_to_whoever_asked(server, office):
    class_5a = people.group("5º A")
    people.guardian("Joan Puig", "joan@x.example", people.student("Aina Puig", class_5a))
    mailing = people.mailing(class_5a, by=office, subject="For {{ name }}")
    assert copy_of(mailing).state == "sent"
    assert server.recipients == ["office@x.example"]
    assert server.message_to("office@x.example")["Subject"] == "For Joan Puig"
    assert not Delivery.objects.exists()


def test_a_test_copy_leaves_by_the_mail_service_of_the_account(scoped, office, monkeypatch):
    SenderAccount.objects.update(provider="postmark", encrypted_password=secrets.encrypt("a key"))
    mailing = people.mailing("a@x.example", by=office, subject="Trip")
    with esp_server("postmark") as service:
        monkeypatch.setattr(adapters, "EspAccount", partial(adapters.EspAccount, api_url=service.url))
        assert copy_of(mailing).state == "sent"
    assert [(mail.to, mail.subject) for mail in service.received] == [("office@x.example", "Trip")]
