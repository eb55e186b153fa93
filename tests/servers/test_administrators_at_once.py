"""Two administrators who demote each other at the same moment, in PostgreSQL: SQLite makes one wait for the other."""

import pytest

from bench.servers import Installation
from tests.servers.postgresql import postgresql

pytestmark = pytest.mark.server

# The second finds the first still an administrator, unless it waits until the first one's demotion is written.
DEMOTE_TWICE = """
import threading, time
from django.db import connection, transaction
from apps.accounts.models import User
from apps.organizations.members import LastAdministrator, administrators, give_role, let_in
from apps.organizations.models import Role
from apps.organizations.scoping import in_organization
from bench.filling import make_school
school = make_school("two-administrators").organization
said = []
def demote(membership, role):
    with in_organization(school):
        try:
            give_role(membership, role)
            said.append("demoted")
        except LastAdministrator:
            said.append("the last")
    connection.close()
def number_of_waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]
with in_organization(school):
    Role.ship()
    administrator, reader = (Role.objects.get(name=name) for name in ("administrator", "reader"))
    first, second = (let_in(f"{name}@x.example", name, administrator)[0] for name in ("a", "b"))
    for user in (first.user, second.user):
        user.set_password("correct horse")
        user.save()
    administrators().exclude(pk__in=(first.pk, second.pk)).delete()
    with transaction.atomic():
        give_role(first, reader)
        thread = threading.Thread(target=demote, args=(second, reader))
        thread.start()
        until = time.monotonic() + 10
        while not number_of_waiting() and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.01)
    thread.join()
    print(said, administrators().count())
"""


def test_of_two_administrators_who_go_at_the_same_moment_one_stays(tmp_path):
    with postgresql() as url:
        place = Installation(tmp_path, url, "filesystem://")
        found = place.run("manage.py", "shell", "--verbosity", "0", "--command", DEMOTE_TWICE)
    assert found.strip() == "['the last'] 1"
