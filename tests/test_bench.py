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


@pytest.mark.server
def test_a_small_import_is_measured_beside_the_rows_alone():
    found = json.loads(bench("import", "--people", "400", "--json"))
    assert found["people"] == found["counts"]["created"] == found["counts"]["guardianships"] == 400
    assert len(found["all_raw_seconds"]) == 2
    assert set(found["reached"]) == {"times_raw", "xlsx_times_csv", "second_run", "memory_growth"}
    seconds = {"raw_seconds", "csv_seconds", "xlsx_seconds", "second_seconds"}
    assert_measured(found, *seconds, "peak_mb_small", "peak_mb", "peak_mb_xlsx", *found["reached"])


@pytest.mark.server
def test_a_small_audience_is_measured_beside_plain_sql():
    found = json.loads(bench("audience", "--people", "2000", "--json"))
    assert set(found["skipped"]) == {"no_address", "opted_out", "no_consent", "excluded", "same_address"}
    assert found["filtered"] == 1_800
    assert set(found["reached"]) == {"times_raw", "filter_seconds", "filter_with_alternatives_seconds"}
    assert_measured(found, "getting", "raw_seconds", "audience_seconds", *found["reached"])


@pytest.mark.server
def test_a_small_search_is_measured_for_each_way_to_find_somebody():
    found = json.loads(bench("search", "--people", "4000", "--json"))
    ways = {"full_name", "part_of_last_name", "last_name", "two_words", "two_letters", "full_address", "domain"}
    ways |= {"part_of_number", "nobody"}
    assert {way for way, number in found["found"].items() if number} == ways - {"nobody"}
    for measured in ("list_milliseconds", "anybody_milliseconds"):
        assert_measured(found[measured], *ways)
    assert_measured(found["floor_milliseconds"], "primary_key", "index_of_parts")
    assert_measured(found, "median_milliseconds", "worst_milliseconds")
    assert set(found["reached"]) == {"worst_milliseconds"}


def assert_measured(found: dict, *names: str) -> None:
    """Each is there and more than nothing; how much, is for people to read."""
    assert [name for name in names if not found.get(name, 0) > 0] == []
