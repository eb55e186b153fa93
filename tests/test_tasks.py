"""During an upgrade an old portal calls a new worker, and a new portal an old one: names and arguments stay."""

from inspect import signature

import pytest
from celery import current_app
from django.conf import settings

# As they were called by version 0.1.0 before the house was rebuilt: never take one away, never add an argument without
# a default.
CALLS = {
    "deliveries.tick": (),
    "deliveries.work": (),
    "deliveries.fan_out": (1, 1),
    "deliveries.try_account": (1, 1),
    "deliveries.account_mended": (1, 1),
    "deliveries.send_test": (1, 1),
    "recipients.plan_import": (1, 1),
    "recipients.run_import": (1, 1),
    "recipients.sweep_imports": (),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_of_an_older_version_is_understood(name):
    current_app.loader.import_default_modules()
    signature(current_app.tasks[name].run).bind(*CALLS[name])


def test_no_task_is_called_by_a_name_that_an_older_worker_does_not_know():
    """Until a version says otherwise in its notes for operators."""
    current_app.loader.import_default_modules()
    ours = {name for name in current_app.tasks if not name.startswith("celery.")}
    assert ours == set(CALLS)
    assert set(settings.CELERY_TASK_ROUTES) <= ours
