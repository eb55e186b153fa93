"""What breaks down while a mailing leaves, with the real parts: the database, the senders, the broker."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from bench.noting_server import number_accepted, read_journal
from bench.processes import own_cpu_seconds
from bench.servers import Installation, noting_server
from bench.workers import Crew, crew
from tests.servers.postgresql import RunningPostgresql, running_postgresql
from tests.servers.redis import redis_server

pytestmark = pytest.mark.server

RECIPIENTS = 2_000
CONNECTIONS = 8
# A wire slow enough for something to happen in the middle.
LATENCY_MS = "15"

# For `manage.py shell`: a mailing to 2,000 guardians, handed to the clock.
POST = """
from bench.filling import add_families, make_mailing, make_school, post
school = make_school({slug!r}, {port}, {connections}, packet_size=100)
add_families(school, {recipients})
post(make_mailing(school))
"""
HOW_IT_STANDS = """
import collections
from apps.campaigns.models import Mailing
from apps.deliveries.models import Delivery
from apps.organizations.models import Organization
from apps.organizations.scoping import in_organization
with in_organization(Organization.objects.get(slug={slug!r})):
    states = collections.Counter(Delivery.objects.values_list("state", flat=True))
    print(Mailing.objects.get().state, *(f"{{state}}={{number}}" for state, number in states.items()))
"""


@dataclass
class School:
    """An installation with its servers and its workers."""

    place: Installation
    postgresql: RunningPostgresql
    crew: Crew
    slug: str
    journal: Path
    running: ExitStack

    def posts_a_mailing(self) -> None:
        options = "--journal", str(self.journal), "--latency-ms", LATENCY_MS
        server = self.running.enter_context(noting_server(self.place.folder, *options))
        self._shell(POST.format(slug=self.slug, port=server.port, connections=CONNECTIONS, recipients=RECIPIENTS))

    def waits_until_accepted(self, number: int) -> None:
        self._wait_until(lambda: number_accepted(self.journal) >= number)

    def waits_until_done(self) -> str:
        """The numbers of the rows by their state."""
        self.waits_until_accepted(RECIPIENTS)
        self._wait_until(lambda: self._how_it_stands().startswith("done"))
        return self._how_it_stands()

    def accepted(self) -> Counter[str]:
        """How often the mail server has accepted which recipient."""
        self.running.close()
        return Counter(each.recipient for each in read_journal(self.journal))

    def _how_it_stands(self) -> str:
        return self._shell(HOW_IT_STANDS.format(slug=self.slug)).strip()

    def _shell(self, typed: str) -> str:
        return self.place.run("manage.py", "shell", "--verbosity", "0", "--command", typed)

    def _wait_until(self, has_come: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not has_come():
            self.crew.check()
            assert time.monotonic() < deadline, self.crew.last_words()
            time.sleep(0.02)


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> Iterator[tuple[Installation, RunningPostgresql, Crew]]:
    with ExitStack() as running:
        postgresql = running.enter_context(running_postgresql())
        redis_url = running.enter_context(redis_server())
        place = Installation(tmp_path_factory.mktemp("installation"), postgresql.url, redis_url)
        yield place, postgresql, running.enter_context(crew(place, workers=1, processes=2))


@pytest.fixture
def school(parts, request) -> Iterator[School]:
    slug = request.node.name.replace("_", "-")[-30:]
    with ExitStack() as running:
        yield School(*parts, slug, parts[0].folder / slug, running)


@pytest.mark.feature("B1")
def test_a_database_that_is_restarted_costs_no_message_and_repeats_none(school):
    school.posts_a_mailing()
    school.waits_until_accepted(300)
    school.postgresql.restart()
    assert number_accepted(school.journal) < RECIPIENTS, "the restart came too late to prove anything"
    assert school.waits_until_done() == f"done sent={RECIPIENTS}"
    assert set(school.accepted().values()) == {1}


@pytest.mark.feature("B1")
def test_killed_senders_and_an_emptied_broker_lose_nothing_and_repeat_little(school):
    school.posts_a_mailing()
    for kills, number in enumerate((300, 1_000), start=1):
        school.waits_until_accepted(number)
        os.kill(max(school.crew.sending(), key=own_cpu_seconds), signal.SIGKILL)  # the one that sends
        if kills == 1:
            redis.Redis.from_url(school.place.broker_url).flushall()
    assert number_accepted(school.journal) < RECIPIENTS, "the kills came too late to prove anything"
    assert school.waits_until_done() == f"done sent={RECIPIENTS}"
    accepted = school.accepted()
    assert len(accepted) == RECIPIENTS
    # Only what was in flight may come again: on each of its four connections a message, and the next one begun.
    assert accepted.total() - RECIPIENTS <= kills * 10
