"""The cells of an Excel file as the readers of a letter expect them: days and numbers are kept there without a form."""

from datetime import date, datetime, time
from decimal import Decimal

from django.utils.formats import date_format, number_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.rosters.excel import plain_text
from apps.rosters.tables import CellText


def as_read_in(language: str) -> CellText:
    """A function that writes a cell in `language`: 1 de diciembre de 2026, 09:30, 12,5, Sí. Whole numbers stay."""

    def written(value: object) -> str:
        if isinstance(value, bool | float | date | time):
            with override(language):
                return _written(value)
        return plain_text(value)

    return written


def _written(value: bool | float | date | time) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, float) and not value.is_integer():
        return number_format(Decimal(repr(value)))
    if isinstance(value, datetime):
        return date_format(value) if value.time() == time() else f"{date_format(value)}, {_time(value.time())}"
    if isinstance(value, date):
        return date_format(value)
    return _time(value) if isinstance(value, time) else plain_text(value)


def _time(value: time) -> str:
    return time_format(value, "H:i")
