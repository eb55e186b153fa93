"""What happens to the record of sending when two people on record turn out to be one."""

from django.db.models import Q

from apps.recipients.merging import move_rows
from apps.recipients.models import Person

from .models import Delivery, DeliveryAbout


def move(kept: Person, gone: Person) -> None:
    """Every row stays, but for those by which the same mailing left out the same address of both: one of the two."""
    move_rows(Delivery, "person", kept, gone, ("mailing", "normalized"), among=~Q(reason=""))
    move_rows(DeliveryAbout, "person", kept, gone, ("delivery",))
