"""Where an import and a detail mended by hand differ, a person decides: take the file's, or keep what stands."""

from django.db import transaction
from django.utils import timezone

from apps.recipients.models import ContactPoint, ImportConflict


def number_to_decide() -> int:
    """How many differences wait for a person."""
    return ImportConflict.objects.filter(decision=ImportConflict.Decision.OPEN).count()


def take(conflict: ImportConflict, user) -> bool:
    """Put the address of the file in the place of the one that was pinned; from now on the import keeps it in step.

    Returns False, and does nothing, when somebody has decided it before.
    """
    with transaction.atomic():
        if not _decide(conflict, ImportConflict.Decision.TAKEN, user):
            return False
        points = ContactPoint.objects.filter(
            person=conflict.person_id, channel=conflict.channel, purpose=conflict.purpose
        )
        pinned = points.filter(source=ContactPoint.Source.HAND, value=conflict.kept_value).first()
        if points.filter(normalized=conflict.normalized).exists():
            return True  # typed by hand in the meantime
        if pinned is None:
            first = conflict.purpose == ContactPoint.Purpose.OWN and not points.filter(is_primary=True).exists()
            pinned = ContactPoint(
                person_id=conflict.person_id, channel=conflict.channel, purpose=conflict.purpose, is_primary=first
            )
        pinned.value, pinned.normalized = conflict.value, conflict.normalized
        pinned.source = ContactPoint.Source.IMPORT
        pinned.take_health()
        pinned.save()
    return True


def keep(conflict: ImportConflict, user) -> bool:
    """Keep what was typed by hand; the same address of the file is not asked about again. False as in take()."""
    return _decide(conflict, ImportConflict.Decision.KEPT, user)


def _decide(conflict: ImportConflict, decision: str, user) -> bool:
    changes = {"decision": decision, "decided_by": user, "decided_at": timezone.now()}
    still_open = ImportConflict.objects.filter(pk=conflict.pk, decision=ImportConflict.Decision.OPEN)
    if not still_open.update(**changes):
        return False
    for name, value in changes.items():
        setattr(conflict, name, value)
    return True
