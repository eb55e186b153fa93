"""Call a task of another room by its name: after the commit, and without caring whether the broker is there."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def start_on_commit(task_name: str, *args) -> None:
    """Start the task when the open transaction (if any) is committed."""
    transaction.on_commit(lambda: start(task_name, *args))


def start(task_name: str, *args) -> None:
    """Start the task now. A broker that is away is no error: the row is the truth, and the clock calls again."""
    if task_name not in current_app.tasks:
        # Only where nobody has loaded them yet: this sets up Django anew, and in a worker its log would end in nothing.
        current_app.loader.import_default_modules()
    task = current_app.tasks[task_name]
    try:
        task.apply_async(args)
    except OperationalError:
        logger.warning("the broker is away: %s waits for the clock", task_name)
