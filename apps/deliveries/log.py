"""The log of a mailing: its rows, filtered and searched, with the students they are about."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.campaigns.audience import AudienceRow
from apps.campaigns.models import Mailing
from apps.campaigns.reasons import NextStep, next_step
from apps.core.dates import moment
from apps.core.normalizing import without_accents
from apps.recipients.models import ContactPoint

from .models import Delivery, DeliveryAbout
from .status_words import status_of

# A spreadsheet would run a cell that begins so as a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def rows_of_log(mailing: Mailing, state: str = "", reason: str = "", search: str = "") -> QuerySet[Delivery]:
    """The rows of the log in the order of their ids (by name), narrowed down."""
    rows = Delivery.objects.filter(mailing=mailing)
    if state in Delivery.State.values:
        rows = rows.filter(state=state)
    if reason:
        rows = rows.filter(reason=reason)
    if search:
        plain = without_accents(search)
        rows = rows.filter(
            Q(person__search_name__contains=plain) | Q(normalized__contains=plain) | Q(name__icontains=search)
        )
    return rows


def dressed(mailing: Mailing, rows: list[Delivery], back: str = "") -> list[dict]:
    """Rows as the page shows them: delivery, status, for whom, next step. A few queries for all of them."""
    about = _about(rows)
    points = _contact_points(rows)
    return [
        {
            "delivery": row,
            "status": status_of(row, mailing),
            "about": [person for person in about[row.pk] if person.pk != row.person_id],
            "step": _step(mailing, row, points, back),
        }
        for row in rows
    ]


def as_csv(mailing: Mailing, rows: Iterable[Delivery]) -> str:
    """The whole log as CSV with a BOM (so that Excel reads its letters); cells that begin a formula are defused."""
    rows = list(rows)
    about = _about(rows)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(
        [_("Recipient"), _("About"), _("Address"), _("Status"), _("Why"), _("When"), _("What the server said")]
    )
    for row in rows:
        status = status_of(row, mailing)
        students = ", ".join(person.full_name for person in about[row.pk])
        cells = [row.name, students, row.address, status.word, status.why, moment(row.sent_at), row.server_reply]
        writer.writerow([defused(cell) for cell in cells])
    return "\N{BYTE ORDER MARK}" + text.getvalue()


def defused(cell: str) -> str:
    """`cell` with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_SIGNS) else cell


def _about(rows: list[Delivery]) -> dict[int, list]:
    about: dict[int, list] = defaultdict(list)
    abouts = DeliveryAbout.objects.filter(delivery__in=[row.pk for row in rows]).select_related("person")
    for each in abouts.order_by("person__search_name"):
        about[each.delivery_id].append(each.person)
    return about


def _contact_points(rows: list[Delivery]) -> dict[tuple[int, str], int]:
    """(person, normalised address) -> contact point, for the rows whose address can be corrected."""
    wrong = [row for row in rows if row.reason == "failed_address" or row.state == Delivery.State.FAILED]
    points = ContactPoint.objects.filter(person__in=[row.person_id for row in wrong if row.person_id], channel="email")
    return {(person, address): pk for pk, person, address in points.values_list("pk", "person_id", "normalized")}


def _step(mailing: Mailing, row: Delivery, points: dict[tuple[int, str], int], back: str) -> NextStep:
    point = points.get((row.person_id or 0, row.normalized))
    reason = row.reason or ("failed_address" if row.state == Delivery.State.FAILED and point else "")
    if not reason:
        return NextStep("")
    as_row = AudienceRow(row.person_id, row.name, row.address, row.normalized, reason, contact_point_id=point)
    return next_step(mailing.organization, as_row, back)
