"""What an organisation and its accounts allow: so many messages a packet, a minute, a connection, over all workers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.deliveries import tasks
from apps.deliveries.engine.claiming import claim, let_go_of_connections, packets_wait
from apps.deliveries.engine.cutting_packets import PACKET_SIZE
from apps.deliveries.engine.tick import tick
from apps.deliveries.models import ConnectionSlots, Packet
from apps.organizations.models import Organization
from apps.organizations.scoping import in_organization
from apps.senders.models import SenderAccount
from tests.conftest import make_member
from tests.deliveries.started import addresses, started, state_of

pytestmark = pytest.mark.django_db


@pytest.mark.feature("S1.5")
@pytest.mark.feature("S2.6")
def test_packets_of_a_hundred_leave_a_minute_apart_unless_set_otherwise():
    assert (Organization().packet_size, Organization().packet_interval) == (PACKET_SIZE, 60) == (100, 60)


@pytest.mark.feature("S2.6")
def test_an_organisation_is_handed_one_packet_per_interval(server, office, school, clock):
    Organization.objects.update(packet_interval=60)
    mailing = started(*addresses(6), by=office, packet_size=2)
    tasks.work()
    assert len(server.received) == 2
    clock.shift(timedelta(seconds=59))
    assert not packets_wait()
    tasks.work()
    assert len(server.received) == 2
    for _minute in range(2):
        clock.shift(timedelta(seconds=61))
        assert packets_wait()
        tasks.work()
    assert len(server.received) == 6
    assert state_of(mailing) == "done"


def test_the_interval_of_one_school_holds_up_no_other(server, office, other_school, clock):
    Organization.objects.update(packet_interval=60)
    started(*addresses(4), by=office, packet_size=2)
    member = make_member(other_school, "office")
    with in_organization(other_school):
        SenderAccount.objects.update(port=server.port)
        started(*addresses(4, "y.example"), by=member, packet_size=2)
    tasks.work()
    assert server.recipients == ["a000@x.example", "a000@y.example", "a001@x.example", "a001@y.example"]


def test_what_a_server_has_put_off_waits_for_no_interval(server, office, clock):
    Organization.objects.update(packet_interval=3600)
    server.answers["a000@x.example"] = "451 4.3.0 try again later"
    started(*addresses(1), by=office)
    tasks.work()
    server.answers.clear()
    clock.shift(timedelta(minutes=3))
    tasks.work()
    assert server.recipients == ["a000@x.example"]


@pytest.mark.feature("S3.15")
@pytest.mark.feature("B7")
def test_two_mailings_of_one_school_take_turns(server, office):
    first = started(*addresses(6), by=office, packet_size=2)
    second = started(*addresses(6, "y.example"), by=office, packet_size=2)
    claimed = [claim("worker", {}).packet.mailing_id for _turn in range(4)]
    assert claimed == [first.pk, second.pk, first.pk, second.pk]


def test_no_minute_sees_more_messages_than_the_account_allows(server, office, clock):
    clock.move_to(timezone.now(), tick=False)  # else a slow machine has longer minutes than the loop counts
    SenderAccount.objects.update(messages_per_minute=24)
    mailing = started(*addresses(40), by=office)
    sent_at = []
    for second in range(110):
        before = len(server.received)
        tasks.work()
        sent_at += [second] * (len(server.received) - before)
        clock.shift(timedelta(seconds=1))
    assert len(sent_at) == 40
    assert max(sum(begin <= second < begin + 60 for second in sent_at) for begin in range(110)) == 24
    assert state_of(mailing) == "done"


def test_a_limit_of_one_message_a_minute_is_kept(server, office, clock):
    SenderAccount.objects.update(messages_per_minute=1)
    started(*addresses(3), by=office)
    tasks.work()
    clock.shift(timedelta(seconds=59))
    tasks.work()
    assert len(server.received) == 1
    clock.shift(timedelta(seconds=2))
    tasks.work()
    assert len(server.received) == 2


def test_a_limit_survives_a_clock_that_was_set_back(server, office, clock):
    SenderAccount.objects.update(messages_per_minute=1)
    mailing = started(*addresses(2), by=office)
    tasks.work()
    clock.shift(timedelta(days=-1))
    tasks.work()
    assert state_of(mailing) == "done"


def test_connections_of_an_account_are_shared_out_over_all_workers(server, office):
    SenderAccount.objects.update(max_connections=3)
    started(*addresses(4), by=office, packet_size=1)
    assert claim("first", {}).connections == 3
    assert claim("second", {}) is None
    assert claim("first", {SenderAccount.objects.get().pk: 3}) is not None
    let_go_of_connections("first", SenderAccount.objects.get().pk)
    assert claim("second", {}).connections == 3


def test_the_connections_of_a_dead_worker_are_free_after_its_lease(server, office, clock):
    SenderAccount.objects.update(max_connections=1)
    started(*addresses(2), by=office, packet_size=1)
    claim("dead", {})
    clock.shift(timedelta(minutes=6))
    tick()
    assert not ConnectionSlots.objects.filter(worker="dead").exists()
    assert set(Packet.objects.values_list("state", flat=True)) == {"waiting"}
    tasks.work()
    assert len(server.received) == 2


def test_a_connection_ends_after_as_many_messages_as_the_account_says(server, office):
    SenderAccount.objects.update(messages_per_connection=2, max_connections=1)
    started(*addresses(5), by=office)
    tasks.work()
    assert len(server.received) == 5
    assert server.connections == 3
