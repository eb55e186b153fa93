"""Work on people that takes longer than a page."""

from celery import shared_task

from apps.organizations.models import Organization
from apps.organizations.scoping import in_organization

from .importing.runs import run_import
from .models import ImportRun


@shared_task(name="recipients.run_import")
def run_import_task(run_id: int, organization_id: int) -> None:
    """Load a confirmed import."""
    with in_organization(Organization.objects.get(pk=organization_id)):
        run_import(ImportRun.objects.get(pk=run_id))
