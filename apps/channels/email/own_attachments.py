"""Files that one recipient alone gets: each is read when his copy is made, so that no two copies' are in memory."""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Protocol

from apps.channels.outcomes import Outcome, Result, gettext_noop

_LINE = 57  # bytes that make a line of base64
PIECE = 1024 * _LINE


class OwnAttachment(Protocol):
    """As core.message_parts has it: `open` gives the `size` bytes of its content, or raises OSError."""

    @property
    def name(self) -> str: ...

    @property
    def content_type(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def open(self) -> Callable[[], BinaryIO]: ...


class UnsendableAttachment(Exception):
    """A copy that cannot be made because of a file: `message` and `values` make a sentence, as in AccountProblem.

    `may_come_right`: it is worth another try later.
    """

    def __init__(self, message: str, may_come_right: bool = False, **values: str) -> None:
        super().__init__(message % values)
        self.message = message
        self.values = values
        self.may_come_right = may_come_right

    def outcome(self, key: int) -> Outcome:
        """What becomes of the copy `key`: it alone is refused, or put off."""
        return Outcome(key, Result.POSTPONED if self.may_come_right else Result.REFUSED, str(self))


def check_room(own: Sequence[OwnAttachment], room: int) -> None:
    """Raises UnsendableAttachment when the files `own` have more than `room` bytes together."""
    if sum(attachment.size for attachment in own) > room:
        sentence = gettext_noop("The files of this recipient are too large to be sent with this message.")
        raise UnsendableAttachment(sentence)


def pieces(attachment: OwnAttachment) -> Iterator[bytes]:
    """The content in pieces of PIECE bytes, the last one shorter.

    Raises UnsendableAttachment when it cannot be read, or is not as long as it says: half a file reaches nobody.
    """
    size = 0
    try:
        with attachment.open() as file:
            while piece := _read(file):
                size += len(piece)
                if size > attachment.size:
                    break
                yield piece
    except OSError as error:
        sentence = gettext_noop("The file “%(name)s” of this recipient cannot be read: %(reply)s")
        raise UnsendableAttachment(sentence, True, name=attachment.name, reply=str(error)) from error
    if size != attachment.size:
        sentence = gettext_noop("The file “%(name)s” of this recipient has changed since the message was written.")
        raise UnsendableAttachment(sentence, name=attachment.name)


def _read(file: BinaryIO) -> bytes:
    """The next PIECE bytes; fewer at the end alone, also of a stream that gives them bit by bit."""
    found = file.read(PIECE)
    while 0 < len(found) < PIECE and (more := file.read(PIECE - len(found))):
        found += more
    return found
