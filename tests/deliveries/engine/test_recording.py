"""What an adapter says of a message stands in its row, with whatever the provider said besides its reply."""

from decimal import Decimal

import pytest

from apps.channels.outcomes import Outcome, Result
from apps.deliveries.engine.claiming import claim
from apps.deliveries.engine.journal import Journal, left_journals
from apps.deliveries.engine.recording import write_outcomes
from apps.deliveries.models import Delivery
from tests.deliveries.started import addresses, started

pytestmark = pytest.mark.django_db
_SMS = {"reference": "SM0123", "parts": 3, "cost": "0.0750"}


@pytest.fixture
def packet(scoped, office):
    started(*addresses(3), by=office)
    return claim("worker", {}).packet


def details() -> list[tuple]:
    return list(Delivery.objects.order_by("id").values_list("state", "server_reply", "reference", "parts", "cost"))


@pytest.mark.parametrize("reply", ["250 Ok", "", "two\nlines", "a\0b", "O'Neil \\ %s {x}"])
def test_a_reply_of_any_letters_is_written_also_alone(packet, reply):
    write_outcomes(packet, [Outcome(packet.first_id, Result.ACCEPTED, reply)])
    written = reply.replace("\0", "").replace("\n", " ")
    assert details() == [("sent", written, "", 0, None), *[("waiting", "", "", 0, None)] * 2]


def test_reference_parts_and_cost_are_kept_where_the_provider_says_them(packet):
    first = packet.first_id
    heard = [Outcome(first, Result.ACCEPTED, "queued", **_SMS), Outcome(first + 1, Result.REFUSED, "30006 landline")]
    write_outcomes(packet, heard)
    assert details() == [
        ("sent", "queued", "SM0123", 3, Decimal("0.0750")),
        ("failed", "30006 landline", "", 0, None),
        ("waiting", "", "", 0, None),
    ]


def test_what_was_said_once_is_not_wiped_by_who_does_not_say_it(packet):
    write_outcomes(packet, [Outcome(packet.first_id, Result.POSTPONED, "busy", **_SMS)])
    write_outcomes(packet, [Outcome(packet.first_id, Result.ACCEPTED, "queued")])
    write_outcomes(packet, [Outcome(packet.first_id + 1, Result.ACCEPTED, "queued", reference="SM0124")])
    assert details()[:2] == [
        ("sent", "queued", "SM0123", 3, Decimal("0.0750")),
        ("sent", "queued", "SM0124", 0, None),
    ]


def test_the_journal_keeps_them_and_reads_the_lines_of_before(settings):
    noted = [Outcome(1, Result.ACCEPTED, "queued", **_SMS), Outcome(2, Result.REFUSED, "550 no")]
    journal = Journal("dead")
    journal.__enter__()
    for outcome in noted:
        journal.note(7, outcome)
    journal.__exit__(KeyboardInterrupt)
    (left,) = left_journals()
    assert [each.outcome for each in left.entries] == noted
    left.path.write_bytes(b"7\t1\taccepted\t250 Ok\nnonsense\n7\t2\taccepted\tcut")
    (left,) = left_journals()
    assert [each.outcome for each in left.entries] == [Outcome(1, Result.ACCEPTED, "250 Ok")]
