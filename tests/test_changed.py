"""`bin/test --changed` runs every test that a change can reach, and few others."""

import subprocess
from pathlib import Path

import pytest

from tests.changed import House, changed_since

FILES = {
    "config/__init__.py": "",
    "config/settings.py": 'MIDDLEWARE = ["apps.core.policy.Policy"]',
    "config/urls.py": 'include("apps.people.urls"), include("apps.mails.urls")',
    "apps/__init__.py": "",
    "apps/core/__init__.py": "",
    "apps/core/tokens.py": "",
    "apps/core/policy.py": "from .limits import LIMIT",
    "apps/core/limits.py": "",
    "apps/core/templatetags/__init__.py": "",
    "apps/core/templatetags/signs.py": "",
    "apps/people/__init__.py": "",
    "apps/people/models.py": "from apps.core import tokens",
    "apps/people/views.py": 'render("people/list.html")\nstart("mails.send")',
    "apps/people/urls.py": "from . import views",
    "apps/people/migrations/0001_initial.py": "",
    "apps/mails/__init__.py": "",
    "apps/mails/urls.py": "",
    "apps/mails/tasks.py": '@shared_task(name="mails.send")\ndef send(): import apps.mails.sending',
    "apps/mails/sending.py": "",
    "templates/people/list.html": '{% extends "base.html" %}{% include "people/_row.html" %}',
    "templates/people/_row.html": "{% load signs %}",
    "templates/base.html": "",
    "docs/features.md": "",
    "tests/__init__.py": "",
    "tests/builders.py": "",
    "tests/conftest.py": 'pytest_plugins = ["tests.plugin"]',
    "tests/plugin.py": "",
    "tests/core/__init__.py": "",
    "tests/core/test_tokens.py": "from apps.core.tokens import make",
    "tests/people/__init__.py": "",
    "tests/people/conftest.py": "from tests import builders",
    "tests/people/test_models.py": "",
    "tests/mails/__init__.py": "",
    "tests/mails/test_sending.py": "",
    "tests/test_features.py": 'Path("docs") / "features.md"',
}
CORE, PEOPLE, MAILS = "tests/core/test_tokens.py", "tests/people/test_models.py", "tests/mails/test_sending.py"
WHOLE = "tests/test_features.py"  # of the whole house: it may ask for any page
ALL = {CORE, PEOPLE, MAILS, WHOLE}


@pytest.fixture
def house(tmp_path) -> House:
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return House(tmp_path)


@pytest.mark.parametrize(
    ("changed", "reached"),
    [
        ("apps/core/tokens.py", {CORE, PEOPLE}),  # imported by the models of people
        ("apps/people/views.py", {PEOPLE, WHOLE}),  # called by its address
        ("apps/people/models.py", {PEOPLE}),
        ("apps/mails/sending.py", {MAILS, PEOPLE, WHOLE}),  # called by the name of a task
        ("apps/mails/urls.py", {MAILS, WHOLE}),
        ("apps/mails/__init__.py", {MAILS, PEOPLE, WHOLE}),
        ("templates/people/_row.html", {PEOPLE, WHOLE}),
        ("templates/base.html", {PEOPLE, WHOLE}),
        ("apps/core/templatetags/signs.py", {CORE, PEOPLE, WHOLE}),
        ("tests/builders.py", {PEOPLE}),
        ("tests/people/conftest.py", {PEOPLE}),
        ("tests/mails/test_sending.py", {MAILS}),
        ("tests/plugin.py", ALL),
        ("tests/conftest.py", ALL),
        ("apps/core/policy.py", ALL),  # named in the settings: every request goes through it
        ("apps/core/limits.py", {CORE}),
        ("config/settings.py", ALL),
        ("apps/people/migrations/0001_initial.py", ALL),
        ("requirements-dev.lock", ALL),
        ("docs/features.md", {WHOLE}),
        ("apps/mails/gone.py", {MAILS, PEOPLE, WHOLE}),  # as if its package had changed
        ("README.md", set()),
    ],
)
def test_a_change_reaches_what_needs_it(house, changed, reached):
    assert house.reached_by([changed]) == reached


def test_the_tests_of_this_repository_are_known():
    house = House()
    assert Path(__file__).relative_to(house.root).as_posix() in house.reached_by(["tests/changed.py"])
    assert house.reached_by(["config/settings.py"]) == house.tests()
    assert "tests/recipients/test_people_pages.py" in house.reached_by(["templates/base.html"])
    assert "tests/campaigns/composing/test_scheduling.py" in house.reached_by(["apps/deliveries/tasks.py"])
    assert house.reached_by(["apps/deliveries/tasks.py"]) < house.tests()


def test_whatever_differs_from_a_commit_has_changed(tmp_path):
    def git(*words):
        who = ("-c", "user.name=x", "-c", "user.email=x@x.example")
        subprocess.run(("git", *who, *words), cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet")
    for name in ("kept", "committed", "edited", "deleted"):
        (tmp_path / name).write_text("first")
    git("add", ".")
    git("commit", "--quiet", "--message", "First")
    (tmp_path / "committed").write_text("second")
    git("commit", "--quiet", "--all", "--message", "Second")
    (tmp_path / "edited").write_text("second")
    (tmp_path / "new").write_text("first")
    (tmp_path / "deleted").unlink()
    assert changed_since("HEAD", tmp_path) == ["deleted", "edited", "new"]
    assert changed_since("HEAD^", tmp_path) == ["committed", "deleted", "edited", "new"]
