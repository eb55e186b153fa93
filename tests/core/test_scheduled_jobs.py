"""The clock calls what the apps have registered, and remembers when it last did, whatever an older version called."""

import shelve
from datetime import UTC, datetime, timedelta

import pytest
from celery.beat import PersistentScheduler
from django.apps import apps

from apps.core.scheduled_jobs import JOBS, beat_schedule
from config.celery import HeartbeatScheduler, app

AS_EVER = {
    "tick": {"task": "deliveries.tick", "schedule": 2.0, "options": {"expires": 10}},
    "imports": {"task": "recipients.sweep_imports", "schedule": 60.0, "options": {"expires": 60}},
}


@pytest.fixture
def schedule_file(tmp_path):
    app.conf.beat_schedule = {}
    yield str(tmp_path / "schedule")
    app.conf.beat_schedule = {}


def test_the_jobs_are_those_of_all_apps():
    assert beat_schedule() == AS_EVER
    assert all(str(job.label) for job in JOBS.values())


def test_every_job_names_a_task():
    app.loader.import_default_modules()
    assert {job.task for job in JOBS.values()} <= set(app.tasks)


def test_beat_takes_the_jobs_from_the_apps(schedule_file):
    scheduler = HeartbeatScheduler(app, schedule_filename=schedule_file)
    found = {key: entry for key, entry in scheduler.schedule.items() if not key.startswith("celery.")}
    assert {key: entry.task for key, entry in found.items()} == {key: job.task for key, job in JOBS.items()}
    assert {key: entry.schedule.run_every.seconds for key, entry in found.items()} == {"tick": 2, "imports": 60}
    assert {key: entry.options for key, entry in found.items()} == {key: AS_EVER[key]["options"] for key in found}
    scheduler.close()


def test_what_an_older_version_has_noted_stays_and_what_is_gone_goes(schedule_file):
    gone = {"task": "old.task", "schedule": 5.0}
    app.conf.beat_schedule = {"imports": AS_EVER["imports"] | {"schedule": 30.0}, "gone": gone}
    older = PersistentScheduler(app, schedule_filename=schedule_file)
    called = datetime.now(UTC) - timedelta(seconds=40)
    older.schedule["imports"].last_run_at, older.schedule["imports"].total_run_count = called, 7
    older.close()
    HeartbeatScheduler(app, schedule_filename=schedule_file).close()
    with shelve.open(schedule_file) as kept:
        entries = kept["entries"]
    assert {key for key in entries if not key.startswith("celery.")} == {"tick", "imports"}
    imports = entries["imports"]
    assert (imports.last_run_at, imports.total_run_count) == (called, 7)
    assert imports.schedule.run_every == timedelta(seconds=60)


def test_beat_does_not_begin_before_the_apps_have_registered(schedule_file, monkeypatch):
    monkeypatch.setattr(apps, "ready", False)
    with pytest.raises(Exception, match="have not registered their jobs"):
        HeartbeatScheduler(app, schedule_filename=schedule_file)
