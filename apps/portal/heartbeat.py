"""Write and read the signs of life of the workers and the scheduler."""

from datetime import timedelta

from django.utils import timezone

from .models import Heartbeat

SILENT_AFTER = timedelta(seconds=45)


def beat(name: str) -> None:
    """Note that the process `name` (worker, sender, scheduler) is alive now."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def is_alive(name: str) -> bool:
    """Whether `name` was heard of within the last 45 seconds."""
    return Heartbeat.objects.filter(name=name, at__gt=timezone.now() - SILENT_AFTER).exists()
