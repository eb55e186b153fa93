"""The Celery application, and a beat that leaves a sign of life where /healthz can read it."""

import gc
import os
import time

from celery import Celery
from celery.beat import PersistentScheduler
from celery.signals import heartbeat_sent, worker_process_init, worker_ready, worker_shutting_down
from django.apps import apps as django_apps
from django.core.exceptions import AppRegistryNotReady

from apps.core.scheduled_jobs import beat_schedule
from apps.core.shutting_down import shut_down
from config import folder_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

folder_broker.use()
app = Celery("bedel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

HEARTBEAT_SECONDS = 10
# Who takes what from which queue (see CELERY_TASK_QUEUES); one program may be both.
NAME_OF_CONSUMER = {"celery": "worker", "sending": "sender"}


class HeartbeatScheduler(PersistentScheduler):
    """Celery's own scheduler that notes in the database, every ten seconds, that it is alive."""

    _noted_at = 0.0

    def setup_schedule(self):
        """Take the jobs that the apps have registered; those of an older version are forgotten.

        Not earlier: Celery sets up Django, and with it the apps, after its own settings.
        """
        if not django_apps.ready:
            raise AppRegistryNotReady("The apps have not registered their jobs yet.")
        self.app.conf.beat_schedule = beat_schedule()
        super().setup_schedule()

    def tick(self, *args, **kwargs):
        """Do what is due; return the seconds until the next look, as Celery's scheduler does."""
        if time.monotonic() - self._noted_at > HEARTBEAT_SECONDS:
            self._noted_at = time.monotonic()
            note_heartbeat("scheduler")
        return min(super().tick(*args, **kwargs), HEARTBEAT_SECONDS)


_worker_noted_at = 0.0


@worker_ready.connect
@heartbeat_sent.connect
def worker_is_alive(**_kwargs):
    """Celery calls this every two seconds, from the worker's main process, whatever its children are busy with."""
    global _worker_noted_at
    if time.monotonic() - _worker_noted_at > HEARTBEAT_SECONDS:
        _worker_noted_at = time.monotonic()
        for queue in app.amqp.queues.consume_from:
            note_heartbeat(NAME_OF_CONSUMER[queue])


@worker_process_init.connect
def collect_garbage_seldom(**_kwargs):
    """What was loaded stays: it is not looked through again. Sending makes many objects and hardly any garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@worker_shutting_down.connect
def worker_was_asked_to_end(**_kwargs):
    """Celery lets running tasks end first; one that sends for a while stops at the next message."""
    shut_down()


def note_heartbeat(name: str) -> None:
    """Write that `name` is alive; a database that is away for a moment is not this caller's trouble."""
    from django.db import Error, connection

    from apps.portal.heartbeat import beat

    try:
        beat(name)
    except Error:
        return
    finally:
        # Nothing else closes it here: between two beats the database may have been restarted.
        connection.close()
