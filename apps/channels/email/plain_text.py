"""The readable text of an HTML message, for the text part of a message and for those who read without HTML."""

import re
from html.parser import HTMLParser

_SKIPPED = {"script", "style", "head", "title", "template"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_PARAGRAPHS = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "dl",
    "table",
    "blockquote",
    "pre",
    "figure",
    "address",
}
_LINES = {"div", "tr", "dt", "dd", "caption", "figcaption", "center", "section", "article", "header", "footer", "main"}
_CELLS = {"td", "th"}
_BLOCKS = _PARAGRAPHS | _LINES | _CELLS | {"li"}
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
_RULE = "-" * 40
_MAX_START = 8  # digits


def to_text(html: str) -> str:
    """`html` as plain text: links as `text (URL)`, lists with dashes, tables row by row, merge tags kept."""
    writer = _TextWriter()
    writer.feed(html)
    writer.close()
    return writer.result()


class _Element:
    """An open element and the text inside it so far."""

    __slots__ = ("attributes", "cells", "number", "parts", "tag")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parts: list[str] = []
        self.cells: list[str] = []
        self.number = 0

    @property
    def text(self) -> str:
        return "".join(self.parts)


class _TextWriter(HTMLParser):
    """Keeps the open elements on a stack; an element that closes hands its text to the one around it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._stack = [_Element("", {})]
        self._skipping = 0
        self._preformatted = 0

    def result(self) -> str:
        while len(self._stack) > 1:
            self._close()
        lines = [line.rstrip() for line in self._stack[0].text.split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "br":
            self._add("\n")
        elif tag == "hr":
            self._add(f"\n\n{_RULE}\n\n")
        elif tag == "img":
            alt = _squeezed(attributes.get("alt", "")).strip()
            self._add(f"[{alt}]" if alt else "")
        if tag not in _VOID:
            self._stack.append(_Element(tag, attributes))
            self._skipping += tag in _SKIPPED
            self._preformatted += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or all(element.tag != tag for element in self._stack):
            return
        while self._stack[-1].tag != tag:
            self._close()
        self._close()

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        if self._preformatted:
            self._add(data.replace("\r\n", "\n"))
            return
        text = _squeezed(data)
        before = self._last_character()
        if before in ("", "\n", " "):
            text = text.removeprefix(" ")
        self._add(text)

    def _last_character(self) -> str:
        for element in reversed(self._stack):
            if element.parts:
                return element.parts[-1][-1]
            if element.tag in _BLOCKS:
                return ""
        return ""

    def _add(self, text: str) -> None:
        if text and not self._skipping:
            self._stack[-1].parts.append(text)

    def _close(self) -> None:
        element = self._stack.pop()
        if element.tag in _SKIPPED:
            self._skipping -= 1
            return
        self._preformatted -= element.tag == "pre"
        outer = self._stack[-1]
        if element.tag in _CELLS:
            self._close_cell(element)
        elif element.tag == "tr":
            _add_lines(outer, _row(element))
        elif element.tag == "li":
            outer.number += 1
            _add_lines(outer, _list_item(element, outer))
        elif element.tag in _LINES:
            _add_lines(outer, element.text.strip(" "))
        elif element.tag == "a":
            self._add(_link(element))
        else:
            self._add(_block(element))

    def _close_cell(self, cell: _Element) -> None:
        row = next((element for element in reversed(self._stack) if element.tag == "tr"), None)
        if row is None:
            _add_lines(self._stack[-1], cell.text.strip())
        else:
            row.cells.append(cell.text.strip())


def _add_lines(around: _Element, text: str) -> None:
    """Put `text` on lines of its own."""
    if not text:
        return
    if around.parts and not around.parts[-1].endswith("\n"):
        around.parts.append("\n")
    around.parts.append(text if text.endswith("\n") else f"{text}\n")


def _squeezed(text: str) -> str:
    return _SPACES.sub(" ", text)


def _block(element: _Element) -> str:
    if element.tag == "blockquote":
        inside = re.sub(r"\n{3,}", "\n\n", element.text.strip())
        quoted = "\n".join(f"> {line}".rstrip() for line in inside.split("\n"))
        return f"\n\n{quoted}\n\n"
    if element.tag == "pre":
        return "\n\n{}\n\n".format(element.text.strip("\n"))
    if element.tag in ("ul", "ol"):
        return "\n\n{}\n\n".format(re.sub(r"\n{2,}", "\n", element.text.strip("\n ")))
    if element.tag in _PARAGRAPHS:
        return f"\n\n{element.text.strip()}\n\n"
    return element.text


def _row(row: _Element) -> str:
    """The cells on one line, or one below the other where a cell has several lines (a table that only lays out)."""
    cells = [row.text.strip(), *row.cells] if row.text.strip() else row.cells
    if any("\n" in cell for cell in cells):
        return "\n\n".join(cell for cell in cells if cell)
    while cells and not cells[-1]:
        cells = cells[:-1]
    return " | ".join(cells) if any(cells) else ""


def _list_item(item: _Element, around: _Element) -> str:
    first = around.attributes.get("start", "1")
    start = int(first) if first.isascii() and first.isdigit() and len(first) < _MAX_START else 1
    sign = f"{start + around.number - 1}. " if around.tag == "ol" else "- "
    lines = re.sub(r"\n{2,}", "\n", item.text.strip()).split("\n")
    return sign + ("\n" + " " * len(sign)).join(lines)


def _link(link: _Element) -> str:
    text, url = link.text, link.attributes.get("href", "").strip()
    shown = url.removeprefix("mailto:").removeprefix("tel:")
    if not url or url.startswith("#"):
        return text
    if not text.strip():
        return shown
    if text.strip().rstrip("/") in (shown.rstrip("/"), re.sub(r"^https?://", "", shown).rstrip("/")):
        return text
    return f"{text.rstrip()} ({shown})" + (" " if text.endswith(" ") else "")
