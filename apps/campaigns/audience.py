"""Who receives a mailing, and who does not and why: one statement, resolved by the database."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """Why somebody is left out. The sentences follow in `campaigns/reasons.py`."""

    NO_ADDRESS = "no_address", _("No email address on file")
    FAILED_ADDRESS = "failed_address", _("The address came back")
    OPTED_OUT = "opted_out", _("Unsubscribed")
    NO_CONSENT = "no_consent", _("Has not accepted commercial mail")
    RESTRICTED = "restricted", _("Not to be contacted about this student")
    OUTSIDE_GROUPS = "outside_groups", _("Outside your groups")
    SAME_ADDRESS = "same_address", _("Gets this once already, at the same address")
