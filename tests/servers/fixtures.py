"""Fixtures of the real servers, for every test: each starts when it is first asked for."""

import pytest

from apps.channels.email.catcher import Catcher

from .demo import running_demo
from .postfix import postfix_server
from .redis import redis_server


@pytest.fixture(scope="module")
def postfix():
    with postfix_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url():
    with redis_server() as url:
        yield url


@pytest.fixture
def catcher(tmp_path):
    with Catcher(tmp_path / "mail") as server:
        yield server


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """One for all: who changes its schools begins with `demo.begin_anew()`."""
    with running_demo(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running
