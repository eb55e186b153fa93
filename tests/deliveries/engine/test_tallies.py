"""The figures of a mailing, counted by packets, are those of its rows."""

from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.channels.outcomes import Outcome, Result
from apps.deliveries.engine.claiming import claim
from apps.deliveries.engine.recording import write_outcomes
from apps.deliveries.engine.tallies import Tally, tallies_of
from apps.deliveries.models import Delivery, Packet
from tests import people
from tests.deliveries.started import started

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailing(scoped, office) -> Mailing:
    """Of three packets of four rows: one done, one in hand, one that nobody has touched; and one row skipped."""
    mailing = started(*[f"a{number}@x.example" for number in range(12)], by=office, packet_size=4)
    Delivery.objects.create(mailing=mailing, name="Marc", state="skipped", reason="no_address")
    results = [Result.ACCEPTED, Result.REFUSED, Result.UNCERTAIN, Result.ACCEPTED]
    first, second = claim("worker", {}).packet, claim("worker", {}).packet
    first.mailing = second.mailing = mailing
    hear(first, results)
    hear(second, results[:2])
    assert first.give_back()
    return mailing


def hear(packet: Packet, results: list[Result]) -> None:
    keys = packet.rows.order_by("pk").values_list("pk", flat=True)
    write_outcomes(packet, [Outcome(key, result, "250 ok") for key, result in zip(keys, results, strict=False)])


def test_the_figures_are_those_of_the_rows(mailing):
    tally = tallies_of([mailing.pk])[mailing.pk]
    assert tally == Tally(sent=3, in_flight=2, waiting=4, failed=2, uncertain=1, skipped=1)
    by_row = Counter(mailing.deliveries.values_list("state", flat=True))
    assert by_row == {"sent": 3, "waiting": 6, "failed": 2, "uncertain": 1, "skipped": 1}


def test_a_packet_that_was_given_back_waits_with_what_is_left_of_it(mailing):
    Packet.objects.get(state="leased").give_back()
    tally = tallies_of([mailing.pk])[mailing.pk]
    assert (tally.sent, tally.in_flight, tally.waiting) == (3, 0, 6)


def test_a_copy_that_comes_back_moves_from_sent_to_came_back(mailing):
    mailing.deliveries.filter(pk=mailing.deliveries.filter(state="sent").first().pk).update(state="bounced")
    tally = tallies_of([mailing.pk])[mailing.pk]
    assert (tally.sent, tally.bounced, tally.failed, tally.to_send) == (2, 1, 2, 12)


def test_each_mailing_has_its_own_figures(mailing, office):
    other = started("b@x.example", by=office)
    draft = people.mailing("c@x.example", by=office)
    tallies = tallies_of([mailing.pk, other.pk, draft.pk])
    assert tallies[other.pk] == Tally(waiting=1)
    assert tallies[draft.pk] == Tally()
    assert tallies[mailing.pk].to_send == 12


@pytest.mark.django_db(transaction=True)
def test_an_outcome_rewrites_its_row_in_place(scoped, office):
    mailing = started(*[f"a{number}@x.example" for number in range(12)], by=office, packet_size=12)
    packet = claim("worker", {}).packet
    packet.mailing = mailing
    hear(packet, [Result.ACCEPTED] * 12)
    assert mailing.deliveries.filter(state="sent", sent_at__lte=timezone.now()).count() == 12
    if connection.vendor == "postgresql":  # SQLite rewrites every row in place
        updated, in_place = rewritten()
        assert updated >= in_place >= 12


def rewritten() -> tuple[int, int]:
    """How many rows were updated, and how many of them without touching an index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'deliveries_delivery'")
        return cursor.fetchone()
