"""Text that nobody can translate is found, and nothing else is."""

import importlib.util
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parent.parent / "bin" / "untranslated.py"
_specification = importlib.util.spec_from_file_location("untranslated_script", _SCRIPT)
script = importlib.util.module_from_spec(_specification)
_specification.loader.exec_module(script)


@pytest.mark.parametrize(
    "template",
    [
        '<h1>{% translate "Students" %}</h1>',
        "<p>{% blocktranslate count n=n %}one <b>mail</b>{% plural %}{{ n }} mails{% endblocktranslate %}</p>",
        "{# not shown #}<!-- nor this -->{% comment %}nor this{% endcomment %}",
        '<a href="/people/" class="button" id="open">{{ name }} · 1/2 → Bedel</a>',
        "<style>.rail { color: red }</style><script>let text = 'hello'</script>",
        "<svg><title>arrow</title><path d='M0'/></svg><code>first_name</code>",
        '{% include "ui/empty_state.html" with title=_("No people yet") url="recipients:add" %}',
        '<input type="hidden" value="send"><meta name="viewport" content="width=device-width">',
        "{% block page_class %}page--step{% endblock %}",
        '{% if a > b and c == "text" %}{{ a|default:"–" }}{% endif %}',
    ],
)
def test_translated_and_invisible_text_is_left_alone(template):
    assert script.untranslated(template) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<h1>\n  Students\n</h1>", (1, "Students")),
        ("{% block title %}Messages{% endblock %}", (1, "Messages")),
        ('<br>\n<img src="a.png" alt="A bell">', (2, "A bell")),
        ('<input type="submit" value="Send">', (1, "Send")),
        ('{% translate "Sent" %} by {{ name }}', (1, "0")),
        ('{% include "ui/empty_state.html" with title="No people yet" %}', (1, "No people yet")),
    ],
)
def test_text_nobody_can_translate_is_found_with_its_line(template, found):
    ((line, text),) = script.untranslated(template)
    assert line == found[0]
    assert found[1] in text


def test_all_templates_are_translatable(capsys):
    assert script.main() == 0, capsys.readouterr().out
