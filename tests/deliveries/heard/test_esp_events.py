"""What mail services report afterwards, in their own words: once each, for the right organisation, and what follows."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import reverse

from apps.deliveries.models import Delivery, Event, Packet
from apps.organizations.scoping import in_organization
from apps.recipients.models import ContactPoint
from apps.senders import secrets
from apps.senders.models import SenderAccount, new_webhook_key
from apps.targetlists.models import OptOut
from tests import people

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailWarning")]

SECRET = "a signing key"
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def service(provider, secret=SECRET, **fields) -> SenderAccount:
    """A sender account of the open scope that leaves by `provider`."""
    return SenderAccount.objects.create(
        name=f"By {provider} {secret}"[:100],
        provider=provider,
        webhook_key=new_webhook_key(),
        encrypted_webhook_secret=secrets.encrypt(secret),
        **fields,
    )


def url(account) -> str:
    return reverse("heard:events", args=(account.provider, account.webhook_key))


def post(client, account, report, **headers):
    return client.post(url(account), json.dumps(report), content_type="application/json", headers=headers)


def mailgun_report(event, delivery, secret=SECRET, event_id="DACSsAdVSeGpLid7TN03WA", token="8f7f", **data):
    """As Mailgun tells an event: its signature inside, the event beside it."""
    stamp = str(int(AT.timestamp()))
    digest = hmac.new(secret.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    known = {
        "id": event_id,
        "event": event,
        "timestamp": AT.timestamp(),
        "log-level": "info",
        "recipient": delivery.address,
        "message": {"headers": {"message-id": "20261120.1@almendral.example", "to": delivery.address}},
        "user-variables": {"bedel": str(delivery.pk)},
        "tags": [],
    }
    signature = {"timestamp": stamp, "token": token, "signature": digest}
    return {"signature": signature, "event-data": known | data}


GONE = {
    "severity": "permanent",
    "reason": "bounce",
    "delivery-status": {
        "attempt-no": 1,
        "code": 550,
        "enhanced-code": "5.1.1",
        "message": "The email account that you tried to reach does not exist.",
        "session-seconds": 0.4,
    },
}


@pytest.fixture
def mailgun(sent):
    return service("mailgun")


@pytest.fixture
def delivery(sent):
    return sent.delivery


def state_of(delivery) -> tuple[str, str]:
    delivery.refresh_from_db()
    return delivery.state, delivery.server_reply


def test_a_delivered_message_gets_its_event_and_keeps_the_words_of_its_acceptance(client, mailgun, delivery):
    report = mailgun_report("delivered", delivery, **{"delivery-status": {"code": 250, "message": "OK"}})
    assert post(client, mailgun, report).status_code == 200
    event = Event.objects.get()
    assert (event.delivery, event.kind, event.at) == (delivery, "delivered", AT)
    assert event.external_id == "DACSsAdVSeGpLid7TN03WA"
    assert state_of(delivery) == ("delivered", "250 2.0.0 Ok: queued as 7")


def test_told_twice_it_is_written_once_also_under_a_new_signature(client, mailgun, delivery):
    for token in ("8f7f", "8f7f", "9a9a"):
        assert post(client, mailgun, mailgun_report("opened", delivery, token=token)).status_code == 200
    assert Event.objects.count() == 1
    post(client, mailgun, mailgun_report("opened", delivery, event_id="another"))
    assert Event.objects.count() == 2


def test_what_came_back_says_so_in_the_servers_words_and_a_dead_address_is_marked(client, mailgun, delivery):
    assert post(client, mailgun, mailgun_report("failed", delivery, **GONE)).status_code == 200
    state, words = state_of(delivery)
    assert state == "bounced"
    assert words == "550 5.1.1 The email account that you tried to reach does not exist."
    point = ContactPoint.objects.get(normalized="nuria@x.example")
    assert (point.health, point.health_reason) == ("failed", words)


def test_from_a_full_mailbox_the_message_comes_back_and_the_address_is_kept(client, mailgun, delivery):
    full = {"severity": "permanent", "delivery-status": {"code": 552, "message": "5.2.2 Mailbox full"}}
    post(client, mailgun, mailgun_report("failed", delivery, **full))
    assert state_of(delivery) == ("bounced", "552 5.2.2 Mailbox full")
    assert ContactPoint.objects.get(normalized="nuria@x.example").health == "good"


def test_a_delay_changes_nothing(client, mailgun, delivery):
    late = {"severity": "temporary", "delivery-status": {"code": 451, "message": "4.7.1 Greylisted"}}
    post(client, mailgun, mailgun_report("failed", delivery, **late))
    assert Event.objects.get().kind == "deferred"
    assert state_of(delivery)[0] == "sent"


@pytest.mark.parametrize(
    ("before", "after"),
    [("uncertain", "bounced"), ("in_flight", "bounced"), ("waiting", "bounced"), ("skipped", "skipped")],
)
def test_a_message_may_come_back_from_any_state(client, mailgun, delivery, before, after):
    Packet.objects.update(leased_by="a worker")
    Delivery.objects.filter(pk=delivery.pk).update(state=before, sent_at=None)
    post(client, mailgun, mailgun_report("failed", delivery, **GONE))
    assert state_of(delivery)[0] == after


def test_the_report_of_an_earlier_try_says_nothing_of_a_later_one(client, mailgun, delivery):
    report = mailgun_report("failed", delivery, **GONE)
    post(client, mailgun, report)
    Delivery.objects.filter(pk=delivery.pk).update(state="sent")
    post(client, mailgun, report)
    assert state_of(delivery)[0] == "sent"


@pytest.mark.parametrize("event", ["complained", "unsubscribed"])
@pytest.mark.parametrize(("commercial", "scope"), [(True, "commercial"), (False, "all")])
def test_who_complains_or_unsubscribes_gets_no_more(client, mailgun, sent, event, commercial, scope):
    sent.mailing.commercial = commercial
    sent.mailing.save()
    report = mailgun_report(event, sent.delivery)
    assert post(client, mailgun, report).status_code == 200
    opt_out = OptOut.objects.get()
    assert (opt_out.normalized, opt_out.scope) == ("nuria@x.example", scope)
    opt_out.delete()  # he takes it back; the report is told again
    post(client, mailgun, report)
    assert not OptOut.objects.exists()
    assert state_of(sent.delivery)[0] == "sent"


def test_a_clicked_link_is_not_kept_because_it_opens_the_familys_page(client, mailgun, delivery):
    link = "https://school.example/p/a/secret-token/1/yes/"
    post(client, mailgun, mailgun_report("clicked", delivery, url=link))
    event = Event.objects.get()
    assert event.kind == "clicked"
    assert "secret-token" not in event.detail + event.external_id


def test_a_report_about_no_delivery_of_ours_is_ignored(client, mailgun, delivery):
    for metadata in ({}, {"bedel": "0"}, {"bedel": "x"}, {"bedel": "9" * 5000}, {"bedel": "²"}, [], None):
        report = mailgun_report("failed", delivery, **(GONE | {"user-variables": metadata}))
        assert post(client, mailgun, report).status_code == 200, metadata
        assert not Event.objects.exists(), metadata
        assert state_of(delivery)[0] == "sent", metadata


@pytest.mark.feature("B17")
def test_a_service_of_another_organisation_cannot_reach_this_delivery(client, delivery, other_school):
    with in_organization(other_school):
        theirs = service("mailgun")
    for event in ("failed", "unsubscribed"):
        assert post(client, theirs, mailgun_report(event, delivery, **GONE)).status_code == 200
    assert not Event.objects.exists()
    assert not OptOut.objects.exists()
    assert state_of(delivery)[0] == "sent"
    with in_organization(other_school):
        assert not Event.objects.exists()


def test_an_address_that_nobody_was_given_does_not_exist(client, mailgun, delivery):
    report = mailgun_report("failed", delivery, **GONE)
    unknown = [
        reverse("heard:events", args=("mailgun", "x" * 43)),
        reverse("heard:events", args=("sendgrid", mailgun.webhook_key)),
        reverse("heard:events", args=("smtp", mailgun.webhook_key)),
    ]
    smtp = service("smtp")
    for address in (*unknown, url(smtp)):
        for method in (client.get, client.head, client.post):
            assert method(address).status_code == 404
        assert client.post(address, json.dumps(report), content_type="application/json").status_code == 404
    assert not Event.objects.exists()


def test_only_a_post_changes_anything(client, mailgun, delivery, django_assert_num_queries):
    assert client.get(url(mailgun)).status_code == 405
    assert client.head(url(mailgun)).status_code == 200
    assert client.options(url(mailgun)).status_code == 200
    assert client.put(url(mailgun), "{}", content_type="application/json").status_code == 405
    assert not Event.objects.exists()


def test_no_login_and_no_form_token_is_asked_for(mailgun, delivery):
    strict = Client(enforce_csrf_checks=True)
    assert post(strict, mailgun, mailgun_report("delivered", delivery)).status_code == 200


@pytest.mark.parametrize("secret", ["another key", ""])
def test_a_forged_report_is_refused(client, mailgun, delivery, secret):
    assert post(client, mailgun, mailgun_report("failed", delivery, secret=secret, **GONE)).status_code == 400
    assert not Event.objects.exists()
    assert state_of(delivery)[0] == "sent"


def test_mailguns_older_accounts_sign_with_the_api_key(client, scoped, delivery):
    account = service("mailgun", secret="")
    account.password = "key-3ax6"
    account.save()
    assert post(client, account, mailgun_report("delivered", delivery, secret="key-3ax6")).status_code == 200
    assert Event.objects.exists()


def test_a_secret_that_cannot_be_read_lets_the_service_try_again_later(client, mailgun, delivery):
    mailgun.encrypted_webhook_secret = "gAAAA written under another key"
    mailgun.save()
    assert post(client, mailgun, mailgun_report("delivered", delivery)).status_code == 503


@pytest.mark.parametrize("provider", ["brevo", "mailgun", "mailjet", "postmark", "sendgrid", "sparkpost"])
def test_nonsense_is_a_bad_request_or_nothing(client, sent, provider):
    account = service(provider, secret="")
    for body in ("", "{", "[]", "{}", "null", "7", '"x"', "[[]]", '[{"msys": 1}]', '{"event": []}'):
        response = client.post(url(account), body, content_type="application/json")
        assert response.status_code in (200, 400), body
        assert not Event.objects.exists(), body


def sendgrid_reports(*events, delivery):
    """As SendGrid tells events: many at once, with our metadata among the fields of the event."""
    known = {"email": delivery.address, "timestamp": int(AT.timestamp()), "smtp-id": "<14c5d75ce93@ismtpd-1>"}
    own = {"bedel": str(delivery.pk), "anymail_id": "c8b9e1b6"}
    return [known | own | {"sg_event_id": f"event{number}"} | event for number, event in enumerate(events)]


SENDGRID_BOUNCE = {
    "event": "bounce",
    "type": "bounce",
    "status": "5.1.1",
    "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
}


def signed_by(key, body: bytes) -> dict[str, str]:
    stamp = str(int(AT.timestamp()))
    signature = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }


def public_key_of(key) -> str:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def test_sendgrid_signs_and_tells_many_events_at_once(client, scoped, delivery):
    key = ec.generate_private_key(ec.SECP256R1())
    account = service("sendgrid", secret=public_key_of(key))
    reports = sendgrid_reports(
        {"event": "processed"}, {"event": "delivered", "response": "250 OK"}, SENDGRID_BOUNCE, delivery=delivery
    )
    assert post(client, account, reports).status_code == 400  # not signed
    assert not Event.objects.exists()
    body = json.dumps(reports).encode()
    assert post(client, account, reports, **signed_by(key, body)).status_code == 200
    assert set(Event.objects.values_list("kind", "external_id")) == {("delivered", "event1"), ("bounced", "event2")}
    assert state_of(delivery) == ("bounced", SENDGRID_BOUNCE["reason"])
    assert ContactPoint.objects.get(normalized="nuria@x.example").health == "failed"


def test_sendgrid_with_a_key_that_is_none_is_told_to_come_back(client, scoped, delivery):
    account = service("sendgrid", secret="not a key")
    assert post(client, account, []).status_code == 503


POSTMARK_BOUNCE = {
    "RecordType": "Bounce",
    "ID": 4323372036854775807,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Name": "Hard bounce",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
    "Details": "smtp;550 No such mailbox here",
    "BouncedAt": "2026-11-20T09:30:00Z",
    "Inactive": True,
}


def postmark_report(delivery, **fields):
    return {"Email": delivery.address, "Metadata": {"bedel": str(delivery.pk)}, "MessageStream": "broadcast"} | fields


def test_postmark_is_let_in_by_user_and_password_where_one_is_set(client, scoped, delivery):
    account = service("postmark", secret="bedel:pass word")
    report = postmark_report(delivery, **POSTMARK_BOUNCE)
    assert post(client, account, report).status_code == 400
    known = base64.b64encode(b"bedel:pass word").decode()
    assert post(client, account, report, Authorization=f"Basic {known}").status_code == 200
    assert Event.objects.get().at == AT
    assert state_of(delivery) == ("bounced", "smtp;550 No such mailbox here")
    assert ContactPoint.objects.get(normalized="nuria@x.example").health == "failed"


def test_postmark_tells_of_those_who_unsubscribe_there(client, scoped, delivery):
    change = {"RecordType": "SubscriptionChange", "ChangedAt": "2026-11-20T09:30:00Z", "Recipient": delivery.address}
    stop = change | {"SuppressSending": True, "SuppressionReason": "ManualSuppression", "Origin": "Recipient"}
    account = service("postmark", secret="")
    for _told_twice in range(2):
        assert post(client, account, postmark_report(delivery, **stop)).status_code == 200
    assert Event.objects.get().kind == "unsubscribed"
    assert OptOut.objects.get().scope == "all"


def test_brevo_says_no_name_of_the_event_and_is_still_written_once(client, scoped, delivery):
    report = {
        "event": "hard_bounce",
        "email": delivery.address,
        "id": 26224,
        "ts_epoch": int(AT.timestamp() * 1000),
        "message-id": "<201798300811.5787683@service.example>",
        "X-Mailin-custom": json.dumps({"bedel": str(delivery.pk)}),
        "reason": "550 user does not exist",
        "tags": [],
    }
    account = service("brevo", secret="")
    for _told_twice in range(2):
        assert post(client, account, report).status_code == 200
    event = Event.objects.get()
    assert (event.kind, event.at, len(event.external_id)) == ("bounced", AT, 64)
    assert state_of(delivery) == ("bounced", "550 user does not exist")
    assert ContactPoint.objects.get(normalized="nuria@x.example").health == "failed"


def test_mailjet_says_what_is_wrong_without_a_code(client, scoped, delivery):
    report = {
        "event": "bounce",
        "time": int(AT.timestamp()),
        "MessageID": 13792286917004336,
        "email": delivery.address,
        "Payload": json.dumps({"bedel": str(delivery.pk)}),
        "hard_bounce": True,
        "error_related_to": "recipient",
        "error": "user unknown",
    }
    assert post(client, service("mailjet", secret=""), [report]).status_code == 200
    assert state_of(delivery) == ("bounced", "user unknown")
    assert ContactPoint.objects.get(normalized="nuria@x.example").health == "failed"


def test_sparkpost_wraps_its_events(client, scoped, delivery):
    bounce = {
        "type": "bounce",
        "event_id": "84320004715329757",
        "timestamp": str(int(AT.timestamp())),
        "bounce_class": "10",
        "raw_rcpt_to": delivery.address,
        "raw_reason": "550 no such user",
        "rcpt_meta": {"bedel": str(delivery.pk)},
    }
    reports = [{"msys": {}}, {"msys": {"message_event": bounce}}]
    assert post(client, service("sparkpost", secret=""), reports).status_code == 200
    event = Event.objects.get()
    assert (event.kind, event.external_id) == ("bounced", "84320004715329757")
    assert state_of(delivery) == ("bounced", "550 no such user")
    assert ContactPoint.objects.get(normalized="nuria@x.example").health == "failed"


def test_words_of_any_kind_fit_into_the_row(client, mailgun, delivery):
    words = "5.1.1 no\x00 such\r\n\ud800 user " + "ñ" * 2000
    post(
        client,
        mailgun,
        mailgun_report("failed", delivery, event_id="i" * 500, **{"delivery-status": {"message": words}}),
    )
    event = Event.objects.get()
    assert len(event.detail) == 1000
    assert len(event.external_id) == 64
    assert state_of(delivery)[1].startswith("5.1.1 no such user ñ")


def test_a_dead_address_is_marked_for_every_person_who_has_it_and_in_no_other_organisation(
    client, mailgun, delivery, other_school
):
    people.guardian("Nora Ortega", "nuria@x.example")
    with in_organization(other_school):
        people.guardian("Núria Ortega", "nuria@x.example")
    post(client, mailgun, mailgun_report("failed", delivery, **GONE))
    assert set(ContactPoint.objects.filter(normalized="nuria@x.example").values_list("health", flat=True)) == {"failed"}
    with in_organization(other_school):
        assert ContactPoint.objects.get(normalized="nuria@x.example").health == "good"
