"""Whether the parts of this installation work: for /healthz, `manage.py health` and the diagnosis of an operator."""

from collections.abc import Callable, Iterable

from celery import current_app
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .heartbeat import SILENT_AFTER, is_alive

OK = "ok"
BROKER_TIMEOUT_SECONDS = 2


@never_cache
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """200 when every part is `ok`, else 503; the body says which part is not. Needs no login, names no secret."""
    report = check()
    return JsonResponse(report, status=200 if is_healthy(report) else 503)


def check(parts: Iterable[str] = ()) -> dict[str, str]:
    """Each part's name (all of PARTS where none are given) with `ok`, or a few words on why not."""
    return {name: PARTS[name]() for name in parts or PARTS}


def is_healthy(report: dict[str, str]) -> bool:
    return all(answer == OK for answer in report.values())


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


PARTS: dict[str, Callable[[], str]] = {
    "database": _database,
    "broker": _broker,
    "worker": _worker,
    "sender": _sender,
    "scheduler": _scheduler,
}
