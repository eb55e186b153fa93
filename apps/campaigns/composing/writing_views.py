"""Write to a group or a person: a draft that has chosen them already. The buttons stand on pages of a floor below."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from apps.organizations.permissions import SENDING, requires
from apps.recipients.merged_records import present_id
from apps.recipients.models import AcademicYear, Group, Person

from ..audience.permitted import permitted_groups, permitted_people, whom_only
from ..models import AudienceEntry
from .drafts import new_draft


@requires(*SENDING)
@require_POST
def write_to_group(request, pk: int) -> HttpResponse:
    """Make a draft to the group and open it. Of a past year: to those who have left since, too."""
    group = get_object_or_404(Group.objects.select_related("year"), pk=pk)
    if not permitted_groups(request.membership).filter(pk=pk).exists():
        return _refused(request)
    with transaction.atomic():
        mailing = new_draft(request.membership)
        if group.year:
            mailing.year, mailing.include_former = group.year, group.year != AcademicYear.current()
            mailing.save(update_fields=["year", "include_former"])
        AudienceEntry.objects.create(mailing=mailing, group=group)
    return redirect(request.organization.url("campaigns:recipients", mailing.pk))


@requires(*SENDING)
@require_POST
def write_to_person(request, pk: int) -> HttpResponse:
    """Make a draft to a person, of a student to the family, and open it."""
    person = get_object_or_404(Person, pk=present_id(pk) or pk)
    if not permitted_people(request.membership).filter(pk=person.pk).exists():
        return _refused(request)
    with transaction.atomic():
        mailing = new_draft(request.membership)
        AudienceEntry.objects.create(mailing=mailing, person=person)
    return redirect(request.organization.url("campaigns:recipients", mailing.pk))


def _refused(request) -> HttpResponse:
    """To a page that is open to everybody: that of the person or group may not be."""
    messages.error(request, whom_only(request.membership))
    return redirect(request.organization.get_absolute_url())
