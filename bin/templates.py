"""Holds the templates to what their formatter does not: exit status 1 when something is amiss.

A line has at most 120 columns, and opens at most one element that stands for itself; words and what is within their
line (`<b>`, `<a>`, `<span>`, ...) may stay together.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 120

WITHIN_A_LINE = {"a", "abbr", "b", "br", "code", "em", "i", "kbd", "link", "q", "s", "samp", "small", "span", "strong"}
WITHIN_A_LINE |= {"sub", "sup", "time", "var", "wbr", "path", "circle", "rect", "g", "svg", "input", "option"}

_TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}|<!--.*?-->", re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"')
_OPENED = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)")


def problems_of(source: str) -> Iterator[tuple[int, str]]:
    """The (line, what is amiss) pairs of a template."""
    for number, line in enumerate(source.splitlines(), start=1):
        if len(line) > WIDTH:
            yield number, f"{len(line)} columns"
    bare = _QUOTED.sub(_lines_of, _TAG.sub(_lines_of, source))
    for number, line in enumerate(bare.splitlines(), start=1):
        opened = [name for name in _OPENED.findall(line) if name.lower() not in WITHIN_A_LINE]
        if len(opened) > 1:
            yield number, f"opens {' and '.join(f'<{name}>' for name in opened)}"


def _lines_of(match: re.Match) -> str:
    return "\n" * match[0].count("\n")


def main() -> int:
    places = [*sorted(ROOT.glob("templates/**/*.html")), *sorted(ROOT.glob("templates/**/*.txt"))]
    problems = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in places
        for line, what in problems_of(path.read_text(encoding="utf-8"))
    ]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
