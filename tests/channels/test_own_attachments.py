"""Files of one recipient alone: whatever goes in comes out of the standard library's parser, or nothing leaves."""

from dataclasses import dataclass
from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.channels.email.mime import Attachment, MailContent
from apps.channels.email.own_attachments import PIECE, UnsendableAttachment
from apps.channels.outcomes import Outcome, Result
from tests.channels.test_mime import (
    NOW,
    SHARED,
    assert_fit_for_smtp,
    build,
    compiled,
    names,
    one_line,
    parse,
    part,
    without_marks,
)


@dataclass(frozen=True)
class OwnFile:
    """A file of one recipient's own, read in pieces of any length; `size` is what it is said to have."""

    name: str
    content_type: str
    content: bytes
    said: int | None = None
    at_a_time: int = 10**9

    @property
    def size(self):
        return len(self.content) if self.said is None else self.said

    def open(self):
        return Trickle(self.content, self.at_a_time)


class Trickle(BytesIO):
    """A stream that gives so many bytes at a time, as one over a network may."""

    def __init__(self, content, at_a_time):
        super().__init__(content)
        self._at_a_time = at_a_time

    def read(self, size=-1):
        return super().read(min(size, self._at_a_time) if size >= 0 else self._at_a_time)


def with_room(*attachments, room=4_000_000):
    return MailContent(**SHARED, attachments=attachments, room_for_own=room)


def attached(raw):
    """Names and contents of all attachments, in their order."""
    found = list(parse(raw).iter_attachments())
    return [(p["Content-Disposition"].params["filename"], p.get_payload(decode=True)) for p in found]


own_files = st.builds(OwnFile, names, st.text(max_size=30), st.binary(max_size=400), at_a_time=st.integers(1, 500))


@settings(deadline=None)
@given(
    st.lists(st.builds(Attachment, names, st.text(max_size=30), st.binary(max_size=400)), max_size=2),
    st.lists(own_files, max_size=3),
)
@example([], [OwnFile("Informe d'Íñigo, 3º.pdf", "application/pdf", b"")])
@example([Attachment("a.pdf", "application/pdf", b"a")], [OwnFile("a.pdf", "application/pdf", b"\r\n.\r\n")])
@example([], [OwnFile("año; filename=x.exe", "message/rfc822", b"--=_mixed_\r\n"), OwnFile("", "", b"\0")])
@example([Attachment("a.pdf", "application/pdf", b"a")], [])
def test_own_attachments_come_out_after_the_shared_ones_as_they_went_in(shared, own):
    raw = build(with_room(*shared), own=own, text="Hello")
    assert_fit_for_smtp(raw)
    named = [(without_marks(one_line(each.name)).strip() or "attachment", each.content) for each in [*shared, *own]]
    assert attached(raw) == named
    assert part(parse(raw), "plain") == "Hello"


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3_000_000])
@pytest.mark.parametrize("at_a_time", [1000, 10**9])
def test_an_own_attachment_of_any_size_comes_out_as_it_went_in(size, at_a_time):
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    file = OwnFile("Boletín de notas.pdf", "application/pdf", content, at_a_time=at_a_time)
    raw = build(
        with_room(Attachment("a.txt", "text/plain", b"for all")), own=[file, file] if size < 2_000_000 else [file]
    )
    assert_fit_for_smtp(raw)
    (shared, *own) = attached(raw)
    assert shared == ("a.txt", b"for all")
    assert set(own) == {("Boletín de notas.pdf", content)}


def test_each_message_bears_the_files_of_its_own_recipient_and_of_nobody_else():
    message = compiled(with_room())
    to = {"to_name": "", "to_email": "a@b.example", "message_id": "<1@b.example>", "date": NOW}
    bearing = [[OwnFile("ana.pdf", "application/pdf", b"Ana")], [], [OwnFile("eva.pdf", "application/pdf", b"Eva")]]
    got = [attached(message.build({}, own=own, **to)) for own in bearing]
    assert got == [[("ana.pdf", b"Ana")], [], [("eva.pdf", b"Eva")]]


@pytest.mark.parametrize("said", [0, 4, 6, 1000])
def test_a_file_that_is_not_as_long_as_it_says_goes_to_nobody(said):
    with pytest.raises(UnsendableAttachment, match=r"“a.pdf”.* has changed") as problem:
        build(with_room(), own=[OwnFile("a.pdf", "application/pdf", b"12345", said=said)])
    assert problem.value.outcome(7).result == Result.REFUSED


def test_a_file_that_cannot_be_read_is_tried_again_later():
    @dataclass(frozen=True)
    class Gone(OwnFile):
        def open(self):
            raise FileNotFoundError(2, "No such file", "a.pdf")

    with pytest.raises(UnsendableAttachment, match=r"cannot be read: .*No such file") as problem:
        build(with_room(), own=[Gone("a.pdf", "application/pdf", b"")])
    assert problem.value.outcome(7) == Outcome(7, Result.POSTPONED, str(problem.value))


def test_own_files_larger_than_the_room_for_them_are_refused_before_they_are_read():
    files = [OwnFile("a.pdf", "", b"12345", said=5), OwnFile("b.pdf", "", b"", said=6)]
    with pytest.raises(UnsendableAttachment, match="too large"):
        build(with_room(room=10), own=files)
    assert len(attached(build(with_room(room=10), own=[files[0], OwnFile("c.pdf", "", b"54321")]))) == 2


def test_own_files_in_a_mailing_that_has_no_place_for_them_are_a_mistake_of_ours():
    with pytest.raises(ValueError, match="without attachments of their own"):
        build(own=[OwnFile("a.pdf", "", b"")])
