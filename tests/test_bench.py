"""The benches run and print what they promise. What they find is for people to read, not for a test to judge."""

import json
import subprocess

import pytest

from bench.catalogue import SUMMARIES
from tests.servers.demo import ROOT
from tests.servers.running import program


def bench(*arguments: str) -> str:
    done = subprocess.run(["sh", ROOT / "bin" / "bench", *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_benches_are_named_with_a_line_for_each():
    lines = bench("--list").splitlines()
    assert [line.split()[0] for line in lines] == list(SUMMARIES)


@pytest.mark.server
@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_a_small_mailing_is_measured_beside_its_floors(database):
    for name in ("smtp-sink", "smtp-source", *(("redis-server",) if database == "postgresql" else ())):
        program(name)
    found = json.loads(bench("send", "--recipients", "50", "--database", database, "--json"))
    assert found["sent"] == found["options"]["recipients"] == 50
    for measured in ("messages_per_second", "smtp_source_messages_per_second", "stock_django_messages_per_second"):
        assert found[measured] > 0
    assert set(found["reached"]) == {"ratio_to_smtp_source", "times_stock_django"}
    assert 7_000 < found["html_bytes"] < 9_000
