"""Of an uncertain message a person says whether it arrived, or sends it again: all of them at once, or one."""

import pytest

from apps.campaigns.models import Mailing
from apps.channels.outcomes import Outcome, Result
from apps.deliveries import tasks
from apps.deliveries.engine import controlling, settling_uncertain
from apps.deliveries.engine.claiming import claim
from apps.deliveries.engine.finishing import finish
from apps.deliveries.engine.recording import write_outcomes
from apps.deliveries.engine.tallies import tallies_of
from apps.deliveries.models import ConnectionSlots, Packet
from tests.conftest import make_member
from tests.deliveries.started import addresses, started, state_of, states

pytestmark = pytest.mark.django_db
RESULTS = (Result.ACCEPTED, Result.UNCERTAIN, Result.REFUSED, Result.UNCERTAIN)


def ended(office, **fields) -> Mailing:
    """A mailing that is done, with two uncertain rows among four."""
    mailing = started(*addresses(4), by=office, **fields)
    packet = claim("before", {}).packet
    keys = packet.rows.values_list("pk", flat=True)
    write_outcomes(packet, [Outcome(key, result, "said") for key, result in zip(keys, RESULTS, strict=True)])
    packet.give_back()
    ConnectionSlots.objects.all().delete()  # as its worker does when it ends
    assert finish(Mailing.objects.get(pk=mailing.pk))
    return Mailing.objects.get(pk=mailing.pk)


@pytest.fixture
def press(office_client, school):
    """Press a button of the log, and return the text of the page that follows."""

    def press_button(name, mailing, **data):
        return office_client.post(school.url(f"deliveries:{name}", mailing.pk), data, follow=True).content.decode()

    return press_button


@pytest.mark.feature("B1")
def test_all_uncertain_messages_are_sent_again_and_nobody_else_gets_it_twice(server, office, press):
    mailing = ended(office)
    assert "2 messages are to be sent again." in press("send_again", mailing)
    assert (tallies_of([mailing.pk])[mailing.pk].waiting, state_of(mailing)) == (2, "sending")
    tasks.work()
    assert server.recipients == ["a001@x.example", "a003@x.example"]
    assert [*states(mailing).values()] == ["sent", "sent", "failed", "sent"]
    assert (state_of(mailing), Packet.objects.get().state) == ("done", "done")


def test_one_uncertain_message_is_sent_again_and_the_other_counts_as_sent(server, office, press):
    mailing = ended(office)
    one, other = mailing.deliveries.filter(state="uncertain")
    assert "1 message is to be sent again." in press("send_again", mailing, delivery=one.pk)
    tasks.work()
    assert "1 message counts as sent now." in press("count_as_sent", mailing, delivery=other.pk)
    other.refresh_from_db()
    assert (server.recipients, other.state, other.sent_at) == ([one.address], "sent", other.updated_at)


def test_what_was_stopped_waits_for_its_go_on(server, office):
    mailing = ended(office)
    Mailing.objects.filter(pk=mailing.pk).update(state="stopped")
    mailing.refresh_from_db()
    assert settling_uncertain.send_again(mailing) == 2
    tasks.work()
    assert (server.received, state_of(mailing)) == ([], "stopped")
    controlling.resume(mailing)
    tasks.work()
    assert len(server.received) == 2


def test_while_it_is_sent_nothing_is_sent_again(server, office, press):
    mailing = ended(office)
    Mailing.objects.filter(pk=mailing.pk).update(state="sending")
    assert "When it is done or stopped" in press("send_again", mailing)
    assert [*states(mailing).values()].count("uncertain") == 2


def test_a_packet_that_is_still_in_hand_is_left_to_its_worker(server, office):
    mailing = ended(office)
    Packet.objects.update(state="leased")
    assert settling_uncertain.send_again(mailing) == 0
    assert (state_of(mailing), Packet.objects.get().state) == ("done", "leased")


def test_the_log_offers_what_can_be_done_and_says_what_the_server_said(server, office, office_client, school):
    mailing = ended(office)
    page = office_client.get(school.url("deliveries:log", mailing.pk)).content.decode()
    assert "Of 2 messages nobody can say whether they arrived." in page
    assert all(words in page for words in ("Send all 2 again", "Count them as sent"))
    assert page.count("It arrived") == 2


def test_a_reader_sees_that_they_are_uncertain_and_has_no_button(server, office, client, school):
    mailing = ended(office)
    client.force_login(make_member(school, "reader").user)
    page = client.get(school.url("deliveries:log", mailing.pk)).content.decode()
    assert "nobody can say" in page
    assert "It arrived" not in page
    assert client.post(school.url("deliveries:send_again", mailing.pk)).status_code == 403
    assert [*states(mailing).values()].count("uncertain") == 2
