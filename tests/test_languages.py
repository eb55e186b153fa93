"""What families read is in their language: every word of it, with its values, in all languages of the portal."""

import gettext
import re
from ast import literal_eval
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.utils.translation import override
from django.utils.translation.template import templatize

from apps.surveys.models import Answer

_ROOT = Path(__file__).parent.parent
_LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
_TEMPLATES = [
    _ROOT / "templates/base.html",
    _ROOT / "templates/public.html",
    _ROOT / "templates/recipients/_family_letter.html",
    *_ROOT.glob("templates/families/*.html"),
]
# Bedel's own words in letters, and in the moments of the public pages; the staff's words of these files are left out.
_SOURCES = [
    "campaigns/content/foot.py",
    "campaigns/content/merge_values.py",
    "core/dates.py",
    "deliveries/families/views.py",
    "recipients/letter_text.py",
    "surveys/question_markup.py",
]
_STRING = r'"(?:[^"\\]|\\.)*"'
_PLACEHOLDER = re.compile(r"%\(\w+\)s|</?\w+>")

each_language = pytest.mark.parametrize("language", _LANGUAGES)


def written(language: str) -> dict[str, str]:
    """The texts of the .po file."""
    source = (_ROOT / "locale" / language / "LC_MESSAGES/django.po").read_text(encoding="utf-8")
    pairs = re.findall(rf"^msgid ((?:{_STRING}\s*)+)^msgstr ((?:{_STRING}\s*)+)", source, re.MULTILINE)
    assert len(pairs) == source.count("msgid "), "an entry that this test cannot read"
    assert len(dict(pairs)) == len(pairs), "an entry twice"
    return {_joined(message): _joined(translation) for message, translation in pairs}


def _joined(literals: str) -> str:
    return "".join(literal_eval(literal) for literal in re.findall(_STRING, literals))


def compiled(language: str) -> dict[str, str]:
    """The texts of the .mo file."""
    with (_ROOT / "locale" / language / "LC_MESSAGES/django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)._catalog  # the standard library has no public way to list them


def family_texts() -> set[str]:
    """Every text marked for translation where only families, or also families, read it."""
    pages = "\n".join(templatize(path.read_text(encoding="utf-8")) for path in _TEMPLATES)
    sources = "\n".join((_ROOT / "apps" / path).read_text(encoding="utf-8") for path in _SOURCES)
    marked = re.findall(r"""\b(?:gettext|_)\(\s*u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\)""", pages + sources)
    with override(None):
        return {literal_eval(literal) for literal in marked} | {str(value.label) for value in Answer.Value}


def test_the_texts_of_templates_and_sources_are_found():
    texts = family_texts()
    assert {"Unsubscribe", "Rather: %(label)s", "Skip to the page", "and", "today %(time)s", "Yes"} <= texts
    marks = sum(len(re.findall(r"{% (?:block)?translate\b", path.read_text(encoding="utf-8"))) for path in _TEMPLATES)
    found = sum(len(re.findall(r"\bgettext\(|\b_\(", templatize(path.read_text()))) for path in _TEMPLATES)
    assert found >= marks


@each_language
def test_every_text_for_families_is_translated_and_nothing_else_is_kept(language):
    texts = written(language)
    assert set(texts) - {""} == family_texts()
    assert [text for text, translation in texts.items() if not translation.strip()] == []
    assert f"\nLanguage: {language}\n" in texts[""]


@each_language
def test_what_is_compiled_is_what_is_written(language):
    assert compiled(language) == written(language), "msgfmt -c -o django.mo django.po"


@each_language
def test_a_translation_keeps_the_values_and_tags_of_its_text(language):
    for text, translation in written(language).items():
        assert sorted(_PLACEHOLDER.findall(text)) == sorted(_PLACEHOLDER.findall(translation)), text


@each_language
def test_a_translation_ends_as_its_text_does(language):
    for text, translation in written(language).items():
        for sign in ".?:":
            assert text.endswith(sign) == translation.endswith(sign), text


@each_language
def test_plural_forms_are_those_of_django_itself(language):
    """Otherwise Django keeps two catalogues for one language, and looks into both."""
    with (Path(django.__file__).parent / "conf/locale" / language / "LC_MESSAGES/django.mo").open("rb") as file:
        theirs = gettext.GNUTranslations(file).info()["plural-forms"]
    header = dict(line.split(": ", 1) for line in written(language)[""].splitlines())
    assert header["Plural-Forms"] == theirs
