"""What the formatter of the templates lets through is found."""

import importlib.util
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parent.parent / "bin" / "templates.py"
_specification = importlib.util.spec_from_file_location("templates_script", _SCRIPT)
script = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(script)


@pytest.mark.parametrize(
    "template",
    [
        "<td><b>{{ number }}</b> {{ name }}</td>",
        '<p>\n  <a href="/"><span class="soft">Home</span></a> <br>\n</p>',
        '<div\n  title="<div><div>"\n>',
        "{# <div><div> #}<!-- <div><div> --><ul>",
        '{% include "ui/notice.html" with text="<p><p>" %}',
        "x" * 120,
    ],
)
def test_one_element_and_what_is_within_its_line_may_stand_on_a_line(template):
    assert list(script.problems_of(template)) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<ul>\n  <li><p>Text</p></li>\n</ul>", (2, "opens <li> and <p>")),
        ('{% if a %}<div class="a">{% endif %}<div>', (1, "opens <div> and <div>")),
        ("<p>\n" + "x" * 121, (2, "121 columns")),
    ],
)
def test_a_second_element_and_a_long_line_are_found_with_their_line(template, found):
    assert list(script.problems_of(template)) == [found]


def test_all_templates_can_be_read(capsys):
    assert script.main() == 0, capsys.readouterr().out
