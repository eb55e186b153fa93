"""What happens to lists when two people on record turn out to be one."""

from apps.recipients.merging import move_rows
from apps.recipients.models import Person

from .models import TargetListMember


def move(kept: Person, gone: Person) -> None:
    """Whoever was on a list stays on it, once."""
    move_rows(TargetListMember, "person", kept, gone, ("list",))
