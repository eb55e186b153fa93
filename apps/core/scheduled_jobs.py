"""What the clock does: each app registers its jobs, in its apps.py, and the scheduler takes them from here."""

from dataclasses import dataclass
from typing import Any

from .registry import Registry


@dataclass(frozen=True)
class ScheduledJob:
    """A task that is called every so many seconds. A call that nobody took within `expires` seconds is dropped."""

    task: str
    seconds: float
    expires: int
    label: Any  # what it does, for the operator


# By the name under which the scheduler knows it.
JOBS: Registry[ScheduledJob] = Registry()


def beat_schedule() -> dict[str, dict[str, Any]]:
    """The jobs as Celery's beat_schedule."""
    return {
        name: {"task": job.task, "schedule": job.seconds, "options": {"expires": job.expires}}
        for name, job in JOBS.items()
    }
