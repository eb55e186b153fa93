"""What files are taken in, in one line each, as the office reads it."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACCEPTED: list[tuple[Promise, Promise]] = [
    (_("CSV"), _("One table with commas, semicolons or tabs. One row for each person, guardians in its columns.")),
    (_("Excel"), _("The same table as .xlsx; the first sheet is read.")),
    (_("OneRoster 1.1 and 1.2"), _("The ZIP of CSV files with everybody, or with the changes alone.")),
    (_("School Data Sync"), _("The ZIP of CSV files as Microsoft describes it, version 1 or 2.1.")),
    (_("PowerSchool"), _("The CSV export of contacts. Students are found by their number.")),
]
