"""Two workers that want the same packet at the same moment, in PostgreSQL: SQLite makes one wait for the other."""

import pytest

from bench.servers import Installation
from tests.servers.postgresql import postgresql

pytestmark = pytest.mark.server

# A mailing with one packet, which two workers want at the same moment; the second waits for the first in PostgreSQL.
CLAIM_TWICE = """
import threading, time
from django.db import connection, transaction
from apps.deliveries.engine.claiming import claim
from apps.deliveries.engine.fan_out import fan_out
from apps.organizations.scoping import in_organization
from bench.filling import add_families, make_mailing, make_school, post
school = make_school("one-packet")
add_families(school, 3)
mailing = make_mailing(school)
post(mailing)
with in_organization(school.organization):
    mailing.refresh_from_db()
    fan_out(mailing)
held, second = {school.sender.account_id: 4}, []
WAITING = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
def number_of_waiting():
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0]
with transaction.atomic():
    first = claim("first", held)
    thread = threading.Thread(target=lambda: second.append(claim("second", held)))
    thread.start()
    until = time.monotonic() + 10
    while not number_of_waiting() and time.monotonic() < until:
        time.sleep(0.01)
thread.join()
print(first.packet.leased_by, second)
"""


@pytest.mark.feature("B1")
def test_of_two_workers_that_want_a_packet_at_the_same_moment_one_gets_it(tmp_path):
    with postgresql() as url:
        place = Installation(tmp_path, url, "filesystem://")
        found = place.run("manage.py", "shell", "--verbosity", "0", "--command", CLAIM_TWICE)
    assert found.strip() == "first [None]"
