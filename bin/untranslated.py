"""Finds text in the templates that nobody can translate; exit status 1 when there is any.

Looks at what a browser would show as text, and at the attributes that people read or hear. What stands inside
{% translate %} and {% blocktranslate %}, what comes from variables, and signs without letters are fine. Of an
{% include %} the texts that are handed over (`title="..."` where `title=_("...")` is meant) count as well.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The same in every language.
NAMES = {"bedel", "csv", "excel", "xlsx", "zip", "pdf", "html", "smtp", "sds", "starttls", "tls", "id", "ko", "url"}
READ_ATTRIBUTES = {"alt", "aria-label", "aria-description", "placeholder", "title", "label", "content"}
NOT_TEXT = {"script", "style", "code", "pre", "svg", "kbd"}

_TAG = re.compile(r"({%.*?%}|{{.*?}}|{#.*?#})", re.DOTALL)
# A block called `..._class` fills a class attribute.
_OPENS = re.compile(r"{%\s*(?:(blocktranslate|blocktrans|comment|verbatim)\b|block\s+\w*_class\b)")
_HANDED_OVER = re.compile(r"""\b(?:title|text|label|placeholder|hint|heading|legend)=(["'])(.*?)\1""", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}")


class _Finder(HTMLParser):
    """Collects (line, text) of what a person would read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in NOT_TEXT:
            self._inside.append(tag)
        named = dict(attributes)
        for name, value in attributes:
            if name in READ_ATTRIBUTES and not (tag == "meta" and named.get("name") != "description"):
                self._note(value or "")
        if tag in ("input", "button") and named.get("type") in ("submit", "button", "reset"):
            self._note(named.get("value") or "")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, text: str) -> None:
        if not self._inside:
            self._note(text)

    def _note(self, text: str) -> None:
        if has_words(text):
            self.found.append((self.getpos()[0], " ".join(text.split())))


def untranslated(source: str) -> list[tuple[int, str]]:
    """The (line, text) pairs of a template that no translator will ever see."""
    finder = _Finder()
    finder.feed(without_template_language(source))
    finder.close()
    return sorted(finder.found + _handed_over(source))


def has_words(text: str) -> bool:
    """Whether `text` has something to translate: a word that is not the same in every language."""
    return any(word.lower() not in NAMES for word in _WORD.findall(text))


def _handed_over(source: str) -> list[tuple[int, str]]:
    """Texts given to an {% include %} as they stand."""
    return [
        (source.count("\n", 0, tag.start()) + 1, literal[2])
        for tag in re.finditer(r"{%\s*include\b.*?%}", source, re.DOTALL)
        for literal in _HANDED_OVER.finditer(tag[0])
        if has_words(literal[2])
    ]


def without_template_language(source: str) -> str:
    """The bare HTML: tags, variables and translated blocks are gone, the lines keep their numbers."""
    kept, until = [], ""
    for piece in _TAG.split(source):
        is_tag = piece.startswith(("{%", "{{", "{#"))
        if not until and not is_tag:
            kept.append(piece)
            continue
        # A letterless sign in its place, so that `<a href={{ x }}>` stays well formed.
        kept.append("\n" * piece.count("\n") + ("0" if piece.startswith("{{") and not until else ""))
        opens = _OPENS.match(piece)
        if until and re.match(rf"{{%\s*{until}\b", piece):
            until = ""
        elif opens and not until:
            until = f"end{opens[1] or 'block'}"
    return "".join(kept)


def main() -> int:
    places = [*sorted(ROOT.glob("templates/**/*.html")), *sorted(ROOT.glob("apps/*/templates/**/*.html"))]
    problems = [
        f"{path.relative_to(ROOT)}:{line}: {text[:100]}"
        for path in places
        for line, text in untranslated(path.read_text(encoding="utf-8"))
    ]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
