"""What the office takes away by hand stays away: imports find it here, and do not bring it back."""

from django.db import transaction
from django.db.models import QuerySet

from .models import ContactPoint, Enrolment, Guardianship, ImportConflict, TakenAway

_PORTION = 1000


@transaction.atomic
def end_guardianship(pair: Guardianship) -> None:
    """Somebody is no longer a guardian of the student."""
    TakenAway.objects.get_or_create(person_id=pair.student_id, guardian_id=pair.guardian_id)
    pair.delete()


@transaction.atomic
def end_enrolments(enrolments: QuerySet[Enrolment]) -> int:
    """Take people out of their groups; how many it were."""
    ends = [
        TakenAway(organization_id=organization, person_id=person, group_id=group, role=role)
        for organization, person, group, role in enrolments.values_list("organization", "person", "group", "role")
    ]
    TakenAway.objects.bulk_create(ends, batch_size=_PORTION, ignore_conflicts=True)
    return enrolments.delete()[0]


def remember_address(point: ContactPoint) -> None:
    """The address is deleted by hand: an import that has it is answered that it was decided so."""
    decided = {"decision": ImportConflict.Decision.KEPT, "kept_value": "", "value": point.value}
    ImportConflict.objects.update_or_create(
        person_id=point.person_id,
        channel=point.channel,
        purpose=point.purpose,
        normalized=point.normalized,
        defaults=decided,
    )
