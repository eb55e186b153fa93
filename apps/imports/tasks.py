"""Work on people that takes longer than a page."""

from celery import shared_task

from apps.organizations.models import Organization
from apps.organizations.scoping import in_organization, without_scope
from apps.recipients.models import ImportRun

from .runs import plan_import, run_import, sweep


@shared_task(name="recipients.run_import")
def run_import_task(run_id: int, organization_id: int) -> None:
    """Load a confirmed import."""
    with in_organization(Organization.objects.get(pk=organization_id)):
        run_import(ImportRun.objects.get(pk=run_id))


@shared_task(name="recipients.plan_import")
def plan_import_task(run_id: int, organization_id: int) -> None:
    """Compare a large file with what is on record."""
    with in_organization(Organization.objects.get(pk=organization_id)):
        plan_import(ImportRun.objects.get(pk=run_id))


@shared_task(name="recipients.sweep_imports", expires=60)
def sweep_imports() -> None:
    """The clock's look at imports that wait or run: none is forgotten when the broker or a worker is lost."""
    open_states = (ImportRun.State.PLANNING, ImportRun.State.QUEUED, ImportRun.State.RUNNING)
    with without_scope():
        wanted = ImportRun.objects.filter(state__in=open_states).values("organization").distinct().order_by()
        organizations = list(Organization.objects.filter(pk__in=wanted))
    for organization in organizations:
        with in_organization(organization):
            sweep()
