"""Writes a template in the placeholders of a mail service, so that one request carries a mailing to many people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Slot(Protocol):
    """The place of one value; `fill` gives it escaped for where it stands."""

    def fill(self, values: Mapping[str, str]) -> str: ...


class Template(Protocol):
    """Literal text and slots in order, as apps.core.merge_tags compiles them: adapters import nothing of Django."""

    @property
    def segments(self) -> Sequence[str | Slot]: ...

    def render(self, values: Mapping[str, str]) -> str: ...


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a service marks the place of a value: `placeholder` with the name at `{}`, the whole text in `around`.

    `reserved` finds the sign that the service would take for the beginning of a mark of its own. A service that looks
    through the values too needs something else in its place: `disarmed`, for HTML and for plain text.
    """

    placeholder: str
    reserved: re.Pattern[str]
    around: tuple[str, str] = ("", "")
    disarmed: tuple[str, str] | None = None

    def mark(self, name: str) -> str:
        return self.placeholder.replace("{}", name)

    def disarm(self, text: str, in_html: bool) -> str:
        """`text` as it may stand in a value."""
        if self.disarmed is None:
            return text
        instead = self.disarmed[0 if in_html else 1]
        return self.reserved.sub(lambda _found: instead, text)


@dataclass(frozen=True, slots=True)
class WholeText:
    """A text without slots, as a template."""

    segments: tuple[str, ...] = ()

    def render(self, values: Mapping[str, str]) -> str:
        return "".join(self.segments)


class Merge:
    """Subject, HTML and text in a service's own syntax, and the values each recipient brings for them.

    Literal text that looks like a placeholder is replaced by one whose value, for everybody, is that text. Lone
    surrogates become question marks, as in the messages Bedel builds itself.
    """

    def __init__(self, subject: Template, html: Template, text: Template, syntax: Syntax) -> None:
        self._syntax = syntax
        self._names: dict[tuple[Slot | str, bool], str] = {}
        self.subject = self._written(subject, in_html=False)
        self.html = self._written(html, in_html=True)
        self.text = self._written(text, in_html=False)

    def values(self, values: Mapping[str, str]) -> dict[str, str]:
        """What stands in each placeholder for a recipient with these `values`."""
        return {name: self._value(place, in_html, values) for (place, in_html), name in self._names.items()}

    def _value(self, place: Slot | str, in_html: bool, values: Mapping[str, str]) -> str:
        text = place if isinstance(place, str) else place.fill(values)
        return self._syntax.disarm(sendable(text), in_html)

    def _written(self, template: Template, in_html: bool) -> str:
        parts = [
            self._syntax.reserved.sub(lambda found: self._place(found[0], in_html), sendable(segment))
            if isinstance(segment, str)
            else self._place(segment, in_html)
            for segment in template.segments
        ]
        before, after = self._syntax.around
        return before + "".join(parts) + after

    def _place(self, place: Slot | str, in_html: bool) -> str:
        return self._syntax.mark(self._names.setdefault((place, in_html), f"b{len(self._names)}"))


def sendable(text: str) -> str:
    """`text` as it can be encoded: without NUL, lone surrogates replaced."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
