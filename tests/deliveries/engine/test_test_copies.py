"""A test copy leaves by the same way as the message itself, and is counted nowhere."""

import pytest

from apps.campaigns.channels.email import carriers
from apps.campaigns.models import TestSend
from apps.deliveries.engine.test_copies import send_test_copy
from apps.deliveries.models import Delivery
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


def test_a_test_copy_leaves_by_the_mail_service_at_its_european_address(scoped, office, monkeypatch):
    key = secrets.encrypt("a key")
    SenderAccount.objects.update(
        provider="mailgun", provider_domain="mg.x.example", encrypted_password=key, in_europe=True
    )
    with esp_server("mailgun") as service:
        monkeypatch.setitem(carriers.EUROPEAN_ADDRESSES, "mailgun", service.url)
        assert copy_of(people.mailing("a@x.example", by=office)).state == "sent"
    assert [(mail.to, mail.subject) for mail in service.received] == [("office@x.example", "School trip")]
