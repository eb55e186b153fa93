"""Work of another room is started by the name of its task, and starting it disturbs nothing else."""

import logging

from apps.core.starting_work import start


def test_a_process_that_starts_work_goes_on_writing_its_log_to_the_same_place(db):
    """Celery's workers replace sys.stderr: a handler that is set up anew there would swallow all it is given."""
    start("deliveries.tick")
    before = list(logging.root.handlers)
    start("deliveries.tick")
    assert all(now is then for now, then in zip(logging.root.handlers, before, strict=True))
