"""Header values: RFC 2047 words, RFC 2231 parameters, folded lines. Whatever comes in, no line break can be added."""

import base64
import re
import textwrap
from functools import lru_cache
from urllib.parse import quote

from apps.channels.email.addresses import ascii_address, wire_address

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PLAIN_URL = re.compile(r"[A-Za-z0-9%:/?#@!$&'()*+,;=~._-]+").fullmatch
_LINE = 66  # with "Subject: " before it a line stays under 76
# RFC 2047 allows 75 to an encoded word, with whole characters in each; 64 leaves room for the header's name.
_Q_WORD = re.compile(r".{1,52}(?<!=)(?<!=.)(?!=[89AB])")
_B_WORD = re.compile(rb".{1,39}(?![\x80-\xbf])", re.DOTALL)
_Q_UNSAFE = re.compile(r"[^A-Za-z0-9!*+/ -]")
_PARAMETER_PLAIN = re.compile(r"[A-Za-z0-9 !#$&'()+,.;=@\[\]^_`{}~-]{1,60}")
_PARAMETER_CHUNK = 54


def cleaned(value: str) -> str:
    """`value` on one line: control characters and line breaks become a space, lone surrogates a question mark."""
    value = _CONTROLS.sub(" ", value).strip(" ")
    return value.encode("utf-8", "replace").decode("utf-8")


def without_direction_marks(name: str) -> str:
    """A file name without the marks that would show `fdp.exe` as `exe.pdf`."""
    return _BIDI.sub("", name)


@lru_cache(maxsize=4096)
def unstructured(value: str) -> str:
    """The encoded value of a free-text header such as Subject."""
    value = cleaned(value)
    if value.isascii() and "=?" not in value:
        if len(value) <= _LINE:
            return value
        lines = textwrap.wrap(value, _LINE, break_long_words=False, break_on_hyphens=False)
        if " ".join(lines) == value and all(len(line) <= _LINE for line in lines):
            return "\r\n ".join(lines)
    return encoded_words(value)


def mailbox(name: str, address: str) -> str:
    """`name <address>` as it stands in From, To or Reply-To. Raises UnsendableAddress."""
    return _mailbox(name, ascii_address(address))


def recipient_mailbox(name: str, address: str) -> str:
    """As mailbox(), but an address that needs SMTPUTF8 keeps its letters (RFC 6532)."""
    return _mailbox(name, wire_address(address))


def _mailbox(name: str, address: str) -> str:
    is_plain = len(name) <= _LINE and _PLAIN_PHRASE.fullmatch(name) and "=?" not in name
    phrase = name if is_plain else _phrase(name)
    if not phrase:
        return address
    separator = " " if len(phrase) + len(address) <= _LINE else "\r\n "
    return f"{phrase}{separator}<{address}>"


def encoded_words(value: str) -> str:
    """`value` as RFC 2047 words, each on its own line: readable Q for Latin letters, B where that is shorter."""
    data = value.encode()
    others = len(data) - len(value.encode("ascii", "ignore"))
    if others * 3 > len(data):
        words = [f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in _B_WORD.findall(data)]
    else:
        escaped = _Q_UNSAFE.sub(_q_escaped, value).replace(" ", "_")
        words = [f"=?utf-8?q?{word}?=" for word in _Q_WORD.findall(escaped)]
    return "\r\n ".join(words)


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
    if _PLAIN_URL(url):
        return f"<{url}>"
    return "<" + quote(cleaned(url), safe="%:/?#[]@!$&'()*+,;=~-._") + ">"


@lru_cache(maxsize=1024)
def _phrase(name: str) -> str:
    name = cleaned(name)
    if not name.isascii() or "=?" in name or len(name) > _LINE or "  " in name:
        return encoded_words(name)
    if _PLAIN_PHRASE.fullmatch(name):
        return name
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"' if name else ""


def _q_escaped(match: re.Match[str]) -> str:
    return _Q_ESCAPES[match[0]]


class _Escapes(dict[str, str]):
    """The Q form of each character that has been asked for."""

    def __missing__(self, character: str) -> str:
        escaped = self[character] = "".join(f"={byte:02X}" for byte in character.encode())
        return escaped


_Q_ESCAPES = _Escapes()
