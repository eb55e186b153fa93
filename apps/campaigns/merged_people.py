"""What happens to the recipients of messages when two people on record turn out to be one."""

from apps.recipients.merging import move_rows
from apps.recipients.models import Person

from .models import AudienceEntry


def move(kept: Person, gone: Person) -> None:
    """Whoever was chosen stays chosen, once."""
    move_rows(AudienceEntry, "person", kept, gone, ("mailing",))
