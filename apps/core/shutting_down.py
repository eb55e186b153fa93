"""Whether this worker was asked to end: known to the processes it has forked too, so that long work stops early."""

import mmap

# One byte that a worker and its children share; each program that imports this has its own.
_flag = mmap.mmap(-1, 1)


def shut_down() -> None:
    """Ask the work of this process and of those it has forked to come to an end."""
    _flag[0] = 1


def is_shutting_down() -> bool:
    return _flag[0] == 1
