"""Starting real servers as child processes on free loopback ports, and stopping them again."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HOST = "127.0.0.1"


def free_port() -> int:
    """A port of the loopback interface on which nobody listens now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


def program(name: str, *folders: str) -> str:
    """The path of an installed server program.

    Where it is missing the test is skipped on a person's machine, and fails under CI=true.
    """
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin", *folders]))
    if found:
        return found
    sentence = f"{name} is not installed."
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


@contextmanager
def child(command: list[str], log: Path, stop_with: signal.Signals = signal.SIGTERM, **options) -> Iterator:
    """Run `command` while the block runs; what it prints goes to the file `log`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )
    try:
        yield process
    finally:
        stop(process, stop_with)


def stop(process: subprocess.Popen, stop_with: signal.Signals = signal.SIGTERM, seconds: float = 20) -> None:
    """Ask the process to end; after `seconds` kill it and whatever it has started."""
    if process.poll() is None:
        process.send_signal(stop_with)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(answers: Callable[[], bool], process: subprocess.Popen, log: Path, seconds: float = 30) -> None:
    """Return once `answers()` is true. Raises RuntimeError with the process's own words when it dies or is too slow."""
    deadline = time.monotonic() + seconds
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            words = log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{process.args!r} does not answer (exit status {process.poll()}):\n{words}")
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((HOST, port)) == 0
