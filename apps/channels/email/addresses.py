"""Email addresses as they go over the wire: one line, ASCII wherever possible, quoted where needed."""

import re
import unicodedata
from functools import lru_cache

from apps.channels.outcomes import gettext_noop

# RFC 5322, with the letters of RFC 6532; controls and the like are refused by isprintable()
_ATOM = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+)*"
)
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*")
_LITERAL = re.compile(r"\[[0-9A-Za-z.:-]{3,60}\]")
_LONGEST = 254  # RFC 5321 allows 64 before the @; some servers give out longer ones
_KEPT_BY_IDNA_2008 = set("ßς\u200c\u200d")  # the standard library's codec would turn these into other letters


class UnsendableAddress(ValueError):
    """An address no server can be given: `message` and `values` make a sentence, as in AccountProblem."""

    def __init__(self, message: str, **values: str) -> None:
        super().__init__(message % values)
        self.message = message
        self.values = values


def ascii_address(address: str) -> str:
    """`address` as it stands in an envelope or a header: the domain in IDNA form, the local part quoted if need be.

    Raises UnsendableAddress when it has no @, a control character, an impossible domain, or letters outside ASCII
    before the @ (those need SMTPUTF8 on every server on the way, which cannot be counted on).
    """
    if needs_smtputf8(address):
        sentence = gettext_noop("“%(address)s” has letters before the @ that mail servers do not accept.")
        raise UnsendableAddress(sentence, address=_shown(_normalized(address)))
    return wire_address(address)


def needs_smtputf8(address: str) -> bool:
    """Whether `address` has letters outside ASCII before the @, so that only a server with SMTPUTF8 (RFC 6531) can
    take it."""
    return not address.isascii() and not _normalized(address).rpartition("@")[0].isascii()


@lru_cache(maxsize=64)  # asked for twice in a row: for the header, and for RCPT
def wire_address(address: str) -> str:
    """As ascii_address(), but letters outside ASCII before the @ are kept, for a server that takes SMTPUTF8."""
    address = _normalized(address)
    local, _at, domain = address.rpartition("@")
    try:
        return f"{_local_part(local)}@{ascii_domain(domain)}"
    except ValueError:
        sentence = gettext_noop("“%(address)s” is not an email address.")
        raise UnsendableAddress(sentence, address=_shown(address)) from None


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """The IDNA form of `domain`; raises ValueError when there is none."""
    if _LITERAL.fullmatch(domain):
        return domain
    if not domain.isascii():
        domain = ".".join(_ascii_label(label) for label in re.split("[.\u3002\uff0e\uff61]", domain))
    if not _HOST.fullmatch(domain):
        raise ValueError(f"{domain!r} is no domain")
    return domain


def _normalized(address: str) -> str:
    return unicodedata.normalize("NFC", address.strip())


def _shown(address: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in address)[:254]


def _ascii_label(label: str) -> str:
    if _KEPT_BY_IDNA_2008.intersection(label):
        return "xn--" + unicodedata.normalize("NFKC", label).lower().encode("punycode").decode("ascii")
    return label.encode("idna").decode("ascii")


def _local_part(local: str) -> str:
    if not local.isprintable() or len(local) > _LONGEST:
        raise ValueError(f"{local!r} is no local part")
    if _ATOM.fullmatch(local):
        return local
    if len(local) > 2 and local[0] == local[-1] == '"':
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    if not local:
        raise ValueError(f"{local!r} is no local part")
    return '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
