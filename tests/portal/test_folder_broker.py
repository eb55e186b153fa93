"""The queue in a folder: a message is whole when it is seen, and half a one ends no worker."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from kombu import Connection
from kombu.transport.virtual import Empty

from config import folder_broker


@pytest.fixture
def channel(tmp_path):
    folder_broker.use()
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path)}
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.default_channel


def test_a_message_is_whole_when_it_has_its_name(channel, tmp_path, monkeypatch):
    seen = []
    replace = folder_broker.os.replace
    monkeypatch.setattr(folder_broker.os, "replace", lambda *paths: (seen.append(channel._size("q")), replace(*paths)))
    channel._put("q", {"n": 1})
    assert seen == [0]
    assert channel._get("q") == {"n": 1}
    with pytest.raises(Empty):
        channel._get("q")


def test_a_table_of_queues_that_cannot_be_read_is_written_anew(channel, tmp_path):
    (tmp_path / "orders.exchange").write_text('[["a", "", "a"]]]')
    assert channel.get_table("orders") == []
    channel._queue_bind("orders", "b", "", "b")
    assert [each.queue for each in channel.get_table("orders")] == ["b"]


def test_processes_that_begin_at_once_all_stand_in_the_table(channel, tmp_path):
    queues = [f"q{number}" for number in range(12)]
    with ProcessPoolExecutor(6, mp_context=get_context("spawn")) as pool:
        list(pool.map(bind, [str(tmp_path)] * len(queues), queues))
    assert sorted(each.queue for each in channel.get_table("orders")) == sorted(queues)
    channel._delete("q3", "orders", "q3", "")
    assert "q3" not in [each.queue for each in channel.get_table("orders")]


def bind(folder: str, queue: str) -> None:
    folder_broker.use()
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder}
    with Connection("filesystem://", transport_options=options) as connection:
        connection.default_channel._queue_bind("orders", queue, "", queue)


def test_half_a_message_is_left_out(channel, tmp_path):
    (tmp_path / "0_x.q.msg").write_bytes(b"")
    channel._put("q", {"n": 2})
    assert channel._get("q") == {"n": 2}
