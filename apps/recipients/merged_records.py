"""Where a record went that was merged into another: pages and links that were made before still find it."""

from .models import MergedRecord, Person


def remember_merged(kept: Person, gone: Person) -> None:
    """Have `gone`, and whoever was merged into it before, found at `kept`."""
    MergedRecord.objects.filter(person=gone).update(person=kept)
    MergedRecord.objects.create(former_id=gone.pk, person=kept)


def present_id(former_id: int) -> int | None:
    """The id of the record into which the one with this id was merged; None when it was not."""
    return MergedRecord.objects.filter(former_id=former_id).values_list("person", flat=True).first()
