"""Kombu's queue in a folder, safe for processes that look while another one writes.

Kombu writes messages, and the table of which queue belongs to which exchange, in place. A worker that takes a message
in that moment reads half of it, and dies of it. Two processes that begin at once write their tables into one another,
and nobody can send anything any more. Here a file gets its name when it is whole; one process at a time writes a table.
"""

import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kombu.transport import TRANSPORT_ALIASES, filesystem, virtual
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)

Table = list[filesystem.exchange_queue_t]


class Channel(filesystem.Channel):
    def _put(self, queue, message, **kwargs):  # type: ignore[override]  # kombu passes more than its base declares
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        _write_whole(Path(self.data_folder_out) / name, message)

    def _get(self, queue, timeout=None):
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                # Left by a process that was killed. The clock calls again for whatever it would have started.
                logger.warning("a message of the queue %s cannot be read and is left out", queue)

    def get_table(self, exchange) -> Table:
        try:
            return super().get_table(exchange)
        except ValueError:
            return []  # of before: whoever starts writes his part of it anew

    def _queue_bind(self, exchange, routing_key, pattern, queue) -> None:
        binding = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._change_table(exchange, lambda table: table if binding in table else [binding, *table])

    def _delete(self, queue, exchange, routing_key, pattern, *args, **kwargs) -> None:
        virtual.Channel._delete(self, queue)
        binding = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._change_table(exchange, lambda table: [each for each in table if each != binding])

    def _change_table(self, exchange, changed: Callable[[Table], Table]) -> None:
        file = self._exchange_file(exchange)
        with _alone(file.with_suffix(".lock")):
            table = self.get_table(exchange)
            if (new := changed(table)) != table or not file.exists():
                _write_whole(file, new)


class Transport(filesystem.Transport):
    Channel = Channel


def use() -> None:
    """Let `filesystem://` mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"


def _write_whole(path: Path, content: object) -> None:
    part = Path(f"{path}.{uuid.uuid4()}.part")
    part.write_bytes(dumps(content).encode())
    os.replace(part, path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process is within; a process that is killed lets the next one in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        filesystem.lock(file, filesystem.LOCK_EX)
        yield
