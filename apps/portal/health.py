"""Whether the parts of this installation work: for /healthz, `manage.py health` and the diagnosis of an operator."""

from celery import current_app
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.diagnosis import CHECKS, OK, Check, is_healthy, report

from .heartbeat import SILENT_AFTER, is_alive

BROKER_TIMEOUT_SECONDS = 2


@never_cache
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """200 when every part is `ok`, else 503; the body says which part is not. Needs no login, names no secret."""
    found = report()
    return JsonResponse(found, status=200 if is_healthy(found) else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return "no connection"
    return OK


def _broker() -> str:
    """Whether a task could be handed over. What the broker's library raises depends on the broker."""
    options = {"socket_connect_timeout": BROKER_TIMEOUT_SECONDS, "socket_timeout": BROKER_TIMEOUT_SECONDS}
    try:
        with current_app.connection_for_write(
            connect_timeout=BROKER_TIMEOUT_SECONDS, transport_options=options
        ) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=BROKER_TIMEOUT_SECONDS)
            broker.default_channel.queue_declare(current_app.conf.task_default_queue, passive=False)
    except Exception:
        return "no connection"
    return OK


def _worker() -> str:
    return _heard_of("worker")


def _sender() -> str:
    return _heard_of("sender")


def _scheduler() -> str:
    return _heard_of("scheduler")


def _heard_of(name: str) -> str:
    try:
        return OK if is_alive(name) else f"silent for {SILENT_AFTER.seconds} seconds or more"
    except (DatabaseError, InterfaceError):
        return "unknown: no database"


def register_checks() -> None:
    """What every installation has."""
    CHECKS.register("database", Check(_database, _("Is it running? Is DATABASE_URL right?")), order=1)
    CHECKS.register("broker", Check(_broker, _("Is it running? Is BROKER_URL right? Is the disk full?")), order=2)
    CHECKS.register("worker", Check(_worker, _("Start a worker, and read its log.")), order=3)
    CHECKS.register("sender", Check(_sender, _("Start a sender: without one messages wait.")), order=4)
    CHECKS.register("scheduler", Check(_scheduler, _("Start the scheduler: without it nothing begins.")), order=5)
