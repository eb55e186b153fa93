"""Celery's way in. The broker only says "go and look": what is to be done stands in the database."""

from celery import shared_task

from apps.campaigns.models import Mailing, TestSend
from apps.core.starting_work import start
from apps.organizations.models import Organization
from apps.organizations.scoping import in_organization

from .engine.circuits import close_circuit, try_again
from .engine.fan_out import fan_out, refresh_statistics
from .engine.replaying import replay_left_journals
from .engine.sending import send_what_is_due
from .engine.test_copies import send_test_copy
from .engine.tick import tick

SLICE_SECONDS = 20.0
_MOST_CALLS = 4


@shared_task(name="deliveries.tick", expires=10)
def tick_task() -> None:
    """The clock's task: do what is due, and call senders if packets wait."""
    if tick():
        _call_senders(1)


@shared_task(name="deliveries.work", expires=10)
def work() -> None:
    """Send packets until none is due. Any number of these may run side by side.

    After a while it makes way, so that a worker can be ended in peace, and calls the next of its kind.
    """
    replay_left_journals()
    if send_what_is_due(SLICE_SECONDS):
        start("deliveries.work")


@shared_task(name="deliveries.fan_out")
def fan_out_task(mailing_id: int, organization_id: int) -> None:
    """Start a mailing that is due; does nothing when it was started, taken back or deleted in the meantime."""
    with in_organization(Organization.objects.get(pk=organization_id)):
        mailing = Mailing.objects.select_related("organization").filter(pk=mailing_id).first()
        if mailing and mailing.state == Mailing.State.PENDING and fan_out(mailing, mailing.organization.packet_size):
            _call_senders(mailing.packets.count())
            refresh_statistics()


@shared_task(name="deliveries.try_account", expires=120)
def try_account_task(account_id: int, organization_id: int) -> None:
    """Try an account whose circuit is open."""
    with in_organization(Organization.objects.get(pk=organization_id)):
        try_again(account_id)


@shared_task(name="deliveries.account_mended")
def account_mended(account_id: int, organization_id: int) -> None:
    """Somebody has changed an account: what waited for it goes on."""
    with in_organization(Organization.objects.get(pk=organization_id)):
        close_circuit(account_id, mended=True)


def _call_senders(packets: int) -> None:
    """Call as many as may be useful; one who finds nothing to do ends at once."""
    for _call in range(min(packets, _MOST_CALLS)):
        start("deliveries.work")


@shared_task(name="deliveries.send_test")
def send_test(test_send_id: int, organization_id: int) -> None:
    """Send the test copy that a row of TestSend asks for."""
    with in_organization(Organization.objects.get(pk=organization_id)):
        send_test_copy(TestSend.objects.select_related("mailing__sender__account").get(pk=test_send_id))
