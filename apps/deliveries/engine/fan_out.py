"""From a mailing to its rows: who gets it, who does not and why, and the packets in which it leaves. All in sets."""

from contextlib import suppress

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.campaigns.audience.statement import audience_sql
from apps.campaigns.channels.registry import channel_of
from apps.campaigns.composing.checking import about_its_start, nobody_is_chosen
from apps.campaigns.composing.scheduling import take_back
from apps.campaigns.content.parts import freeze_parts
from apps.campaigns.models import Mailing
from apps.core.large_sets import keep_temporary_tables_in_memory, large_sets
from apps.core.states import TransitionRefused, move

from ..models import Delivery
from .cutting_packets import PACKET_SIZE, cut_packets

# The rows of a mailing stand in its log by name. Of more than these nobody reads them one by one: they stand as they
# come, about by address, which saves a fifth of the time (to sort them, and to find their places in the indexes).
MOST_BY_NAME = 50_000


class CannotStart(Exception):
    """A list or a file is not what it was when the mailing was checked; the text is a sentence for the office."""


def fan_out(mailing: Mailing, packet_size: int = PACKET_SIZE) -> bool:
    """Start a pending mailing: freeze what it says, write all its rows and cut them into packets; all or nothing.

    Returns False, and does nothing, when somebody else has started it (or taken it back) in the meantime. A mailing
    that cannot start any more is a draft again, and says why: a list that cannot be read may have been one of those
    who must not get it.
    """
    try:
        with transaction.atomic():
            move(mailing, Mailing.State.SENDING, started_at=timezone.now())
            _freeze(mailing)
            _refuse_what_came_up(mailing)
            if not _write_deliveries(mailing):
                raise CannotStart(nobody_is_chosen(mailing))
            cut_packets(mailing, packet_size)
    except TransitionRefused:
        return False
    except CannotStart as problem:
        with suppress(TransitionRefused):
            take_back(Mailing.objects.get(pk=mailing.pk), _("It was not started. %(why)s") % {"why": problem})
        return False
    return True


def _freeze(mailing: Mailing) -> None:
    """Keep what will really be sent, and the name that people see, whatever is changed later."""
    channel_of(mailing).freeze(mailing)
    mailing.frozen_sender = mailing.sender.name if mailing.sender else ""
    freeze_parts(mailing)
    mailing.save(update_fields=["frozen_sender", "parts"])


def _refuse_what_came_up(mailing: Mailing) -> None:
    sentences = about_its_start(mailing)
    if sentences:
        raise CannotStart(" ".join(sentences))


def refresh_statistics() -> None:
    """Let PostgreSQL know of the new rows at once: until it does, it plans the sending for empty tables."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE deliveries_delivery, deliveries_deliveryabout, deliveries_packet")


def _write_deliveries(mailing: Mailing) -> bool:
    """The candidates are worked out once, into a table of this transaction; both kinds of rows are made from it.

    False when there is nobody, neither to get it nor to be left out.
    """
    sql = audience_sql(mailing)
    parameters = {**sql.parameters, "waiting": Delivery.State.WAITING}
    postgresql = connection.vendor == "postgresql"
    no_variables = "CAST('{}' AS jsonb)" if postgresql else "'{}'"
    keep_temporary_tables_in_memory()
    with large_sets() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE candidate AS WITH {sql.candidates} SELECT * FROM candidate", parameters)
        cursor.execute(
            "ANALYZE candidate" if postgresql else "CREATE INDEX temp.candidate_of ON candidate (normalized)"
        )
        cursor.execute("SELECT COUNT(*) FROM candidate")
        order = _BY_NAME if cursor.fetchone()[0] <= MOST_BY_NAME else ""
        insert = _INSERT_DELIVERIES.replace("%%no_variables%%", no_variables).replace("%%order%%", order)
        cursor.execute(f"WITH {sql.recipients}\n{insert}", parameters)
        if postgresql:  # else it plans the next two for a table without these rows, and compares all with all
            cursor.execute("ANALYZE deliveries_delivery")
        cursor.execute(_INSERT_ABOUT_SENT, parameters)
        cursor.execute(_INSERT_ABOUT_SKIPPED, parameters)
        cursor.execute("DROP TABLE candidate")
    return Delivery.objects.filter(mailing=mailing).exists()


# No ON CONFLICT: it costs a third more, and within the transaction that has moved the mailing nobody else writes rows.
_INSERT_DELIVERIES = """INSERT INTO deliveries_delivery (organization_id, mailing_id, person_id, name, address,
    normalized, language, variables, state, reason, attempts, server_reply)
SELECT %(organization)s, %(mailing)s, recipient_id, name, address, normalized, language,
    COALESCE(variables, %%no_variables%%), CASE WHEN reason = '' THEN %(waiting)s ELSE 'skipped' END, reason, 0, ''
FROM recipient %%order%%"""
_BY_NAME = "ORDER BY search_name, recipient_id, normalized"

# A copy that goes out is about every student for whose sake its address came in; a skipped row about its person's own,
# unless the writer must not know of them.
# Two statements, because one with OR would compare every row with every candidate on SQLite; and CROSS JOIN, because
# SQLite keeps its order: from the few rows that were skipped to their candidates.
_INSERT_ABOUT_SENT = """INSERT INTO deliveries_deliveryabout (organization_id, delivery_id, person_id)
SELECT DISTINCT d.organization_id, d.id, c.about_id
FROM candidate c
JOIN deliveries_delivery d ON d.organization_id = %(organization)s AND d.mailing_id = %(mailing)s
    AND d.normalized = c.normalized AND d.reason = ''
WHERE c.about_id IS NOT NULL AND c.reason = ''"""
_INSERT_ABOUT_SKIPPED = """INSERT INTO deliveries_deliveryabout (organization_id, delivery_id, person_id)
SELECT DISTINCT d.organization_id, d.id, c.about_id
FROM deliveries_delivery d CROSS JOIN candidate c
WHERE d.organization_id = %(organization)s AND d.mailing_id = %(mailing)s AND d.not_reached = 'skipped'
    AND c.normalized = d.normalized AND COALESCE(c.recipient_id, 0) = COALESCE(d.person_id, 0)
    AND c.about_id IS NOT NULL AND c.reason <> 'outside_groups'"""
