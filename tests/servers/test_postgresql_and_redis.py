"""The larger installation of docs/operators.md: PostgreSQL, Redis, worker and scheduler each a process of its own."""

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from apps.channels.email.catcher import Catcher
from tests.servers.demo import ROOT
from tests.servers.postgresql import postgresql
from tests.servers.redis import redis_server
from tests.servers.running import child

pytestmark = pytest.mark.server

# For `manage.py shell`: a message to the guardians of all classes of this year, handed to the clock.
WRITE_AND_SCHEDULE = """
from apps.campaigns.composing.scheduling import schedule
from apps.organizations.models import Membership, Organization
from apps.organizations.scoping import in_organization
from apps.recipients.models import AcademicYear, Group
from tests import people

with in_organization(Organization.objects.get(slug="almendral")):
    office = Membership.objects.get(user__email="office@almendral.example")
    classes = Group.objects.filter(kind="class", year=AcademicYear.current())
    schedule(people.mailing(*classes, by=office, to_guardians=True))
"""
HOW_IT_STANDS = """
import json
from apps.campaigns.models import Mailing
from apps.deliveries.models import Delivery
from apps.organizations.scoping import without_scope

with without_scope():
    states = list(Delivery.objects.values_list("state", flat=True))
    report = {state: states.count(state) for state in set(states)}
    print("REPORT" + json.dumps(report | {"mailing": Mailing.objects.get().state}))
"""


class Installation:
    """Commands and processes that share one environment."""

    def __init__(self, folder: Path, database_url: str, broker_url: str):
        self.folder = folder
        self.environment = os.environ | {
            "BEDEL_MODE": "server",
            "SECRET_KEY": "only for this test",
            "SITE_URL": "https://bedel.school.example",
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": database_url,
            "BROKER_URL": broker_url,
        }

    def manage(self, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, input=typed, capture_output=True, text=True, timeout=120
        )

    def celery(self, *arguments: str):
        command = [sys.executable, "-m", "celery", "-A", "config", *arguments]
        return child(command, self.folder / f"{arguments[0]}.log", cwd=ROOT, env=self.environment)

    def how_it_stands(self) -> dict:
        return json.loads(self.manage("shell", typed=HOW_IT_STANDS).stdout.partition("REPORT")[2] or "{}")

    def wait_for(self, command: tuple[str, ...], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while (last := self.manage(*command)).returncode:
            assert time.monotonic() < deadline, last.stdout + last.stderr
            time.sleep(0.5)


def test_a_message_goes_out_and_everybody_is_accounted_for(tmp_path):
    with ExitStack() as running:
        catcher = running.enter_context(Catcher(tmp_path / "mail"))
        urls = running.enter_context(postgresql()), running.enter_context(redis_server())
        school = Installation(tmp_path, *urls)
        assert school.manage("migrate", "-v", "0").returncode == 0
        assert "Made" in school.manage("load_demo", "--people", "200", "--smtp-port", str(catcher.smtp_port)).stdout
        assert school.manage("health").returncode == 1
        running.enter_context(school.celery("worker", "-c", "2"))
        running.enter_context(school.celery("beat"))
        school.wait_for(("health",))

        scheduled = school.manage("shell", typed=WRITE_AND_SCHEDULE)
        assert scheduled.returncode == 0, scheduled.stderr
        deadline = time.monotonic() + 60
        while (report := school.how_it_stands()).get("mailing") != "done":
            assert time.monotonic() < deadline, report
            time.sleep(0.5)
        assert report["sent"] == catcher.store.count() > 50
        assert set(report) <= {"mailing", "sent", "failed", "skipped"}
