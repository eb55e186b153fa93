"""Merge tags: `{{ first_name }}` and `{{ first_name | default: "family" }}`, a strict subset of Liquid.

A template is compiled once into segments (literal text and slots) and rendered once per recipient. A value is escaped
for the place where it lands, so that a name can neither break the markup nor add a header.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from django.utils.translation import gettext as _

from apps.core.normalizing import without_accents

Kind = Literal["html", "text", "header", "url"]

_LETTERS_WITHOUT_DECOMPOSITION = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"}
)
_MAX_NAME = 60
_EXCERPT = 40

_NAME = r"(?P<name>[^\W\d_]\w*)"
_QUOTED = (
    r'"(?P<straight>[^"]*)"'
    r"|'(?P<single>[^']*)'"
    r'|["“”„«»](?P<curly>[^"“”„«»]*)["“”„«»]'
    r"|['‘’‚](?P<curly_single>[^'‘’‚]*)['‘’‚]"
)
_EXPRESSION = re.compile(rf"\s*{_NAME}\s*(?:\|\s*default\s*:\s*(?:{_QUOTED})\s*)?", re.IGNORECASE)
_TAG = re.compile(r"\{\{([^{}]*)\}\}")
_MARKUP = re.compile(r"<[a-zA-Z/!]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LINK_ATTRIBUTE_BEFORE = re.compile(r"\b(?:href|src|action)\s*=\s*[\"']?\s*\Z", re.IGNORECASE)
_SAFE_LINK = re.compile(r"(?:https?:|mailto:|tel:|[^:]*\Z|[^:]*[/?#])", re.IGNORECASE)


class MergeSyntaxError(ValueError):
    """A template that cannot be understood: `message` is a sentence for the office, `position` an index into it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class TrustedHtml(str):
    """Markup made by Bedel itself (the buttons of a question): it goes into HTML as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one value: its name, what stands there when the value is empty, and how it is escaped."""

    name: str
    default: str
    escape: Callable[[str], str]

    def fill(self, values: Mapping[str, str]) -> str:
        return self.escape(values.get(self.name) or self.default)


class MergeTemplate:
    """A compiled template. `tags` are the names it uses, `segments` its literal text and slots in order."""

    __slots__ = ("_literals", "_slots", "segments", "tags")

    def __init__(self, segments: tuple[str | Slot, ...]) -> None:
        self.segments = segments
        self._slots = tuple((index, part) for index, part in enumerate(segments) if isinstance(part, Slot))
        self._literals = [part if isinstance(part, str) else "" for part in segments]
        self.tags = frozenset(slot.name for _index, slot in self._slots)

    def render(self, values: Mapping[str, str]) -> str:
        """The text for one recipient; a name that is missing or empty gives its default."""
        parts = self._literals.copy()
        for index, slot in self._slots:
            parts[index] = slot.fill(values)
        return "".join(parts)


def compile_template(source: str, kind: Kind) -> MergeTemplate:
    """Compile `source`; its values will be escaped for `kind`.

    Raises MergeSyntaxError when a tag is not closed, has formatting inside, or is no name with an optional default.
    """
    literal_for = _one_line if kind == "header" else str
    segments: list[str | Slot] = []
    end = 0
    while (start := source.find("{{", end)) >= 0:
        segments.append(literal_for(source[end:start]))
        close = _closing(source, start)
        segments.append(_slot(source[start + 2 : close], start, kind, before=segments[-1]))
        end = close + 2
    segments.append(literal_for(source[end:]))
    return MergeTemplate(tuple(part for part in segments if part != ""))


def as_title(source: str) -> str:
    """A subject for people to read in lists: a tag becomes its default, or its name in brackets."""
    return _TAG.sub(_in_brackets, source)


def _in_brackets(tag: re.Match[str]) -> str:
    found = _EXPRESSION.fullmatch(tag[1])
    if not found:
        return tag[0]
    default = next(filter(None, found.group("straight", "single", "curly", "curly_single")), "")
    return default or f"[{found['name']}]"


def tag_name(heading: str, place: int) -> str:
    """The name under which the column at `place`, called `heading`, is used in a tag: "Importe €" gives "importe".

    A heading without any Latin letter or digit gives "column_" and the place.
    """
    name = _folded(heading)
    if name[:1].isdigit():
        name = f"column_{name}"
    return name[:_MAX_NAME].strip("_") or f"column_{place}"


def _folded(text: str) -> str:
    ascii_text = without_accents(text).translate(_LETTERS_WITHOUT_DECOMPOSITION)
    return re.sub(r"[^a-z0-9]+", "_", ascii_text).strip("_")


def _closing(source: str, start: int) -> int:
    close = source.find("}}", start + 2)
    another = source.find("{{", start + 2)
    if close < 0 or 0 <= another < close:
        excerpt = source[start : start + _EXCERPT].split("\n")[0].split("<")[0]
        raise MergeSyntaxError(_("After “%(excerpt)s” the closing }} is missing.") % {"excerpt": excerpt}, start)
    return close


def _slot(inside: str, position: int, kind: Kind, before: str | Slot) -> Slot:
    if kind == "html":
        if _MARKUP.search(inside):
            raise MergeSyntaxError(
                _("There is formatting inside “{{ %(tag)s }}”. Delete this tag and put it in again.")
                % {"tag": " ".join(re.sub(r"<[^>]*>?", " ", html.unescape(inside)).split())[:_EXCERPT]},
                position,
            )
        inside = html.unescape(inside)
    found = _EXPRESSION.fullmatch(inside)
    name = _folded(found["name"]) if found else ""
    if not found or not name or name[0].isdigit():
        raise _not_understood(inside, position)
    default = next(
        (text for text in found.group("straight", "single", "curly", "curly_single") if text is not None), ""
    )
    return Slot(name, default, _escape_for(kind, before))


def _not_understood(inside: str, position: int) -> MergeSyntaxError:
    inside = " ".join(inside.split())
    if not inside:
        return MergeSyntaxError(
            _("The tag {{ }} is empty. Write a name between the braces, such as first_name."), position
        )
    sentence = _('“{{ %(tag)s }}” is not a tag. Write {{ first_name }} or {{ first_name | default: "family" }}.')
    return MergeSyntaxError(sentence % {"tag": inside[:_EXCERPT]}, position)


def _escape_for(kind: Kind, before: str | Slot) -> Callable[[str], str]:
    if kind == "html" and isinstance(before, str) and _LINK_ATTRIBUTE_BEFORE.search(before):
        return _escape_link
    return _ESCAPES[kind]


def _escape_html(value: str) -> str:
    return value if isinstance(value, TrustedHtml) else html.escape(str(value))


def _escape_link(value: str) -> str:
    """A value that is a whole link: one that would run a script is left out."""
    value = _CONTROLS.sub("", str(value)).strip()
    return html.escape(value) if _SAFE_LINK.match(value) else ""


def _escape_url(value: str) -> str:
    return quote(str(value), safe="", errors="replace")


def _one_line(value: str) -> str:
    return _CONTROLS.sub(" ", str(value))


_ESCAPES: dict[Kind, Callable[[str], str]] = {
    "html": _escape_html,
    "text": str,
    "header": _one_line,
    "url": _escape_url,
}
