"""A Redis of its own, which keeps nothing."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .running import HOST, child, free_port, listens, program, wait_until


@contextmanager
def redis_server() -> Iterator[str]:
    """A running server; yields its BROKER_URL."""
    server, port = program("redis-server"), free_port()
    with tempfile.TemporaryDirectory(prefix="bedel-redis-") as folder:
        log = Path(folder) / "log"
        command = [server, "--port", str(port), "--bind", HOST, "--save", "", "--appendonly", "no", "--dir", folder]
        with child(command, log) as process:
            wait_until(lambda: listens(port), process, log)
            yield f"redis://{HOST}:{port}/0"
