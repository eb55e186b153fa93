"""How fast a mailing goes, in words: so many a second, or at which interval; and how long it takes."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.campaigns.models import Mailing

from ..models import Turn
from .tallies import Tally

_FEWEST = 5  # messages before a rate says anything


@dataclass(frozen=True)
class Pace:
    """`words`: 45 a second; `left`: about 2 minutes left; `next_at`: when the next packet leaves, if it has to wait."""

    words: str
    left: str
    next_at: datetime | None = None


def pace_of(mailing: Mailing, tally: Tally) -> Pace | None:
    """None while nothing can be said: it is not being sent, or for the second time, or it has just begun."""
    if mailing.state != Mailing.State.SENDING or mailing.finished_at or not mailing.started_at:
        return None
    interval, size = mailing.organization.packet_interval, mailing.organization.packet_size
    packets = math.ceil(tally.waiting / size)
    if interval and packets:
        return _by_packets(mailing, packets, timedelta(seconds=interval), size)
    if tally.done < _FEWEST:
        return None
    rate = tally.done / max(1.0, (timezone.now() - mailing.started_at).total_seconds())
    words = _("%(rate)s a second") % {"rate": round(rate, 1) if rate < 10 else round(rate)}
    return Pace(words, _span(tally.open / rate))


def _by_packets(mailing: Mailing, packets: int, interval: timedelta, size: int) -> Pace:
    """The interval is kept over all messages of the organisation, so another one's packet puts off this one's."""
    now = timezone.now()
    last = Turn.objects.order_by("-last_packet_at").values_list("last_packet_at", flat=True).first()
    next_at = max(now, last + interval) if last and last <= now else now
    left = (next_at - now + (packets - 1) * interval).total_seconds()
    words = _("%(size)s every %(seconds)s seconds") % {"size": size, "seconds": int(interval.total_seconds())}
    return Pace(words, _span(left), next_at if next_at > now else None)


def _span(seconds: float) -> str:
    """About how long, in the largest unit that says it well."""
    if seconds < 100:
        return ngettext("about %(n)s second left", "about %(n)s seconds left", round(seconds)) % {"n": round(seconds)}
    minutes = round(seconds / 60)
    if minutes < 100:
        return ngettext("about %(n)s minute left", "about %(n)s minutes left", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    return ngettext("about %(n)s hour left", "about %(n)s hours left", hours) % {"n": hours}
