"""Merge tags: what is understood, what is refused with which sentence, and that no value escapes its place."""

import html
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.merge_tags import MergeSyntaxError, TrustedHtml, compile_template, tag_name

anything = st.text(max_size=60)


def render(source, kind="text", **values):
    return compile_template(source, kind).render(values)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Dear {{ first_name }},", "Dear Ana,"),
        ("Dear {{first_name}},", "Dear Ana,"),
        ("Dear {{ First_Name }},", "Dear Ana,"),
        ("{{ first_name }}{{ first_name }}", "AnaAna"),
        ('{{ first_name | default: "family" }}', "Ana"),
        ('{{ nothing | default: "family" }}', "family"),
        ("{{ nothing | default: 'family' }}", "family"),
        ("{{ nothing|default:“l'escola” }}", "l'escola"),
        ('{{ nothing | default: "" }}!', "!"),
        ("{{ nothing }}!", "!"),
        ("{{ Dirección }}", "Calle Mayor 1"),
        ("a } b { c }} {% d %}", "a } b { c }} {% d %}"),
        ("", ""),
    ],
)
def test_tags_are_replaced(source, expected):
    assert render(source, first_name="Ana", direccion="Calle Mayor 1") == expected


def test_an_empty_value_gives_the_default():
    assert render('{{ name | default: "family" }}', name="") == "family"


def test_the_names_used_are_known_before_rendering():
    assert compile_template("{{ a }} {{ B | default: 'x' }} {{ a }}", "text").tags == {"a", "b"}


@pytest.mark.parametrize(
    ("source", "position", "words"),
    [
        ("Dear {{ first_name,\nwelcome", 5, "“{{ first_name,” the closing }} is missing"),
        ("{{ a {{ b }}", 0, "closing }} is missing"),
        ("Dear {{ }}", 5, "is empty"),
        ("{{ first name }}", 0, "“{{ first name }}” is not a tag"),
        ("{{ name | upcase }}", 0, "is not a tag"),
        ("{{ name | default: family }}", 0, "is not a tag"),
        ("{{ 1name }}", 0, "is not a tag"),
        ("{{ имя }}", 0, "is not a tag"),
        ("{{ a.b }}", 0, "is not a tag"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_sentence_and_its_place(source, position, words):
    with pytest.raises(MergeSyntaxError) as caught:
        compile_template(source, "text")
    assert caught.value.position == position
    assert words in caught.value.message


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{&nbsp;name | default: &quot;you &amp; yours&quot; }}</p>",
        "<p>{{ name&nbsp;|&nbsp;default:&nbsp;&#34;you &amp; yours&#34; }}</p>",
        "<p>{{ name | default: &ldquo;you &amp; yours&rdquo; }}</p>",
        "<p>{{ name | default: ”you &amp; yours” }}</p>",
    ],
)
def test_what_an_editor_makes_of_a_tag_is_understood(source):
    assert render(source, "html") == "<p>you &amp; yours</p>"
    assert render(source, "html", name="Zoë") == "<p>Zoë</p>"


@pytest.mark.parametrize("source", ["{{ <b>name</b> }}", "{{ na<span>me</span> }}", "<p>{{ name</p><p>}}</p>"])
def test_formatting_inside_a_tag_is_refused(source):
    with pytest.raises(MergeSyntaxError, match="formatting inside"):
        compile_template(source, "html")


def test_trusted_markup_goes_into_html_only():
    button = TrustedHtml("<a href='https://school.example/'>Yes</a>")
    assert render("{{ question }}", "html", question=button) == button
    assert render("{{ question }}", "html", question=str(button)) == html.escape(button)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", " JavaScript:alert(1)", "java\nscript:alert(1)", "data:text/html,x"]
)
def test_a_value_that_is_a_whole_link_cannot_run_a_script(link):
    assert render('<a href="{{ web }}">', "html", web=link) == '<a href="">'


@pytest.mark.parametrize("link", ["https://school.example/a?b=1", "mailto:a@b.example", "/p/u/x", "school.example/a:b"])
def test_a_value_that_is_a_whole_link_stays(link):
    assert render('<a href="{{ web }}">', "html", web=link) == f'<a href="{link}">'


class TextAndLinks(HTMLParser):
    def __init__(self, markup):
        super().__init__()
        self.text, self.elements, self.attributes = "", [], []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data):
        self.text += data


@given(anything)
def test_no_value_changes_the_markup(value):
    parsed = TextAndLinks(render('<p title="{{ v }}">{{ v }}</p>', "html", v=value))
    assert parsed.elements == ["p"]
    assert list(parsed.attributes[0]) == ["title"]


@given(anything)
def test_html_values_come_out_as_they_went_in(value):
    assert html.unescape(render("{{ v }}", "html", v=value)) == value


@given(anything, anything)
def test_a_header_stays_one_line(literal, value):
    literal = literal.replace("{", "(")
    line = render(literal + "{{ v }}", "header", v=value)
    assert len(("x" + line + "x").splitlines()) == 1
    assert "\x00" not in line


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_url_values_survive_and_add_no_separator(value):
    url = render("https://school.example/?q={{ v }}", "url", v=value)
    encoded = url.partition("q=")[2]
    assert unquote(encoded) == value
    assert not set(encoded) & set("&=?#/ \r\n\"'<>")


@given(st.lists(anything, max_size=5), st.lists(anything, max_size=5))
def test_literals_and_values_alternate_unchanged(literals, values):
    literals = [text.replace("{", "(") for text in literals]
    source = "".join(f"{text}{{{{ v{index} }}}}" for index, text in enumerate(literals))
    rendered = render(source, "text", **{f"v{index}": value for index, value in enumerate(values)})
    padded = values + [""] * len(literals)
    assert rendered == "".join(text + padded[index] for index, text in enumerate(literals))


@given(anything)
def test_any_source_is_compiled_or_refused_within_it(source):
    for kind in ("html", "text", "header", "url"):
        try:
            compile_template("{{" + source, kind).render({})
        except MergeSyntaxError as caught:
            error = caught
        else:
            continue
        assert error.message
        assert 0 <= error.position <= len(source)


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Importe €", "importe"),
        ("Fecha de Pago", "fecha_de_pago"),
        ("Dirección", "direccion"),
        ("Imię i nazwisko: Łódź", "imie_i_nazwisko_lodz"),
        ("  IBAN (last 4) ", "iban_last_4"),
        ("2nd date", "column_2nd_date"),
        ("€", "column_4"),
        ("Имя", "column_4"),
        ("", "column_4"),
    ],
)
def test_headings_become_tag_names(heading, name):
    assert tag_name(heading, 4) == name


@given(anything)
def test_every_heading_becomes_a_name_that_a_tag_accepts(heading):
    name = tag_name(heading, 4)
    assert compile_template("{{ " + name + " }}", "text").tags == {name}
    assert tag_name(name, 5) == name
