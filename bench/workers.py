"""Real workers and the scheduler, as an operator starts them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import children_of, cpu_seconds
from bench.servers import ROOT, BenchProblem, Installation
from tests.servers.running import stop

# Starts mailings and everything else that is not sending.
_OFFICE = ("-Q", "celery", "-c", "1", "--loglevel", "warning", "-n", "office@bench")


class Crew:
    """`workers` programs of `processes` sending processes each; the scheduler, and a worker for all the rest.

    Those that send load the modules `besides` as well.
    """

    def __init__(self, place: Installation, workers: int, processes: int, besides: str = ""):
        self._place, self._wanted, self._processes, self._besides = place, workers, processes, besides
        self._started = 0
        self.beat: subprocess.Popen | None = None
        self.office: subprocess.Popen | None = None
        self.workers: list[subprocess.Popen] = []

    def start(self) -> None:
        self.beat = self._celery("beat", "--loglevel", "warning")
        self.office = self._celery("worker", *_OFFICE)
        for _ in range(self._wanted):
            self.workers.append(self._worker())

    def sending(self) -> list[int]:
        """The processes that send: the children of the workers."""
        return [pid for worker in self.workers for pid in children_of(worker.pid)]

    def worker_of(self, pid: int) -> subprocess.Popen:
        """The worker that has started the sending process `pid`, or any when `pid` is gone."""
        return next((worker for worker in self.workers if pid in children_of(worker.pid)), self.workers[0])

    def cpu_seconds(self) -> float:
        """What all of them have used of the processor until now."""
        return sum(cpu_seconds(process.pid) for process in self.everybody)

    @property
    def everybody(self) -> list[subprocess.Popen]:
        return [*filter(None, (self.beat, self.office)), *self.workers]

    def check(self) -> None:
        """Raise BenchProblem when one of them has died."""
        for process in self.everybody:
            if process.poll() is not None:
                raise BenchProblem(f"{process.args!r} died ({process.returncode}):\n{self.last_words()}")

    def kill_with_children(self, worker: subprocess.Popen) -> None:
        """SIGKILL to a worker and all it has started, as a machine that loses its power; another takes its place."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self.workers[self.workers.index(worker)] = self._worker()

    def stop(self) -> None:
        """Ask all to end, then insist."""
        for process in self.everybody:
            process.terminate()
        for process in self.everybody:
            stop(process, seconds=10)

    def last_words(self) -> str:
        """The end of what the workers printed."""
        logs = [*sorted(self._folder().glob("worker*.log")), *self._folder().glob("beat*.log")]
        return "\n".join(line for log in logs for line in log.read_text(errors="replace").splitlines()[-15:])

    def _worker(self) -> subprocess.Popen:
        self._started += 1
        options = ("-Q", "sending", "-c", str(self._processes), "--loglevel", "warning", "-n", f"{self._started}@bench")
        return self._celery("worker", *options, *(("--include", self._besides) if self._besides else ()))

    def _celery(self, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "celery", "-A", "config", *arguments]
        with (self._folder() / f"{arguments[0]}{self._started}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._place.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _folder(self) -> Path:
        return self._place.folder


@contextmanager
def crew(place: Installation, workers: int = 1, processes: int = 2, besides: str = "") -> Iterator[Crew]:
    """Workers and scheduler that run while the block runs."""
    running = Crew(place, workers, processes, besides)
    try:
        running.start()
        yield running
    finally:
        running.stop()
