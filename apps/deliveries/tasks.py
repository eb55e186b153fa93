"""Celery's way in. The broker only says "go and look": what is to be done stands in the database."""

import time

from celery import shared_task

from apps.campaigns.models import TestSend
from apps.core.starting_work import start
from apps.organizations.models import Organization
from apps.organizations.scoping import in_organization

from .claiming import claim
from .sending import send_packet
from .test_copies import send_test_copy
from .tick import tick

SLICE_SECONDS = 3.0


@shared_task(name="deliveries.tick", expires=10)
def tick_task() -> None:
    """The clock's task: do what is due, and call a worker if packets wait."""
    if tick():
        start("deliveries.work")


@shared_task(name="deliveries.work", expires=10)
def work() -> None:
    """Send one packet after the other until none is due. Any number of these may run side by side.

    After a few seconds it makes way for other tasks (the tick, an import) and calls the next of its kind.
    """
    until = time.monotonic() + SLICE_SECONDS
    while packet := claim():
        with in_organization(packet.organization):
            send_packet(packet)
        if time.monotonic() > until:
            start("deliveries.work")
            return


@shared_task(name="deliveries.send_test")
def send_test(test_send_id: int, organization_id: int) -> None:
    """Send the test copy that a row of TestSend asks for."""
    with in_organization(Organization.objects.get(pk=organization_id)):
        send_test_copy(TestSend.objects.select_related("mailing__sender__account").get(pk=test_send_id))
