"""How often, and after how long, a message is tried again that a server has put off."""

from datetime import timedelta

# After 2, 4, 8 ... minutes, at most four hours later.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=4)
# What is put off as often as this has failed, with the server's words.
MAX_ATTEMPTS = 8


def pause_after(attempt: int) -> timedelta:
    """How long to wait after the attempt of that number, counted from 0."""
    return min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
