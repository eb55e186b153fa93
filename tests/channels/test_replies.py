"""Replies are read alike however the network cuts them up or joins them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.channels.email.replies import ReplyReader, reply_text

LINES = st.lists(st.binary(max_size=40).map(lambda text: text.translate(None, b"\r\n")), min_size=1, max_size=6)
REPLIES = st.lists(st.tuples(st.integers(200, 599), LINES), max_size=8)
NONSENSE = st.sampled_from(
    [b"", b"Hello\r\n", b"\xff\xfe\r\n", b"25\r\n", b"250+OK\r\n", b"250-a\r\n251 b\r\n", b"2" * 9_000]
)


def on_the_wire(code, lines):
    *more, last = [
        b"%d%c%s\r\n" % (code, b"-" if number < len(lines) else b" ", text) for number, text in enumerate(lines, 1)
    ]
    return b"".join(more) + last


@given(replies=REPLIES, nonsense=NONSENSE, data=st.data())
def test_any_cuts_give_the_same_replies(replies, nonsense, data):
    wire = b"".join(on_the_wire(code, lines) for code, lines in replies) + nonsense
    cuts = sorted(data.draw(st.sets(st.integers(0, len(wire)), max_size=20)) | {0, len(wire)})
    reader, read = ReplyReader(), []
    for start, end in pairwise(cuts):
        read += reader.feed(wire[start:end])
    assert read == [(code, b"\n".join(lines)) for code, lines in replies]
    assert (reader.problem is not None) == bool(nonsense)
    assert reader.is_empty == (not nonsense)


@given(replies=REPLIES)
def test_byte_after_byte(replies):
    wire = b"".join(on_the_wire(code, lines) for code, lines in replies)
    reader = ReplyReader()
    read = [reply for byte in wire for reply in reader.feed(bytes([byte]))]
    assert read == [(code, b"\n".join(lines)) for code, lines in replies]


@given(data=st.binary(max_size=300))
def test_no_bytes_break_the_reader(data):
    reader = ReplyReader()
    for code, text in reader.feed(data):
        assert reply_text(code, text).isprintable()


def test_nothing_is_read_after_nonsense():
    reader = ReplyReader()
    assert reader.feed(b"250 One\r\nnonsense\r\n250 Two\r\n") == [(250, b"One")]
    assert reader.feed(b"250 Three\r\n") == []
    assert str(reader.problem) == "nonsense"


def test_a_reply_without_end_takes_no_memory_without_end():
    reader = ReplyReader()
    assert reader.feed(b"250-More\r\n" * 3_000) == []
    assert str(reader.problem) == "a reply of more than 2000 lines"


def test_of_a_long_reply_the_beginning_is_kept():
    ((code, text),) = ReplyReader().feed(b"550-" + b"x" * 500 + b"\r\n" + b"550-y\r\n" * 498 + b"550 End\r\n")
    assert code == 550
    assert text.startswith(b"x" * 500 + b"\ny\ny")
    (reply,) = ReplyReader().feed((b"550-" + b"z" * 500 + b"\r\n") * 499 + b"550 End\r\n")
    assert len(reply[1]) < 10_000
