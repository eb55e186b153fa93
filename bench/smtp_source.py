"""The floor of sending: Postfix's smtp-source, which says the same message again and again and keeps no record."""

import subprocess
import time
from pathlib import Path

from bench.letter import plain_message
from tests.servers.running import HOST, program

_RUNS = 3


def messages_per_second(port: int, folder: Path, messages: int, size: int, sessions: int) -> float:
    """The best of three runs, after one to warm up, of so many messages of `size` bytes over `sessions` connections."""
    file = folder / "message"
    file.write_bytes(plain_message(size))
    command = [program("smtp-source"), "-4", "-d", "-s", str(sessions), "-F", str(file), "-N"]
    addresses = ["-f", "office@school.example", "-t", "family@mail.example"]

    def run(number: int) -> float:
        begun = time.perf_counter()
        subprocess.run([*command, *addresses, "-m", str(number), f"{HOST}:{port}"], check=True)
        return number / (time.perf_counter() - begun)

    run(min(messages, 1000))
    return max(run(messages) for _ in range(_RUNS))
