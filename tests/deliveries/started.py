"""What the tests of the engine share: mailings that have started, and what has become of them."""

from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.deliveries.engine.fan_out import fan_out
from tests import people


def started(*chosen, packet_size=100, **fields) -> Mailing:
    """A mailing that was fanned out and may be sent."""
    mailing = people.mailing(*chosen, state="pending", starts_at=timezone.now(), **fields)
    assert fan_out(mailing, packet_size=packet_size)
    return mailing


def addresses(number: int, domain: str = "x.example") -> list[str]:
    return [f"a{each:03}@{domain}" for each in range(number)]


def states(mailing: Mailing) -> dict[str, str]:
    """Address -> state of its row."""
    return dict(mailing.deliveries.values_list("address", "state"))


def state_of(mailing: Mailing) -> str:
    return Mailing.objects.get(pk=mailing.pk).state
