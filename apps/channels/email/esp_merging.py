"""Writes a template in the placeholders of a mail service, so that one request carries a mailing to many people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Slot(Protocol):
    """The place of one value; `fill` gives it escaped for where it stands."""

    def fill(self, values: Mapping[str, str]) -> str: ...


class Template(Protocol):
    """Literal text and slots in order, as apps.core.merge compiles them. (Adapters do not import what needs Django.)"""

    @property
    def segments(self) -> Sequence[str | Slot]: ...

    def render(self, values: Mapping[str, str]) -> str: ...


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a service marks the place of a value: `placeholder` with the name at `{}`.

    `reserved` finds in literal text what the service would take for a mark of its own.
    """

    placeholder: str
    reserved: re.Pattern[str]

    def mark(self, name: str) -> str:
        return self.placeholder.replace("{}", name)


@dataclass(frozen=True, slots=True)
class WholeText:
    """A text without slots, as a template."""

    segments: tuple[str]

    def render(self, values: Mapping[str, str]) -> str:
        return self.segments[0]


class Merge:
    """Templates in a service's own syntax, and the values each recipient brings for them.

    Literal text that looks like a placeholder is replaced by one whose value, for everybody, is that text. Lone
    surrogates become question marks, as in the messages Bedel builds itself.
    """

    def __init__(self, templates: Sequence[Template], syntax: Syntax) -> None:
        self._syntax = syntax
        self._names: dict[Slot | str, str] = {}
        self.texts = [self._written(template) for template in templates]

    def values(self, values: Mapping[str, str]) -> dict[str, str]:
        """What stands in each placeholder for a recipient with these `values`."""
        return {
            name: sendable(place if isinstance(place, str) else place.fill(values))
            for place, name in self._names.items()
        }

    def _written(self, template: Template) -> str:
        return "".join(
            self._syntax.reserved.sub(lambda found: self._place(found[0]), sendable(segment))
            if isinstance(segment, str)
            else self._place(segment)
            for segment in template.segments
        )

    def _place(self, place: Slot | str) -> str:
        return self._syntax.mark(self._names.setdefault(place, f"b{len(self._names)}"))


def sendable(text: str) -> str:
    """`text` as it can be encoded: without NUL, lone surrogates replaced."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
