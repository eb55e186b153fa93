"""The log of a mailing: its rows, filtered and searched, with the students they are about."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.campaigns.audience.audience import AudienceRow
from apps.campaigns.audience.reasons import OF_CONTACT_POINT, NextStep, Reason, next_step
from apps.campaigns.channels.registry import channel_of
from apps.campaigns.models import Mailing
from apps.core.exports import in_portions
from apps.core.normalizing import without_accents
from apps.recipients.models import ContactPoint
from apps.recipients.searching import of_name

from ..models import Delivery, DeliveryAbout, Packet
from .status_words import hard_returns, status_of

State = Delivery.State
_NEVER_GOT_THERE = (State.BOUNCED, State.FAILED)
# What the server said stands in the sentence of the others.
_REPLY_APART = (State.SENT, State.DELIVERED, State.UNCERTAIN)


def rows_of_log(
    mailing: Mailing, state: str = "", reason: str = "", search: str = "", may_see_people: bool = True
) -> QuerySet[Delivery]:
    """The rows of the log in the order of their ids (by name), narrowed down; a state as in `Tally`.

    Who is hidden from somebody that may not see people cannot be searched for by him either.
    """
    in_hand = Packet.objects.filter(mailing=mailing, state=Packet.State.LEASED)
    in_hand = in_hand.filter(first_id__lte=OuterRef("id"), last_id__gte=OuterRef("id"))
    rows = Delivery.objects.filter(mailing=mailing).annotate(is_in_hand=Exists(in_hand))
    if state == State.IN_FLIGHT:
        rows = rows.filter(Q(state=state) | Q(state=State.WAITING, is_in_hand=True))
    elif state == State.WAITING:
        rows = rows.filter(state=state, is_in_hand=False)
    elif state == State.SENT:
        rows = rows.filter(state__in=Delivery.REACHED)
    elif state in Delivery.NOT_REACHED:
        rows = rows.filter(not_reached=state)
    elif state in State.values:
        rows = rows.filter(state=state)
    if reason in Reason.values:
        rows = rows.filter(reason=reason)
    search = search.replace("\0", "")
    if search:
        plain = without_accents(search)
        rows = rows.filter(
            of_name(search, "person__search_name") | Q(normalized__contains=plain) | Q(name__icontains=search)
        )
        rows = rows if may_see_people else rows.exclude(reason=Reason.OUTSIDE_GROUPS)
    return rows


def dressed(mailing: Mailing, rows: list[Delivery], back: str = "", may_mend: bool = True) -> list[dict]:
    """Rows as the page shows them: delivery, status, for whom, next step. A few queries for all of them."""
    about = _about(rows)
    points = _contact_points(mailing, rows)
    hard = hard_returns(rows)
    return [
        {
            "delivery": row,
            "status": status_of(row, mailing, row.pk in hard),
            "about": [person for person in about[row.pk] if person.pk != row.person_id],
            "step": _step(mailing, row, points, back, may_mend),
            "reply": row.server_reply if row.state in _REPLY_APART else "",
        }
        for row in rows
    ]


def table(mailing: Mailing, rows: QuerySet[Delivery]) -> Iterator[list[str]]:
    """The whole log as cells, read in portions."""
    for portion in in_portions(rows.iterator(chunk_size=500)):
        about = _about(portion)
        hard = hard_returns(portion)
        for row in portion:
            status = status_of(row, mailing, row.pk in hard, _to_the_second)
            students = ", ".join(person.full_name for person in about[row.pk])
            when = _to_the_second(row.sent_at) if row.sent_at else ""
            yield [row.name, students, row.address, status.word, status.why, when, row.server_reply]


def _to_the_second(at: datetime) -> str:
    """As a file says it, which is kept: "today" is true on a page."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"


def header() -> list[str]:
    """The first row of the downloaded log."""
    return [_("Recipient"), _("About"), _("Address"), _("Status"), _("Why"), _("When"), _("What the server said")]


def _about(rows: list[Delivery]) -> dict[int, list]:
    about: dict[int, list] = defaultdict(list)
    abouts = DeliveryAbout.objects.filter(delivery__in=[row.pk for row in rows]).select_related("person")
    for each in abouts.order_by("person__search_name"):
        about[each.delivery_id].append(each.person)
    return about


def _contact_points(mailing: Mailing, rows: list[Delivery]) -> dict[tuple[int, str], int]:
    """(person, normalised address) -> contact point, for the rows whose address can be corrected."""
    wrong = [row for row in rows if row.reason in OF_CONTACT_POINT or row.state in _NEVER_GOT_THERE]
    people = [row.person_id for row in wrong if row.person_id]
    points = ContactPoint.objects.filter(person__in=people, channel=channel_of(mailing).contact_kind)
    return {(person, address): pk for pk, person, address in points.values_list("pk", "person_id", "normalized")}


def _step(mailing: Mailing, row: Delivery, points: dict[tuple[int, str], int], back: str, may_mend: bool) -> NextStep:
    point = points.get((row.person_id or 0, row.normalized))
    reason = row.reason or ("failed_address" if row.state in _NEVER_GOT_THERE and point else "")
    if not reason:
        return NextStep("")
    as_row = AudienceRow(row.person_id, row.name, row.address, row.normalized, reason, contact_point_id=point)
    return next_step(mailing.organization, as_row, channel_of(mailing), back, may_mend)
