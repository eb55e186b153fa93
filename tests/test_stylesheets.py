"""Stylesheets are laid out alike, and name the classes that stand on pages: no more, no fewer."""

import importlib.util
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parent.parent / "bin" / "stylesheets.py"
_specification = importlib.util.spec_from_file_location("stylesheets_script", _SCRIPT)
script = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(script)


@pytest.fixture
def house(tmp_path):
    """A checkout with one stylesheet, one template and one Python file."""

    def build(css: str = "", html: str = "", python: str = "") -> list[str]:
        for name, text in {"static/css/a.css": css, "templates/a.html": html, "apps/core/a.py": python}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return script.House(tmp_path).problems()

    return build


@pytest.mark.parametrize(
    "css",
    [
        "a {\n  color: red;\n}",
        "/* a { b; c; } */\n@layer base, page;",
        '.x::before {\n  content: "; } {";\n}',
        "a,\nb {\n  transition:\n    color 1s,\n    width 1s;\n}",
    ],
)
def test_one_declaration_a_line_is_the_style_of_the_house(css):
    assert list(script.misplaced(css)) == []


@pytest.mark.parametrize(
    ("css", "line"),
    [
        ("a { color: red; }", 1),
        ("a {\n  color: red; width: 1px;\n}", 2),
        ("a {\n  color: red }", 2),
        ("/* " + "x" * 120 + " */", 1),
    ],
)
def test_what_is_laid_out_in_another_way_is_found_with_its_line(css, line):
    assert line in [number for number, _what in script.misplaced(css)]


@pytest.mark.parametrize(
    "html",
    [
        '<p class="soft">',
        '<p class="lead{% if a %} soft{% endif %}">',
        "<p class='{% if a == \"x\" %}soft{% else %}lead{% endif %}'>",
        '{% include "ui/field.html" with class="soft" %}',
        "{% block page_class %}soft{% endblock %}",
    ],
)
def test_a_class_of_a_template_is_found(house, html):
    assert house(".soft {\n}\n.lead {\n}", html + '<p class="soft lead">') == []
    assert "soft" in script.classes_on(html)[0]


@pytest.mark.parametrize(
    "source",
    [
        'attrs={"class": "input soft", "rows": 16}',
        'widget.attrs["class"] = "soft"',
        'widget.attrs.setdefault("class", "soft")',
        "format_html('<span class=\"soft\">{}</span>', text)",
        'part.classList.toggle("soft", yes)',
        'document.querySelectorAll(".soft > a")',
    ],
)
def test_a_class_of_python_or_of_a_script_is_found(source):
    assert "soft" in script.classes_on(source)[0]


def test_a_class_that_stands_on_no_page_is_named_with_its_line(house):
    assert house("\n.soft,\n.gone {\n}", '<p class="soft">') == ["static/css/a.css:3: .gone stands on no page"]


def test_a_class_that_no_stylesheet_knows_is_named(house):
    assert house("", '<p class="sotf">') == ["templates/a.html: no stylesheet knows the class sotf"]


@pytest.mark.parametrize("page", ['<p class="status--{{ look }}">', '<p class="status status--{{ look|lower }} soft">'])
def test_a_class_that_is_put_together_needs_its_end_somewhere(house, page):
    css = ".status--good {\n}"
    known = ".status {\n}\n.soft {\n}\n"
    html = page + '<p class="status soft">'
    assert house(known + css, html, 'look = "good"') == []
    assert house(known + css, html, 'look = "fine"') == ["static/css/a.css:5: .status--good stands on no page"]


def test_a_class_that_python_puts_together_needs_its_end_somewhere(house):
    python = 'f"tally--{height}" if height else ""'
    assert house(".tally--tall {\n}", '{% tally height="tall" %}', python) == []
    assert house(".tally--tall {\n}", "{% tally %}", python) == ["static/css/a.css:1: .tally--tall stands on no page"]


def test_what_libraries_set_is_no_concern_of_ours(house):
    assert house(".tox .tox-edit-area {\n}\n.htmx-request {\n}") == []


def test_the_stylesheets_of_the_house_are_in_order(capsys):
    assert script.main() == 0, capsys.readouterr().out
