"""Moments as a school office says them: today 10:38, tomorrow, 07:30, Mon 23 Nov, 08:14, 4 Sep 2026."""

from datetime import datetime, timedelta

from django.utils import formats, timezone
from django.utils.translation import gettext as _

NEAR_DAYS = 21


def moment(at: datetime | None) -> str:
    """`at` in the current time zone and language; days further away than three weeks are named by their date alone."""
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localdate()
    time = formats.date_format(local, "H:i")
    names = {
        today - timedelta(days=1): _("yesterday, %(time)s"),
        today: _("today %(time)s"),
        today + timedelta(days=1): _("tomorrow, %(time)s"),
    }
    if local.date() in names:
        return names[local.date()] % {"time": time}
    if abs((local.date() - today).days) <= NEAR_DAYS:
        return formats.date_format(local, "D j M") + f", {time}"
    return formats.date_format(local, "j M Y")
