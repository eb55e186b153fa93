"""What is made once and copied: made anew when what it depends on has changed, and by one at a time."""

import sqlite3
import threading
import time
from contextlib import closing

from tests.servers.prepared import fingerprint, migrated_sqlite, of_the_migrations, prepared


def writer(words: str):
    return lambda folder: (folder / "words").write_text(words)


def read(name: str, made_of: str, words: str) -> str:
    with prepared(name, made_of, writer(words)) as folder:
        return (folder / "words").read_text()


def test_it_is_made_once_and_again_when_it_is_made_of_something_else(monkeypatch, tmp_path):
    monkeypatch.setenv("BEDEL_PREPARED", str(tmp_path / "place"))
    assert [read("letter", "a", "first"), read("letter", "a", "second")] == ["first", "first"]
    assert [read("letter", "b", "third"), read("other", "b", "fourth")] == ["third", "fourth"]
    kept = {path.name for path in (tmp_path / "place").iterdir() if path.is_dir()}
    assert kept == {"letter-b", "other-b"}


def test_what_could_not_be_made_is_not_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("BEDEL_PREPARED", str(tmp_path))

    def breaks(folder):
        (folder / "words").write_text("half")
        raise OSError

    try:
        with prepared("letter", "a", breaks):
            raise AssertionError("made it")
    except OSError:
        pass
    assert read("letter", "a", "whole") == "whole"


def test_of_two_that_want_it_at_once_one_makes_it(monkeypatch, tmp_path):
    monkeypatch.setenv("BEDEL_PREPARED", str(tmp_path))
    made = []

    def make(folder):
        made.append(folder)
        time.sleep(0.1)

    def want():
        with prepared("letter", "a", make):
            pass

    threads = [threading.Thread(target=want) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_migration_that_changes_changes_the_fingerprint(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.servers.prepared.ROOT", tmp_path)
    (tmp_path / "config").mkdir()
    migration = tmp_path / "apps" / "core" / "migrations" / "0001_initial.py"
    migration.parent.mkdir(parents=True)
    imported = tmp_path / "apps" / "core" / "states.py"
    for path in (imported, tmp_path / "config" / "settings.py", tmp_path / "requirements-dev.lock"):
        path.write_text("")
    seen = set()
    for path, content in ((migration, "import apps.core.states"), (imported, "OPEN = 1"), (migration, "pass")):
        path.write_text(content)
        seen |= {of_the_migrations(), fingerprint([])}
    assert len(seen) == 4


def test_the_migrated_database_has_every_table_and_no_row():
    with migrated_sqlite() as path, closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT COUNT(*) FROM recipients_person").fetchone() == (0,)
        assert database.execute("SELECT COUNT(*) FROM django_migrations").fetchone()[0] > 40
