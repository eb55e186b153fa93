"""The words that schools write into their files: those of the folder `words`, where each language has a file."""

import re
import tomllib
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "words"


@cache
def words(section: str, *keys: str) -> frozenset[str]:
    """The words of all languages under these keys of a section."""
    return frozenset(word for language in _languages() for key in keys for word in language[section].get(key, ()))


@cache
def meanings(section: str) -> dict[str, str]:
    """Each word of a section, with the key under which it stands: {"alumno": "student", "elev": "student", ...}."""
    return {word: key for language in _languages() for key, found in language[section].items() for word in found}


def one_of(section: str, *keys: str) -> str:
    """A regular expression for one of the words, of two that begin alike the longer one.

    Without any words it matches nothing.
    """
    longest_first = sorted(words(section, *keys), key=lambda word: (-len(word), word))
    escaped = [re.escape(word).replace(r"\*", r"\w*") for word in longest_first]
    return f"(?:{'|'.join(escaped)})" if escaped else "(?!)"


@cache
def _languages() -> list[dict[str, dict[str, list[str]]]]:
    sections: dict[str, dict[str, list[str]]] = {
        name: {} for name in ("columns", "whose", "unread", "yes_or_no", "kinds", "languages")
    }
    files = sorted(_FOLDER.glob("*.toml"))
    return [sections | tomllib.loads(path.read_text(encoding="utf-8")) for path in files]
