"""The database for an event loop. Django's connections belong to their thread, so the loop runs in a thread of its own,
and the thread that called does the queries it asks for, one after the other, while mail goes on leaving."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from typing import Any

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.5
_Job = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class Desk:
    """Serves one event loop, once."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def serve(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `main` in a new loop and thread, and do its jobs here until it is over. Raises what it raises.

        When this thread is interrupted, `main` is cancelled, and its last jobs are still done.
        """
        thread = threading.Thread(target=self._run, args=(main,), name="sending")
        thread.start()
        interrupted: BaseException | None = None
        while True:
            try:
                job = self._jobs.get()
                if job is None:
                    break
                self._do(*job)
            except BaseException as error:
                interrupted = error
                self._cancel()
        thread.join()
        if interrupted or self._error:
            raise interrupted or self._error  # type: ignore[misc]

    def ask(self, function: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """Called from the loop: have `function(*args)` done at the desk; the future brings its result or its error."""
        assert self._loop is not None
        future: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put((lambda: function(*args), future))
        return future

    def _run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            asyncio.run(self._main(main))
        except BaseException as error:
            self._error = error
        finally:
            self._jobs.put(None)

    async def _main(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        await main()

    def _do(self, function: Callable[[], Any], future: "asyncio.Future[Any]") -> None:
        assert self._loop is not None
        try:
            result = _patiently(function)
        except Exception as error:
            self._loop.call_soon_threadsafe(_fail, future, error)
        else:
            self._loop.call_soon_threadsafe(_resolve, future, result)

    def _cancel(self) -> None:
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)


def _patiently(function: Callable[[], Any]) -> Any:
    """Do a job, and wait for a database that is away. A job may be done twice: a lost answer is no lost commit."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return function()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            logger.warning("the database is away; trying again", exc_info=True)
            connection.close()
            time.sleep(_PAUSE_SECONDS)


def _resolve(future: "asyncio.Future[Any]", result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
