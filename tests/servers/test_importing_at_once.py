"""Two loads of one roster at the same moment, in PostgreSQL: SQLite makes one wait for the other from the start."""

import json

import pytest

from bench.servers import Installation
from tests.servers.postgresql import postgresql

pytestmark = pytest.mark.server

# The second load waits for the first at the lock of the organisation, and then finds everybody on record.
LOAD_TWICE = """
import json, threading, time
from django.db import connection
from apps.organizations.scoping import in_organization
from apps.imports.reconciling import applying, comparing_and_loading
from apps.recipients.models import Person
from bench.filling import make_school
from tests.imports.facts import a_run, a_source, guardian, student
school = make_school("one-roster")
facts = [*student("1", "Aina", group="5A"), *guardian("g", "1", "Joan Puig", "joan@x.example")]
counts = {}
def load(name):
    with school.scope():
        counts[name] = comparing_and_loading.load(runs[name], facts).counts
    connection.close()
with school.scope():
    source = a_source()
    runs = {"first": a_run(source), "second": a_run(source)}
thread = threading.Thread(target=load, args=("second",))
apply_people = applying.apply_people
def number_of_waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]
def slow(statements):
    if threading.current_thread() is not thread:
        thread.start()
        until = time.monotonic() + 10
        while not number_of_waiting() and time.monotonic() < until:
            time.sleep(0.01)
    apply_people(statements)
applying.apply_people = slow
load("first")
thread.join()
with school.scope():
    print(json.dumps([counts["first"]["created"], counts["second"]["created"], Person.objects.count()]))
"""


def test_of_two_loads_at_the_same_moment_the_second_waits_and_changes_nothing(tmp_path):
    with postgresql() as url:
        place = Installation(tmp_path, url, "filesystem://")
        found = place.run("manage.py", "shell", "--verbosity", "0", "--command", LOAD_TWICE)
    assert json.loads(found) == [2, 0, 2]
