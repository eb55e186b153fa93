"""The queue in a folder: a message is whole when it is seen, and half a one ends no worker."""

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


def test_half_a_message_is_left_out(channel, tmp_path):
    (tmp_path / "0_x.q.msg").write_bytes(b"")
    channel._put("q", {"n": 2})
    assert channel._get("q") == {"n": 2}
