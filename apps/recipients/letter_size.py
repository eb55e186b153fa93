"""How much text a letter to a family has room for: it is one page, with the address above and the slip below."""

import re
from math import ceil

from django.utils.translation import gettext as _

# As static/css/family-letter.css sets it: characters, and lines, to which every paragraph but the first adds its
# distance. Capitals are wider.
MAX_LENGTH = 1500
MAX_LINES = 23
_LETTERS_OF_LINE = 75
_CAPITAL = 1.4
_DISTANCE = 0.75


def problem_of(text: str) -> str:
    """Why a text does not fit on one page, in a sentence; empty when it fits."""
    if len(text) > MAX_LENGTH:
        words = {"number": len(text), "limit": MAX_LENGTH}
        return _("The text has %(number)s characters, and %(limit)s fit on one page. It was not kept.") % words
    lines = _lines_of(text)
    if lines > MAX_LINES:
        words = {"number": ceil(lines), "limit": MAX_LINES}
        return _("The text takes %(number)s lines, and %(limit)s fit on one page. It was not kept.") % words
    return ""


def _lines_of(text: str) -> float:
    paragraphs = re.split(r"\n\s*\n", text.strip())
    lines = sum(_lines_of_one(line) for paragraph in paragraphs for line in paragraph.split("\n"))
    return lines + _DISTANCE * (len(paragraphs) - 1)


def _lines_of_one(line: str) -> int:
    width = sum(_CAPITAL if letter.isupper() else 1 for letter in line)
    return max(1, ceil(width / _LETTERS_OF_LINE))
