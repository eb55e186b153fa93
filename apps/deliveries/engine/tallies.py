"""Everyone is accounted for: how many rows of a mailing are in which state."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from django.db import connection

from apps.organizations.scoping import current_organization


@dataclass
class Tally:
    """The figures of a mailing. Pages, reports and exports take them from here; each row counts once in PARTS.

    sent: accepted and, as far as anybody has heard, not returned: the n of n/N, whom the message has reached
    delivered: those of `sent` of which somebody reported that they lie in the mailbox, or on the phone; no part
    in_flight: in the hands of a worker, or noted as being handed over
    waiting: to be sent still, now or once more
    bounced: accepted, and came back
    failed: not accepted, for good
    uncertain: nobody can say whether it was accepted
    skipped: left out when the message started
    """

    sent: int = 0
    delivered: int = 0
    in_flight: int = 0
    waiting: int = 0
    bounced: int = 0
    failed: int = 0
    uncertain: int = 0
    skipped: int = 0

    PARTS: ClassVar = ("sent", "in_flight", "waiting", "bounced", "failed", "uncertain", "skipped")

    @property
    def total(self) -> int:
        """Everybody, the skipped too."""
        return sum(getattr(self, part) for part in self.PARTS)

    @property
    def to_send(self) -> int:
        """Everybody who is to get it: the N of n/N."""
        return self.total - self.skipped

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
    neither waits nor was kept from its recipient was sent. What was delivered is counted when that is heard.
    """
    tallies = {mailing_id: Tally() for mailing_id in mailing_ids}
    for mailing_id, state, number in _counts(list(tallies)):
        setattr(tallies[mailing_id], state, getattr(tallies[mailing_id], state) + int(number))
    for tally in tallies.values():
        tally.sent -= tally.open + tally.bounced + tally.failed + tally.uncertain
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
UNION ALL SELECT mailing_id, 'delivered', SUM(number) FROM deliveries_deliveredcount
    WHERE organization_id = %s AND mailing_id IN (%%mailings%%) GROUP BY mailing_id
UNION ALL SELECT mailing_id, not_reached, COUNT(*) FROM deliveries_delivery
    WHERE organization_id = %s AND mailing_id IN (%%mailings%%) AND not_reached IS NOT NULL
    GROUP BY mailing_id, not_reached"""
