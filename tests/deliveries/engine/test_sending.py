"""A mailing leaves by a real SMTP server: every row ends in the right state, and nothing is sent twice."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.deliveries import tasks
from apps.deliveries.engine import controlling, recording
from apps.deliveries.engine.claiming import claim
from apps.deliveries.engine.fan_out import fan_out
from apps.deliveries.engine.recording import write_outcomes
from apps.deliveries.engine.tallies import tallies_of
from apps.deliveries.engine.tick import tick
from apps.deliveries.models import Packet
from apps.organizations.scoping import in_organization
from apps.recipients.models import ContactPoint
from apps.senders.models import Sender, SenderAccount
from apps.surveys.models import Question
from apps.targetlists.models import UploadedList, UploadedRow
from tests import people
from tests.conftest import make_member
from tests.deliveries.started import started, state_of, states

pytestmark = pytest.mark.django_db


@pytest.mark.feature("S0.23")
def test_a_due_mailing_is_started_sent_and_finished_by_the_tick(server, office, django_capture_on_commit_callbacks):
    mailing = people.mailing("a@x.example", "b@x.example", by=office, state="pending", starts_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tick_task()
    assert server.recipients == ["a@x.example", "b@x.example"]
    assert set(states(mailing).values()) == {"sent"}
    assert state_of(mailing) == "done"
    assert "queued as" in mailing.deliveries.first().server_reply


@pytest.mark.feature("S1.4")
def test_a_mailing_whose_start_has_not_come_stays(server, office):
    mailing = people.mailing("a@x.example", by=office, state="pending", starts_at=timezone.now() + timedelta(hours=1))
    assert not tick()
    assert state_of(mailing) == "pending"


@pytest.mark.feature("S2.10")
@pytest.mark.feature("S2.11")
@pytest.mark.feature("S2.12")
def test_the_mail_bears_sender_reply_address_subject_and_own_values(server, office):
    class_5a = people.group("5º A")
    people.guardian("Núria Ortega", "nuria@x.example", people.student("Lucía Ferrer", class_5a))
    mailing = started(
        class_5a,
        by=office,
        reply_to="tutor@almendral.example",
        subject="Trip of {{ student_first_name }}",
        body="<p>Dear {{ name }}, {{ student_name }} of {{ group }} <b>& co</b></p>",
    )
    tasks.work()
    message = server.message_to("nuria@x.example")
    assert message["Subject"] == "Trip of Lucía"
    assert "office@almendral.example" in message["From"]
    assert message["Reply-To"] == "tutor@almendral.example"
    assert "Núria Ortega" in message["To"]
    assert str(mailing.deliveries.get().pk) in message["Message-ID"]
    for part in ("plain", "html"):
        body = message.get_body((part,)).get_content()
        assert "Dear Núria Ortega, Lucía Ferrer of 5º A" in body


def test_a_name_with_markup_and_line_breaks_harms_nothing(server, office):
    nasty = people.person("<script>x</script> A\r\nBcc: evil@x.example", "a@x.example")
    started(nasty, by=office, subject="For {{ name }}", body="<p>{{ name }}</p>")
    tasks.work()
    message = server.message_to("a@x.example")
    assert message["Bcc"] is None
    assert "<script>" not in message.get_body(("html",)).get_content()
    assert server.recipients == ["a@x.example"]


@pytest.mark.feature("S0.18")
def test_the_mail_carries_the_body_then_the_question_then_its_two_links(server, office):
    question = Question.objects.create(kind="yes_no", text="Will you come?")
    started("a@x.example", by=office, question=question, body="<p>The body</p>")
    tasks.work()
    message = server.message_to("a@x.example")
    for part in ("plain", "html"):
        body = message.get_body((part,)).get_content()
        places = [body.index(text) for text in ("The body", "Will you come?", "/0/yes/", "/0/no/")]
        assert places == sorted(places)


@pytest.mark.feature("S0.19")
def test_one_single_link_bears_the_text_of_the_question(server, office):
    question = Question.objects.create(kind="received", text="I have received this")
    started("a@x.example", by=office, question=question)
    tasks.work()
    html = server.message_to("a@x.example").get_body(("html",)).get_content()
    assert html.count("/0/") == 1
    assert html.count("I have received this") == 1


@pytest.mark.feature("S1.14")
def test_the_unsubscribe_link_is_added_by_itself_and_offered_to_the_mail_program(server, office):
    started("a@x.example", by=office)
    tasks.work()
    message = server.message_to("a@x.example")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = message["List-Unsubscribe"].strip("<>")
    assert url in message.get_body(("html",)).get_content()
    assert url in message.get_body(("plain",)).get_content()


def test_an_own_unsubscribe_link_replaces_the_automatic_one(server, office):
    started("a@x.example", by=office, body='<p><a href="{{ unsubscribe_link }}">Stop</a></p>')
    tasks.work()
    message = server.message_to("a@x.example")
    assert message.get_body(("html",)).get_content().count("/p/u/") == 1
    assert message["List-Unsubscribe"]


def test_a_refused_recipient_fails_alone_and_a_dead_address_gets_its_ko(server, office):
    server.answers["gone@x.example"] = "550 5.1.1 no such mailbox"
    person = people.person("Joan Puig", "gone@x.example")
    mailing = started(person, "b@x.example", by=office)
    tasks.work()
    assert states(mailing) == {"gone@x.example": "failed", "b@x.example": "sent"}
    point = ContactPoint.objects.get()
    assert (point.health, point.shown) == ("failed", "[ko] gone@x.example")
    assert "no such mailbox" in mailing.deliveries.get(state="failed").server_reply
    assert state_of(mailing) == "done"


def test_a_postponed_message_waits_and_goes_later(server, office, clock):
    server.answers["a@x.example"] = "451 4.3.0 try again later"
    mailing = started("a@x.example", "b@x.example", by=office)
    tasks.work()
    assert states(mailing) == {"a@x.example": "waiting", "b@x.example": "sent"}
    assert state_of(mailing) == "sending"
    assert not tick()
    server.answers.clear()
    clock.shift(timedelta(minutes=3))
    assert tick()
    tasks.work()
    assert server.recipients == ["a@x.example", "b@x.example"]
    assert state_of(mailing) == "done"


def test_what_is_postponed_for_ever_fails_with_the_words_of_the_server(server, office, clock):
    server.answers["a@x.example"] = "451 4.3.0 try again later"
    mailing = started("a@x.example", by=office)
    for _attempt in range(8):
        tasks.work()
        clock.shift(timedelta(hours=5))
    assert states(mailing) == {"a@x.example": "failed"}
    assert "try again later" in mailing.deliveries.get().server_reply
    assert state_of(mailing) == "done"


def test_a_server_that_cannot_be_reached_pauses_the_mailing_and_burns_nothing(scoped, office):
    SenderAccount.objects.update(port=9)
    mailing = started("a@x.example", "b@x.example", by=office)
    tasks.work()
    stopped = Mailing.objects.get(pk=mailing.pk)
    assert stopped.state == "stopped"
    assert "127.0.0.1" in stopped.problem
    assert set(states(mailing).values()) == {"waiting"}


@pytest.mark.feature("B6")
def test_a_stopped_mailing_goes_on_with_exactly_the_rest(
    server, office, django_capture_on_commit_callbacks, monkeypatch
):
    addresses = [f"a{number}@x.example" for number in range(300)]
    mailing = started(*addresses, by=office, packet_size=300)

    def write_and_stop(packet, heard):
        write_outcomes(packet, heard)
        if (running := Mailing.objects.get(pk=mailing.pk)).state == "sending":
            controlling.stop(running)

    with monkeypatch.context() as patch:
        patch.setattr(recording, "write_outcomes", write_and_stop)
        tasks.work()
    split = tallies_of([mailing.pk])[mailing.pk]
    assert split.sent == len(server.received) > 0
    assert 0 < split.waiting == 300 - split.sent
    assert state_of(mailing) == "stopped"
    with django_capture_on_commit_callbacks(execute=True):
        controlling.resume(Mailing.objects.get(pk=mailing.pk))
    assert server.recipients == sorted(addresses)
    assert state_of(mailing) == "done"


def test_a_packet_of_a_dead_worker_goes_again_with_the_same_message_id(server, office, clock):
    mailing = started("a@x.example", "b@x.example", by=office)
    dead = claim("dead", {}).packet
    assert tallies_of([mailing.pk])[mailing.pk].in_flight == 2
    tasks.work()
    assert server.received == []
    clock.shift(timedelta(minutes=6))
    assert tick()
    tasks.work()
    assert set(states(mailing).values()) == {"sent"}
    dead.give_back()
    assert set(states(mailing).values()) == {"sent"}


def test_two_workers_never_hold_the_same_packet(server, office):
    started(*[f"a{number}@x.example" for number in range(6)], by=office, packet_size=3)
    first, second = claim("first", {}), claim("first", {})
    assert {first.packet.pk, second.packet.pk} == set(Packet.objects.values_list("pk", flat=True))
    assert claim("second", {}) is None


@pytest.mark.feature("B7")
def test_a_small_mailing_of_another_school_comes_in_turn(server, office, other_school):
    started(*[f"a{number}@x.example" for number in range(6)], by=office, packet_size=2)
    member = make_member(other_school, "office")
    with in_organization(other_school):
        SenderAccount.objects.update(port=Sender.objects.get().account.port)
        small = started("z@x.example", by=member)
    claim("worker", {})
    assert claim("worker", {}).packet.mailing_id == small.pk


@pytest.mark.feature("S0.15")
def test_attachments_arrive_as_they_were(server, office, tmp_path):
    mailing = people.mailing("a@x.example", by=office, state="pending", starts_at=timezone.now())
    content = bytes(range(256)) * 40
    mailing.attachments.create(
        file=ContentFile(content, "x"), name="Autorització 3-dic.pdf", content_type="application/pdf", size=len(content)
    )
    fan_out(mailing)
    tasks.work()
    (attachment,) = server.message_to("a@x.example").iter_attachments()
    assert attachment.get_filename() == "Autorització 3-dic.pdf"
    assert attachment.get_content() == content


@pytest.mark.feature("S0.12")
def test_the_variables_of_an_uploaded_list_become_tags(server, office):
    uploaded = UploadedList.objects.create(name="coaches.csv", variables=["seat"])
    for number in (1, 2):
        UploadedRow.objects.create(
            list=uploaded,
            row=number,
            value=f"c{number}@y.example",
            normalized=f"c{number}@y.example",
            name="Coach",
            variables={"seat": f"A{number}"},
        )
    started(by=office, uploaded_list=uploaded, body="<p>Seat {{ seat }}</p>")
    tasks.work()
    assert "Seat A2" in server.message_to("c2@y.example").get_body(("plain",)).get_content()
