"""Header values: RFC 2047 words, RFC 2231 parameters, folded lines. Whatever comes in, no line break can be added."""

import base64
import re
import textwrap
from functools import lru_cache
from urllib.parse import quote

from apps.channels.email.addresses import ascii_address

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LINE = 66  # with "Subject: " before it a line stays under 76
_WORD = 64  # RFC 2047 allows 75; this leaves room for the header's name
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q_BYTES = [chr(byte) if byte in _Q_SAFE else "_" if byte == 0x20 else f"={byte:02X}" for byte in range(256)]
_PARAMETER_PLAIN = re.compile(r"[A-Za-z0-9 !#$&'()+,.;=@\[\]^_`{}~-]{1,60}")
_PARAMETER_CHUNK = 54


def cleaned(value: str) -> str:
    """`value` on one line: control characters and line breaks become a space, lone surrogates a question mark."""
    value = _CONTROLS.sub(" ", value).strip(" ")
    return value.encode("utf-8", "replace").decode("utf-8")


def without_direction_marks(name: str) -> str:
    """A file name without the marks that would show `fdp.exe` as `exe.pdf`."""
    return _BIDI.sub("", name)


@lru_cache(maxsize=1024)
def unstructured(value: str) -> str:
    """The encoded value of a free-text header such as Subject."""
    value = cleaned(value)
    if value.isascii() and "=?" not in value:
        lines = textwrap.wrap(value, _LINE, break_long_words=False, break_on_hyphens=False)
        if " ".join(lines) == value and all(len(line) <= _LINE for line in lines):
            return "\r\n ".join(lines)
    return encoded_words(value)


def mailbox(name: str, address: str) -> str:
    """`name <address>` as it stands in From, To or Reply-To. Raises UnsendableAddress."""
    address = ascii_address(address)
    phrase = _phrase(name)
    if not phrase:
        return address
    separator = " " if len(phrase) + len(address) <= _LINE else "\r\n "
    return f"{phrase}{separator}<{address}>"


def encoded_words(value: str) -> str:
    """`value` as RFC 2047 words, each on its own line: readable Q for Latin letters, B where that is shorter."""
    size = len(value.encode())
    others = size - len(value.encode("ascii", "ignore"))
    encode = _b_chunk if others * 3 > size else _q_chunk
    whole = encode(value)
    if len(whole) <= _WORD:
        return whole
    return "\r\n ".join(encode(chunk) for chunk in _chunks(value, _WORD - len(encode("")), encode is _b_chunk))


def parameter(name: str, value: str) -> str:
    """`; name="value"`, or its RFC 2231 form in as many pieces as it needs, folded."""
    value = cleaned(value)
    if _PARAMETER_PLAIN.fullmatch(value) and value == " ".join(value.split()):
        return f';\r\n {name}="{value}"'
    encoded = quote(value, safe="")
    pieces = re.findall(rf"(?:%..|[^%]){{1,{_PARAMETER_CHUNK // 3}}}", encoded)
    if len(pieces) == 1:
        return f";\r\n {name}*=UTF-8''{encoded}"
    pieces[0] = "UTF-8''" + pieces[0]
    return "".join(f";\r\n {name}*{number}*={piece}" for number, piece in enumerate(pieces))


def link(url: str) -> str:
    """`<url>` for List-Unsubscribe: ASCII only, no space, no angle bracket inside."""
    return "<" + quote(cleaned(url), safe="%:/?#[]@!$&'()*+,;=~-._") + ">"


@lru_cache(maxsize=1024)
def _phrase(name: str) -> str:
    name = cleaned(name)
    if not name.isascii() or "=?" in name or len(name) > _LINE or "  " in name:
        return encoded_words(name)
    if _PLAIN_PHRASE.fullmatch(name):
        return name
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"' if name else ""


def _q_chunk(text: str) -> str:
    return "=?utf-8?q?" + "".join(_Q_BYTES[byte] for byte in text.encode()) + "?="


def _b_chunk(text: str) -> str:
    return "=?utf-8?b?" + base64.b64encode(text.encode()).decode("ascii") + "?="


def _chunks(value: str, limit: int, in_base64: bool) -> list[str]:
    """Cut `value` between characters so that each piece fits into `limit` encoded characters."""
    if in_base64:
        limit = limit // 4 * 3
    chunks, start, used = [], 0, 0
    for index, character in enumerate(value):
        data = character.encode()
        size = len(data) if in_base64 else sum(len(_Q_BYTES[byte]) for byte in data)
        if used + size > limit:
            chunks.append(value[start:index])
            start, used = index, 0
        used += size
    return [*chunks, value[start:]]
