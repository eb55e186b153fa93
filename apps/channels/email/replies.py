"""Reads what a mail server says: replies of one or many lines (RFC 5321, 4.2), however the network cuts them up."""

from apps.channels.outcomes import shortened

_MAX_LINE = 8_192  # bytes; RFC 5321 allows 512, real servers write more
_MAX_LINES = 2_000
_KEPT = 8_000  # bytes of text: more is never shown

_OF_ONE_LINE = {b"%d " % code: code for code in range(200, 600)}

Reply = tuple[int, bytes]


class GarbledReply(Exception):
    """What came is no reply; its beginning is the text."""


class ReplyReader:
    """Takes bytes as they arrive, gives whole replies. After nonsense there is a `problem`, and no more replies."""

    __slots__ = ("_code", "_lines", "_number", "_rest", "problem")

    def __init__(self) -> None:
        self._rest = b""
        self._code = 0
        self._lines: list[bytes] = []
        self._number = 0
        self.problem: GarbledReply | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of what came: no byte beyond the replies that were given out."""
        return not self._rest and not self._number and self.problem is None

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that are complete with `data`, as (code, text); LF parts the lines."""
        replies: list[Reply] = []
        if self.problem is None:
            try:
                self._read(data, replies)
            except GarbledReply as problem:
                self.problem = problem
        return replies

    def _read(self, data: bytes, replies: list[Reply]) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            alone = _OF_ONE_LINE.get(line[:4])
            if alone is not None and not self._number and len(line) <= _MAX_LINE:  # nearly all replies
                replies.append((alone, line[4:].rstrip(b"\r")))
                continue
            code = _code(line)
            text = line[4:].rstrip(b"\r")
            if line[3:4] == b"-":
                self._keep(code, text)
            elif self._number:
                self._keep(code, text)
                replies.append((code, b"\n".join(self._lines)))
                self._code, self._lines, self._number = 0, [], 0
            else:
                replies.append((code, text))
        if len(self._rest) > _MAX_LINE:
            raise GarbledReply(reply_text(0, self._rest[:_MAX_LINE]))

    def _keep(self, code: int, text: bytes) -> None:
        if self._number and code != self._code:
            raise GarbledReply(f"{self._code} and {code} in one reply")
        self._code = code
        self._number += 1
        if self._number > _MAX_LINES:
            raise GarbledReply(f"a reply of more than {_MAX_LINES} lines")
        if self._number <= 1 or sum(map(len, self._lines)) < _KEPT:
            self._lines.append(text)


def reply_text(code: int, message: bytes | str) -> str:
    """A reply as one line: `550 5.1.1 No such user`."""
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    return shortened(f"{code} {text}" if code > 0 else text)


def _code(line: bytes) -> int:
    digits = line[:3]
    if len(digits) == 3 and digits.isdigit() and line[3:4] in (b" ", b"-", b"", b"\r") and len(line) <= _MAX_LINE:
        return int(digits)
    raise GarbledReply(reply_text(0, line[:200]))
