"""Quoted-printable (RFC 2045, 6.7) in pieces: literal text is encoded once, each value stands on lines of its own.

A piece begins at the start of a line, so it can be put anywhere between soft line breaks. No encoded line is longer
than 76 characters, ends in a blank or starts with a dot; the last makes dot-stuffing (RFC 5321, 4.5.2) needless.
"""

import binascii
import re
from functools import lru_cache

SOFT_BREAK = "=\r\n"
_SHORT = 100  # characters
_WHOLE_LINE = 75  # and the "=" of a soft break
_PIECE = re.compile(r".{1,71}(?<!=)(?<!=.)")  # 71, for a dot and a blank at its ends take two more each

# Whether a value may stand as it is: short, ASCII without "=" and control characters, no dot first, no blank last.
is_plain = re.compile(r"(?!\.)[ -<>-~]{0,74}[!-<>-~]|").fullmatch


def encode(text: str) -> str:
    """`text` encoded. Line breaks of any kind become CRLF, NUL is left out, a lone surrogate becomes a question mark.

    Each piece has its own line breaks: CR at the end of one and LF at the start of the next are two.
    """
    return _encode_short(text) if len(text) <= _SHORT else _encode(text)


def _encode(text: str) -> str:
    escaped = binascii.b2a_qp(one_kind_of_break(text).encode("utf-8", "replace")).replace(b"=\n", b"").decode("ascii")
    return "\r\n".join(_wrapped(line) for line in escaped.split("\n"))


_encode_short = lru_cache(maxsize=4096)(_encode)  # names come again and again


def one_kind_of_break(text: str) -> str:
    """`text` with "\\n" as its only line break, and without NUL."""
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _wrapped(line: str) -> str:
    if len(line) <= _WHOLE_LINE and line[:1] != ".":
        return line
    return SOFT_BREAK.join([_with_safe_ends(piece) for piece in _PIECE.findall(line)])


def _with_safe_ends(piece: str) -> str:
    if piece[0] == ".":
        piece = "=2E" + piece[1:]
    if piece[-1] in " \t":
        piece = f"{piece[:-1]}={ord(piece[-1]):02X}"
    return piece
