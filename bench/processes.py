"""What processes have cost, read from /proc: a process together with everything it has started."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def parent_of(pid: int) -> int:
    """The process that started `pid`. Raises OSError when `pid` is gone."""
    return int(_stat(pid)[1])


def children_of(pid: int) -> list[int]:
    """The processes that `pid` itself has started and that live now."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def tree(pid: int) -> list[int]:
    """`pid` and all its living descendants."""
    return [pid, *(each for child in children_of(pid) for each in tree(child))]


def open_files(pid: int) -> list[str]:
    """The paths of what `pid` has open just now; none when it is gone."""
    try:
        return [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return []


def cpu_seconds(pid: int) -> float:
    """What `pid`, its living descendants, and those that have ended have used of the processor until now."""
    return sum(_ticks(each, reaped=True) for each in tree(pid)) / _TICKS


def own_cpu_seconds(pid: int) -> float:
    """What `pid` alone has used."""
    return _ticks(pid, reaped=False) / _TICKS


def machine_cpu_seconds() -> float:
    """What everything on this machine has used since it was started: all but idling and waiting for disks."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _waiting, *interrupts = map(int, fields[:8])
    return (user + nice + system + sum(interrupts)) / _TICKS


def peak_memory_mb(pid: int) -> float:
    """The most that `pid` ever held in memory (VmHWM); 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def _ticks(pid: int, reaped: bool) -> int:
    try:
        fields = _stat(pid)
    except OSError:
        return 0
    return sum(map(int, fields[11 : 15 if reaped else 13]))


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat (see proc(5)) from the third on; the name before them may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
