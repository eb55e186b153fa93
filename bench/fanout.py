"""How long it takes from an audience to its rows, beside the least a database can do: one raw INSERT ... SELECT."""

import json
import time
from argparse import Namespace
from typing import Any

from django.db import connection, transaction

from apps.campaigns.models import Mailing
from apps.deliveries.models import Delivery, DeliveryAbout, Packet
from apps.organizations.scoping import in_organization, without_scope
from bench.filling import add_families, add_staff, make_mailing, make_school, post
from bench.inserting import settle
from bench.report import Report
from bench.servers import BenchProblem, Installation

_PACKET_SIZE = 100

# The same rows into the same tables, without names, reasons and packets worked out for anybody.
_PEOPLE = """INSERT INTO deliveries_delivery (organization_id, mailing_id, person_id, name, address, normalized,
    language, variables, state, reason, attempts, server_reply)
SELECT DISTINCT ON (c.normalized) p.organization_id, %(mailing)s, p.id, p.first_name || ' ' || p.last_name, c.value,
    c.normalized, p.language, CAST('{}' AS jsonb), 'waiting', '', 0, ''
FROM recipients_enrolment e
JOIN recipients_person p ON p.id = e.person_id
JOIN recipients_contactpoint c ON c.person_id = p.id
WHERE e.organization_id = %(organization)s
ORDER BY c.normalized"""
_FAMILIES = _PEOPLE.replace(
    "JOIN recipients_person p ON p.id = e.person_id",
    "JOIN recipients_guardianship g ON g.student_id = e.person_id\nJOIN recipients_person p ON p.id = g.guardian_id",
)
_ABOUT = """INSERT INTO deliveries_deliveryabout (organization_id, delivery_id, person_id)
SELECT d.organization_id, d.id, g.student_id
FROM deliveries_delivery d JOIN recipients_guardianship g ON g.guardian_id = d.person_id
WHERE d.mailing_id = %(mailing)s"""


def run(options: Namespace, place: Installation) -> Report:
    """The figures of `bin/bench fanout`. Raises BenchProblem."""
    school = make_school("almendral", packet_size=_PACKET_SIZE)
    fill, statements = {
        "people": (add_staff, (_PEOPLE,)),
        "families": (add_families, (_FAMILIES, _ABOUT)),
    }[options.audience]
    fill(school, options.recipients)
    mailings = [make_mailing(school) for _ in range(2)]
    raw = [_raw(statements, mailings[0])]
    measured = _fan_out(place, mailings[1])
    rows = _rows(mailings[1])
    raw.append(_raw(statements, mailings[0]))
    report = Report()
    report.add(**rows, raw_rows=raw[0][1], all_raw_seconds=[seconds for seconds, _rows in raw])
    report.add(raw_seconds=min(raw)[0], fan_out_seconds=measured["seconds"])
    report.add(fan_out_seconds_by_table=measured["by_table"])
    report.add(microseconds_per_recipient=measured["seconds"] / options.recipients * 1e6)
    report.at_most("times_raw", measured["seconds"] / min(raw)[0], 1.5)
    report.at_most("peak_mb", measured["peak_mb"], 200)
    return report


def _raw(statements: tuple[str, ...], mailing: Mailing) -> tuple[float, int]:
    """Seconds and rows of the raw statements into empty tables, committed; the tables are empty again afterwards."""
    _empty()
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        written = []
        for statement in statements:
            cursor.execute(statement, {"mailing": mailing.pk, "organization": mailing.organization_id})
            written.append(cursor.rowcount)
    seconds = time.perf_counter() - begun
    _empty()
    return seconds, written[0]


def _empty() -> None:
    """Tables as if nothing had ever been in them, and everything before written to disk."""
    tables = ", ".join(model._meta.db_table for model in (DeliveryAbout, Packet, Delivery))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    settle()


def _fan_out(place: Installation, mailing: Mailing) -> dict[str, Any]:
    post(mailing)
    measured = json.loads(place.run("-m", "bench.fan_out_alone", str(mailing.pk), str(mailing.organization_id)))
    if not measured["done"]:
        raise BenchProblem("The mailing was not fanned out.")
    return measured


def _rows(mailing: Mailing) -> dict[str, int]:
    """What the fan out has written."""
    with in_organization(mailing.organization):
        getting = Delivery.objects.filter(mailing=mailing, reason="").count()
        skipped = Delivery.objects.filter(mailing=mailing).exclude(reason="").count()
        packets = Packet.objects.filter(mailing=mailing).count()
    with without_scope():
        about = DeliveryAbout.objects.filter(delivery__mailing=mailing).count()
    return {"getting": getting, "skipped": skipped, "about": about, "packets": packets}
