"""What is heard of a copy later: every report on every state, in any order and twice, and the figures that follow."""

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from random import Random

import pytest
from django.db import connection, transaction

from apps.campaigns.models import Mailing
from apps.channels.outcomes import Outcome, Result
from apps.deliveries.engine.arrivals import RETURNS, came_back, has_left, was_delivered
from apps.deliveries.engine.claiming import claim
from apps.deliveries.engine.recording import write_outcomes
from apps.deliveries.engine.settling_uncertain import count_as_sent, send_again
from apps.deliveries.engine.tallies import Tally, tallies_of
from apps.deliveries.models import Delivery, Event, Packet
from apps.recipients.models import ContactPoint
from tests import people
from tests.deliveries.started import addresses, started

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
STATES = ("skipped", "waiting", "in_flight", "sent", "delivered", "bounced", "failed", "uncertain")
# For each report, what becomes of each state, in the order above.
AFTER = {
    "delivered": "skipped delivered delivered delivered delivered delivered failed delivered",
    "full": "skipped bounced bounced bounced bounced bounced failed bounced",
    "hard": "skipped bounced bounced bounced bounced bounced failed bounced",
    "rejected": "skipped bounced bounced bounced bounced bounced failed bounced",
    "deferred": "skipped waiting in_flight sent delivered bounced failed sent",
    "opened": "skipped waiting in_flight sent delivered bounced failed sent",
    "complained": "skipped waiting in_flight sent delivered bounced failed sent",
}


def hear(delivery: Delivery, report: str, at: datetime = AT) -> None:
    """Write a report and do what follows: "full" and "hard" come back, from a full mailbox or for good."""
    kind = {"full": "bounced", "hard": "bounced"}.get(report, report)
    delivery = Delivery.objects.get(pk=delivery.pk)
    name = f"{report} {at:%H:%M}"
    event, is_new = Event.objects.get_or_create(
        delivery=delivery,
        kind=kind,
        external_id=name,
        defaults={"at": at, "detail": report, "is_hard": report == "hard"},
    )
    if is_new:
        act = came_back if kind in RETURNS else was_delivered if kind == "delivered" else has_left
        act(delivery, event)


@contextmanager
def tried():
    """What is done within is undone after it."""
    point = transaction.savepoint()
    yield
    transaction.savepoint_rollback(point)


def figures(mailing: Mailing) -> Tally:
    return tallies_of([mailing.pk])[mailing.pk]


def in_state(mailing: Mailing, state: str) -> Delivery:
    """The only row of a mailing, brought to a state in the way that leads there."""
    delivery = mailing.deliveries.get()
    if state == "skipped":
        mailing.packets.all().delete()
        mailing.deliveries.update(state=state, reason="no_address")
    elif state in ("delivered", "bounced"):
        in_state(mailing, "sent")
        hear(delivery, "delivered" if state == "delivered" else "full", AT - timedelta(hours=1))
    else:
        mailing.packets.update(leased_by="a worker", state="waiting" if state == "waiting" else "leased")
        mailing.deliveries.update(state=state)
    return delivery


@pytest.fixture
def mailing(scoped, office) -> Mailing:
    people.guardian("Núria Ortega", "a000@x.example")
    return started(*addresses(1), by=office)


@pytest.mark.parametrize("report", AFTER)
def test_every_report_on_every_state(mailing, report):
    for before, after in zip(STATES, AFTER[report].split(), strict=True):
        with tried():
            delivery = in_state(mailing, before)
            for _told_twice in range(2):
                hear(delivery, report)
                assert (before, Delivery.objects.get().state) == (before, after)
                assert figures(mailing) == counted(mailing)
            assert ContactPoint.objects.get().health == ("failed" if report == "hard" else "good")


@pytest.mark.parametrize(
    ("reports", "after"),
    [
        ({"full": 1, "delivered": 2}, "delivered"),
        ({"delivered": 1, "full": 2}, "bounced"),
        ({"hard": 1, "delivered": 2}, "bounced"),
        ({"delivered": 1, "hard": 2}, "bounced"),
        ({"delivered": 1, "full": 1}, "bounced"),
        ({"rejected": 1, "delivered": 2, "deferred": 3}, "delivered"),
        ({"deferred": 1, "full": 2, "delivered": 3, "hard": 4}, "bounced"),
        ({"full": 1, "delivered": 2, "rejected": 3}, "bounced"),
    ],
)
def test_reports_lead_to_the_same_in_whichever_order_they_come(mailing, reports, after):
    for before, order in product(("sent", "uncertain", "in_flight"), permutations(reports)):
        with tried():
            delivery = in_state(mailing, before)
            for report in order:
                hear(delivery, report, AT + timedelta(minutes=reports[report]))
            assert (before, order, Delivery.objects.get().state) == (before, order, after)
            assert figures(mailing).delivered == int(after == "delivered")


def test_the_row_says_when_and_keeps_the_words_that_explain_it(mailing):
    delivery = in_state(mailing, "uncertain")
    Delivery.objects.update(server_reply="broken", sent_at=None)
    for minutes, report, words in ((0, "full", "full"), (1, "delivered", "delivered"), (2, "hard", "hard")):
        at = AT + timedelta(minutes=minutes)
        hear(delivery, report, at)
        delivery.refresh_from_db()
        assert (delivery.server_reply, delivery.updated_at, delivery.sent_at) == (words, at, AT)


def test_a_hard_return_after_another_says_why(mailing):
    delivery = in_state(mailing, "bounced")
    hear(delivery, "hard")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.server_reply, delivery.updated_at) == ("bounced", "hard", AT)


@pytest.mark.parametrize(("report", "after"), [("delivered", "delivered"), ("full", "bounced")])
def test_a_report_that_is_faster_than_the_record_of_the_acceptance_stands(mailing, report, after):
    packet = claim("worker", {}).packet
    packet.mailing = mailing
    delivery = mailing.deliveries.get()
    hear(delivery, report)
    write_outcomes(packet, [Outcome(delivery.pk, Result.ACCEPTED, "250 ok")])
    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_at) == (after, AT)
    assert packet.give_back()


def test_what_nobody_has_held_cannot_have_arrived(mailing):
    delivery = mailing.deliveries.get()
    for report in ("delivered", "hard"):
        hear(delivery, report)
        assert Delivery.objects.get().state == "waiting"
    assert figures(mailing) == Tally(waiting=1)


def test_of_another_organisation_nothing_is_counted(mailing, other_school, office):
    other = started("b@x.example", by=office)
    hear(in_state(mailing, "sent"), "delivered")
    assert figures(other) == Tally(waiting=1)
    assert figures(mailing) == Tally(sent=1, delivered=1)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_heard_the_figures_are_those_of_the_rows(scoped, office, seed):
    """Three packets of eight rows with outcomes of every kind, then reports and decisions as they come."""
    chance = Random(seed)
    mailing = started(*addresses(24), by=office, packet_size=8)
    Delivery.objects.create(mailing=mailing, name="Marc", state="skipped", reason="no_address")
    everybody = list(mailing.deliveries.all())
    for _number in range(2):
        packet = claim("worker", {}).packet
        packet.mailing = mailing
        keys = chance.sample(list(packet.rows.values_list("pk", flat=True)), 6)
        write_outcomes(packet, [Outcome(key, chance.choice(list(Result)), "said") for key in keys])
    for _number in range(60):
        report, minutes = chance.choice([*AFTER, "delivered", "full"]), chance.randrange(50)
        hear(chance.choice(everybody), report, AT + timedelta(minutes=minutes))
        if chance.random() < 0.05:
            count_as_sent(mailing, chance.choice(everybody).pk)
        assert figures(mailing) == counted(mailing)
    Packet.objects.filter(state="leased").update(state="waiting")
    Mailing.objects.update(state="stopped")
    mailing.refresh_from_db()
    send_again(mailing)
    for delivery in everybody:
        hear(delivery, "delivered", AT + timedelta(hours=1))
        assert figures(mailing) == counted(mailing)


def counted(mailing: Mailing) -> Tally:
    """The figures by reading every row."""
    held = [range(each.first_id, each.last_id + 1) for each in mailing.packets.filter(state="leased")]
    rows = Counter(mailing.deliveries.values_list("pk", "state"))
    states = Counter(
        "in_flight" if state == "waiting" and any(pk in ids for ids in held) else state for pk, state in rows
    )
    states["sent"] += states["delivered"]
    assert Tally(**states).total == len(rows)
    return Tally(**states)


@pytest.mark.django_db(transaction=True)
def test_an_arrival_rewrites_its_row_in_place(scoped, office):
    mailing = started(*addresses(12), by=office, packet_size=12)
    packet = claim("worker", {}).packet
    packet.mailing = mailing
    write_outcomes(packet, [Outcome(pk, Result.ACCEPTED, "250 ok") for pk in packet.rows.values_list("pk", flat=True)])
    before = with_indexes()
    for delivery in mailing.deliveries.all():
        hear(delivery, "delivered")
    assert figures(mailing) == Tally(sent=12, delivered=12)
    assert with_indexes() == before


def with_indexes() -> int:
    """How many updates of rows have written indexes too, until now; SQLite rewrites every row in place."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT n_tup_upd - n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'deliveries_delivery'"
        )
        return cursor.fetchone()[0]
