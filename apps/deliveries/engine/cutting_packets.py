"""Which rows leave together: a mailing's rows are cut into packets, each of which one worker leases at a time."""

from django.db import connection

from apps.campaigns.models import Mailing

# Unless the organisation says otherwise (Organization.packet_size).
PACKET_SIZE = 100


def cut_packets(mailing: Mailing, packet_size: int = PACKET_SIZE, attempt: int = 0, not_before=None) -> int:
    """Cut the waiting rows of a mailing into packets of `packet_size` rows; returns how many packets there are."""
    parameters = {
        "organization": mailing.organization_id,
        "mailing": mailing.pk,
        "size": packet_size,
        "attempt": attempt,
        "not_before": not_before,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_PACKETS, parameters)
        return cursor.rowcount


_INSERT_PACKETS = """INSERT INTO deliveries_packet
    (organization_id, mailing_id, first_id, last_id, size, state, attempt, not_before, lease_until, leased_by)
SELECT %(organization)s, %(mailing)s, MIN(id), MAX(id), COUNT(*), 'waiting', %(attempt)s, %(not_before)s, NULL, ''
FROM (SELECT id, (ROW_NUMBER() OVER (ORDER BY id) - 1) / %(size)s AS packet FROM deliveries_delivery
      WHERE organization_id = %(organization)s AND mailing_id = %(mailing)s AND state = 'waiting') numbered
WHERE 1 = 1 GROUP BY packet ORDER BY packet
ON CONFLICT DO NOTHING"""
