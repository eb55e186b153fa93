"""A worker that is killed: what it had heard is kept, what it held goes on, and nothing that costs leaves twice."""

import os
from datetime import timedelta

import pytest
from django.db import OperationalError

from apps.campaigns.models import Mailing
from apps.channels.outcomes import Outcome, Result
from apps.deliveries import tasks
from apps.deliveries.engine import recording, sending
from apps.deliveries.engine.claiming import claim
from apps.deliveries.engine.journal import Journal, left_journals
from apps.deliveries.engine.recording import write_outcomes
from apps.deliveries.engine.tick import tick
from apps.deliveries.models import ConnectionSlots, Delivery, Packet
from tests.deliveries.started import addresses, started, state_of, states

pytestmark = pytest.mark.django_db


class KilledWorker:
    """Claims a packet, hears outcomes, and is gone before any is written into the database."""

    def __init__(self, name: str = "killed") -> None:
        self.journal = Journal(name).__enter__()
        self.packet = claim(name, {}).packet
        self.keys = list(self.packet.rows.values_list("pk", flat=True))

    def hears(self, number: int, result: Result, reply: str = "250 Ok") -> None:
        self.journal.note(self.packet.pk, Outcome(self.keys[number], result, reply))

    def dies(self) -> None:
        """As after SIGKILL: the kernel keeps what was written, and lets go of the lock."""
        self.journal._map.close()
        os.close(self.journal._file)


@pytest.mark.feature("B1")
def test_what_a_killed_worker_had_heard_is_written_and_the_rest_goes_once(server, office):
    mailing = started(*addresses(4), by=office)
    worker = KilledWorker()
    worker.hears(0, Result.ACCEPTED, "250 2.0.0 Ok: queued as 7")
    worker.hears(1, Result.REFUSED, "550 5.1.1 Nobody here")
    worker.dies()
    assert tick()
    tasks.work()
    assert server.recipients == ["a002@x.example", "a003@x.example"]
    assert [*states(mailing).values()] == ["sent", "failed", "sent", "sent"]
    assert mailing.deliveries.first().server_reply == "250 2.0.0 Ok: queued as 7"
    assert state_of(mailing) == "done"
    assert not ConnectionSlots.objects.filter(worker="killed").exists()
    assert list(left_journals()) == []


def test_the_journal_of_a_living_worker_is_left_alone(server, office):
    started(*addresses(2), by=office)
    worker = KilledWorker()
    worker.hears(0, Result.ACCEPTED)
    tick()
    assert Packet.objects.get().state == "leased"
    worker.dies()
    tick()
    assert Packet.objects.get().state == "waiting"


def test_a_line_that_was_cut_off_by_the_kill_is_no_outcome(server, office):
    mailing = started(*addresses(2), by=office)
    worker = KilledWorker()
    worker.hears(0, Result.ACCEPTED)
    worker.hears(1, Result.ACCEPTED)
    end = worker.journal._end
    worker.journal._map[end - 5 : end] = b"\0" * 5
    worker.dies()
    tick()
    assert [*states(mailing).values()] == ["sent", "waiting"]


def test_an_acceptance_stands_also_when_another_worker_has_the_packet_now(server, office, clock):
    mailing = started(*addresses(2), by=office)
    worker = KilledWorker()
    worker.hears(0, Result.ACCEPTED)
    worker.hears(1, Result.POSTPONED, "451 Later")
    clock.shift(timedelta(minutes=6))
    tick()  # the lease is over, and the worker lives
    other = claim("other", {}).packet
    worker.dies()
    tick()
    assert [*mailing.deliveries.values_list("state", "attempts")] == [("sent", 1), ("waiting", 0)]
    assert Packet.objects.get().leased_by == other.leased_by


def test_a_long_journal_grows(server, office):
    started(*addresses(1), by=office)
    worker = KilledWorker()
    for _again in range(2_000):
        worker.hears(0, Result.POSTPONED, "451 " + "x" * 990)
    worker.dies()
    (left,) = left_journals()
    assert len(left.entries) == 2_000


def test_a_lease_from_before_the_clock_was_set_back_is_over(server, office, clock):
    started(*addresses(1), by=office)
    claim("dead", {})
    clock.shift(timedelta(days=-1))
    assert tick()
    tasks.work()
    assert len(server.received) == 1


@pytest.mark.feature("B1")
@pytest.mark.parametrize("channel", ["pec", "sms"])
def test_what_must_not_leave_twice_is_uncertain_when_its_worker_dies(server, office, clock, once_only, channel):
    once_only(channel)
    mailing = started(*addresses(3), by=office, channel=channel)
    packet = claim("dead", {}).packet
    packet.mark_in_flight([packet.first_id])
    clock.shift(timedelta(minutes=6))
    tick()
    assert [*states(mailing).values()] == ["uncertain", "waiting", "waiting"]


@pytest.mark.feature("B1")
def test_a_pec_is_noted_as_in_flight_before_it_is_handed_over(server, office, monkeypatch, once_only):
    once_only("pec")
    mailing = started(*addresses(3), by=office, channel="pec")
    seen = []

    def look(packet, heard):
        seen.append([*states(mailing).values()])
        write_outcomes(packet, heard)

    SenderAccount = type(mailing.sender.account)
    SenderAccount.objects.update(max_connections=1)
    monkeypatch.setattr(recording, "write_outcomes", look)
    tasks.work()
    assert seen == [
        ["in_flight", "waiting", "waiting"],
        ["sent", "in_flight", "waiting"],
        ["sent", "sent", "in_flight"],
    ]
    assert server.recipients == addresses(3)
    assert state_of(mailing) == "done"


@pytest.mark.feature("B1")
def test_a_worker_that_has_slept_through_its_lease_hands_nothing_over(server, office, clock, once_only):
    once_only("sms")
    mailing = started(*addresses(3), by=office, channel="sms")
    asleep = claim("asleep", {}).packet
    assert asleep.mark_in_flight([asleep.first_id]) == {asleep.first_id}
    clock.shift(timedelta(minutes=6))
    tick()
    other = claim("other", {}).packet
    assert asleep.mark_in_flight([asleep.first_id + 1]) == set()
    assert other.mark_in_flight([each.pk for each in mailing.deliveries.all()]) == {other.first_id + 1, other.last_id}
    assert [*states(mailing).values()] == ["uncertain", "in_flight", "in_flight"]


class BreakingCarrier:
    """Hands over the first row, and breaks with the second in its hands."""

    rows_at_a_time = 2
    is_stopped = False

    def __init__(self, account, connections):
        return

    async def deliver(self, copies, rows, on_outcome):
        on_outcome(Outcome(rows[0].key, Result.ACCEPTED, "Ok"))
        raise ZeroDivisionError

    async def close(self):
        return


@pytest.mark.feature("B1")
def test_what_a_carrier_had_in_its_hands_when_it_broke_is_uncertain(scoped, office, once_only):
    once_only("sms", BreakingCarrier)
    mailing = started(*addresses(4), by=office, channel="sms")
    tasks.work()
    assert [*states(mailing).values()] == ["sent", "uncertain", "waiting", "waiting"]
    assert state_of(mailing) == "stopped"


@pytest.mark.django_db(transaction=True)
def test_a_packet_that_was_leased_while_the_database_went_away_is_let_go(server, office, monkeypatch):
    mailing = started(*addresses(2), by=office, packet_size=1)
    answers = [OperationalError("the database went away")]

    def claim_without_hearing_of_it(*arguments):
        claimed = claim(*arguments)
        if answers:
            raise answers.pop()
        return claimed

    monkeypatch.setattr(sending, "claim", claim_without_hearing_of_it)
    tasks.work()
    assert sorted(states(mailing).values()) == ["sent", "waiting"]
    tasks.work()
    assert server.recipients == addresses(2)


def test_a_mailing_that_is_deleted_while_it_is_sent_stops_quietly(server, office, monkeypatch):
    mailing = started(*addresses(300), by=office, packet_size=300)

    def write_and_delete(packet, heard):
        write_outcomes(packet, heard)
        Mailing.objects.filter(pk=mailing.pk).delete()

    monkeypatch.setattr(recording, "write_outcomes", write_and_delete)
    tasks.work()
    assert 0 < len(server.received) < 300
    assert not Delivery.objects.exists()
    assert list(left_journals()) == []
    assert not tick()
