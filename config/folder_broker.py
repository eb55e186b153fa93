"""Kombu's queue in a folder, safe for readers that look while a message is being written.

Kombu writes a message in place: a worker that takes the file in that moment reads half of it, and dies of it. Here a
message gets its name when it is whole.
"""

import logging
import os
import time
import uuid

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def _put(self, queue, message, **kwargs):  # type: ignore[override]  # kombu passes more than its base declares
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        path = os.path.join(self.data_folder_out, name)
        with open(f"{path}.part", "wb") as file:
            file.write(dumps(message).encode())
        os.replace(f"{path}.part", path)

    def _get(self, queue, timeout=None):
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                # Left by a process that was killed. The clock calls again for whatever it would have started.
                logger.warning("a message of the queue %s cannot be read and is left out", queue)


class Transport(filesystem.Transport):
    Channel = Channel


def use() -> None:
    """Let `filesystem://` mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
