"""Everyone is accounted for: how many rows of a mailing are in which state."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from apps.organizations.scoping import current_organization


@dataclass
class Tally:
    sent: int = 0
    in_flight: int = 0
    waiting: int = 0
    failed: int = 0
    uncertain: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """Everybody, the skipped too."""
        return self.to_send + self.skipped

    @property
    def to_send(self) -> int:
        """Everybody who is to get it: the N of n/N."""
        return self.sent + self.in_flight + self.waiting + self.failed + self.uncertain

    @property
    def open(self) -> int:
        return self.waiting + self.in_flight

    @property
    def done(self) -> int:
        return self.to_send - self.open


def tallies_of(mailing_ids: Iterable[int]) -> dict[int, Tally]:
    """Mailing id -> Tally, for every one of `mailing_ids`, in one statement: all of them are of one moment.

    A row that waits in a packet which a worker has in hand counts as in flight. The statement reads no row that was
    sent, so that it is as quick for a million as for a hundred: packets know how many rows they were cut with, and what
    neither waits nor was kept from its recipient was sent.
    """
    tallies = {mailing_id: Tally() for mailing_id in mailing_ids}
    for mailing_id, state, number in _counts(list(tallies)):
        setattr(tallies[mailing_id], state, getattr(tallies[mailing_id], state) + int(number))
    for tally in tallies.values():
        tally.sent -= tally.open + tally.failed + tally.uncertain
    return tallies


def _counts(mailing_ids: list[int]) -> list[tuple[int, str, int]]:
    if not mailing_ids:
        return []
    marks = ", ".join(["%s"] * len(mailing_ids))
    with connection.cursor() as cursor:
        parameters = [current_organization().pk, *mailing_ids]
        cursor.execute(_COUNTS.replace("%%mailings%%", marks), parameters * _COUNTS.count("%%mailings%%"))
        return cursor.fetchall()


# "sent" is first all that there is to send. No worker has ever held a packet in whose leased_by no name stands.
_COUNTS = """SELECT mailing_id, 'sent', SUM(size) FROM deliveries_packet
    WHERE organization_id = %s AND mailing_id IN (%%mailings%%) GROUP BY mailing_id
UNION ALL SELECT mailing_id, 'waiting', SUM(size) FROM deliveries_packet
    WHERE organization_id = %s AND mailing_id IN (%%mailings%%) AND state = 'waiting' AND leased_by = ''
    GROUP BY mailing_id
UNION ALL SELECT p.mailing_id, CASE WHEN p.state = 'leased' THEN 'in_flight' ELSE d.state END, COUNT(*)
    FROM deliveries_packet p
    JOIN deliveries_delivery d ON d.mailing_id = p.mailing_id AND d.id BETWEEN p.first_id AND p.last_id
    WHERE p.organization_id = %s AND p.mailing_id IN (%%mailings%%) AND d.state IN ('waiting', 'in_flight')
        AND (p.state = 'leased' OR p.state = 'waiting' AND p.leased_by <> '')
    GROUP BY 1, 2
UNION ALL SELECT mailing_id, not_reached, COUNT(*) FROM deliveries_delivery
    WHERE organization_id = %s AND mailing_id IN (%%mailings%%) AND not_reached IS NOT NULL
    GROUP BY mailing_id, not_reached"""
