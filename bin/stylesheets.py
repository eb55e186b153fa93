"""Holds the stylesheets to the house style, and to the pages that use them; exit status 1 when something is amiss.

A line has at most 120 columns and one declaration. A class that a stylesheet names stands on some page, and a class
that stands on a page is named by a stylesheet: what nothing uses only seems to matter to whoever reads it.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 120

# Set by libraries while a page is open.
FOREIGN = re.compile(r"(?:htmx|tox|mce)\b")
# On pages without a look of their own: scripts and tests find things by them, or they say what a thing is.
HOOKS: set[str] = set()

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_QUOTED = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'')
_TEMPLATE_TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
# class="...", {"class": "..."}, attrs["class"] = "...", setdefault("class", "..."), classes = "...", class: "...".
_GIVEN = re.compile(r"""\bclass(?:es|_|Name)?["']?\]?\s*[=:,]\s*f?(["'])((?:{%.*?%}|{{.*?}}|(?!\1).)*)\1""", re.DOTALL)
# f"tally--{height}", which becomes a part of a class attribute elsewhere.
_BEGUN = re.compile(r"""["']([a-z][\w-]*--){""")
_CLASS_BLOCK = re.compile(r"{%\s*block\s+\w*_class\s*%}(.*?){%\s*endblock", re.DOTALL)
_IN_SCRIPT = re.compile(r"""(?:classList\.\w+|closest|querySelector(?:All)?|matches)\(([^)]*)\)""")
_LITERAL = re.compile(r"""(["'])([\w-]+)\1""")


def misplaced(source: str) -> Iterator[tuple[int, str]]:
    """The (line, what is amiss) pairs of a stylesheet that is not laid out as the others are."""
    for number, line in enumerate(_blanked(source).splitlines(), start=1):
        if line.count(";") > 1 or re.search(r"{\s*\S|\S\s*}", line):
            yield number, "more than one declaration or brace"
    for number, line in enumerate(source.splitlines(), start=1):
        if len(line) > WIDTH:
            yield number, f"{len(line)} columns"


def classes_of(source: str) -> dict[str, int]:
    """Class -> the line on which a stylesheet first names it."""
    found: dict[str, int] = {}
    text = _blanked(source)
    for prelude in re.finditer(r"[^{};]+(?={)", text):
        if not prelude[0].lstrip().startswith("@"):
            for name in _CLASS.finditer(prelude[0]):
                found.setdefault(name[1], text.count("\n", 0, prelude.start() + name.start()) + 1)
    return found


def classes_on(source: str) -> tuple[set[str], set[str]]:
    """The classes that a template, a Python file or a script gives, and the beginnings of those it puts together."""
    values = [match[2] for match in _GIVEN.finditer(source)] + _CLASS_BLOCK.findall(source)
    values += [" ".join(re.findall(r"[\w-]+", call)) for call in _IN_SCRIPT.findall(source)]
    whole, begun = set(), set(_BEGUN.findall(source))
    for value in values:
        for word in _words(value):
            name, variable, _end = word.partition("\0")
            (begun if variable else whole).add(name)
    return whole, begun - {""}


def _words(value: str) -> list[str]:
    """The words of a class attribute; what is filled in becomes a NUL, and what decides (`{% if %}`) a space."""
    value = re.sub(r"{{.*?}}|{[^%{}]*}", "\0", value, flags=re.DOTALL)
    return _TEMPLATE_TAG.sub(" ", value).split()


def _blanked(source: str) -> str:
    """Without what comments and strings say; the lines keep their numbers."""
    source = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), source)
    return _QUOTED.sub('""', source)


class House:
    """All stylesheets of a checkout, and all files that give classes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sheets = {path: path.read_text(encoding="utf-8") for path in sorted(root.glob("static/css/*.css"))}
        places = ["templates/**/*.html", "static/js/*.js", "apps/**/*.py"]
        self.pages = {path: path.read_text(encoding="utf-8") for place in places for path in sorted(root.glob(place))}

    def problems(self) -> list[str]:
        return [*self._misplaced(), *self._unused(), *self._unknown()]

    def _misplaced(self) -> Iterator[str]:
        for path, source in self.sheets.items():
            for line, what in misplaced(source):
                yield f"{path.relative_to(self.root)}:{line}: {what}"

    def _unused(self) -> Iterator[str]:
        """Classes of the stylesheets that no page has; a put-together one needs its end as a word of its own."""
        given = [classes_on(source) for source in self.pages.values()]
        whole = set().union(*(names for names, _begun in given))
        begun = set().union(*(names for _names, names in given))
        ends = {literal[2] for source in self.pages.values() for literal in _LITERAL.finditer(source)}
        for path, source in self.sheets.items():
            for name, line in classes_of(source).items():
                built = any(name.startswith(start) and name.removeprefix(start) in ends for start in begun)
                if name not in whole and not built and not FOREIGN.match(name):
                    yield f"{path.relative_to(self.root)}:{line}: .{name} stands on no page"

    def _unknown(self) -> Iterator[str]:
        known = HOOKS.union(*(classes_of(source) for source in self.sheets.values()))
        for path, source in self.pages.items():
            if path.suffix == ".html":
                for name in sorted(classes_on(source)[0] - known):
                    yield f"{path.relative_to(self.root)}: no stylesheet knows the class {name}"


def main() -> int:
    problems = House(ROOT).problems()
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
