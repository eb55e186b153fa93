"""What the page of a message says of its pace, and of the time that is left."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.deliveries.engine.pace import pace_of
from apps.deliveries.engine.tallies import Tally
from apps.deliveries.models import Turn
from tests.deliveries.started import started

pytestmark = pytest.mark.django_db


def sending(office, interval: int, size: int = 10, began: int = 60) -> Mailing:
    """A mailing that began `began` seconds ago, in packets of `size` at `interval` seconds."""
    mailing = Mailing.objects.get(pk=started("a@x.example", by=office).pk)
    mailing.started_at = timezone.now() - timedelta(seconds=began)
    mailing.organization.packet_interval, mailing.organization.packet_size = interval, size
    return mailing


def test_without_an_interval_the_rate_so_far_says_what_is_left(scoped, office):
    pace = pace_of(sending(office, 0), Tally(sent=1190, failed=10, waiting=2400))
    assert (pace.words, pace.left, pace.next_at) == ("20 a second", "about 2 minutes left", None)


def test_with_an_interval_the_packets_that_wait_say_it(scoped, office):
    mailing = sending(office, 30)
    Turn.objects.create(mailing=mailing, last_packet_at=timezone.now() - timedelta(seconds=10))
    pace = pace_of(mailing, Tally(sent=10, waiting=35))
    assert (pace.words, pace.left) == ("10 every 30 seconds", "about 2 minutes left")  # 20 s, and three times 30 s
    assert 19 < (pace.next_at - timezone.now()).total_seconds() <= 20


def test_what_is_in_hand_with_nothing_waiting_goes_by_its_rate(scoped, office):
    assert pace_of(sending(office, 30), Tally(sent=60, in_flight=5)).words == "1.0 a second"


@pytest.mark.parametrize(("state", "sent"), [("sending", 4), ("done", 10), ("stopped", 10)])
def test_nothing_is_said_before_something_is_known_or_when_it_is_over(scoped, office, state, sent):
    mailing = sending(office, 0)
    mailing.state = state
    assert pace_of(mailing, Tally(sent=sent, waiting=10)) is None
