"""Whatever goes into a message comes out of the standard library's parser, and no line breaks a rule of SMTP."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, message_from_string, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.channels.email.addresses import UnsendableAddress
from apps.channels.email.mime import Attachment, MailContent, compile_message
from apps.core.merge_tags import compile_template

NOW = datetime(2026, 11, 22, 10, 0, 3, tzinfo=UTC)
SHARED = {"from_name": "Colegio San José", "from_email": "office@school.example"}
PLAIN = {"subject": "Trip", "html": "<p>Hello</p>", "text": "Hello"}
anything = st.text(max_size=300)
names = st.text(max_size=120)
LONG = "Lorem ipsum, 1 = 1. Año.\r\n.\n"
awkward = st.one_of(
    anything,
    st.text(alphabet="a .=\t\r\n", max_size=300),
    st.text(alphabet="aé=. \n\ud800\0😀", max_size=200),
    st.integers(70, 80).map(lambda size: "x" * size),
    st.integers(70, 80).map(lambda size: "." * size),
    st.sampled_from(["", ".", "..", "=", " ", "\t", "\r", "\n", "=2E", LONG * 30]),
)


@dataclass(frozen=True)
class Slot:
    """A slot that escapes nothing: what is under test is what becomes of any text whatever."""

    name: str
    default: str = ""

    def fill(self, values):
        return values.get(self.name) or self.default


@dataclass(frozen=True)
class Template:
    segments: tuple


def compiled(content=None, constants=None, **changes):
    """A message of literal texts, or of templates where `changes` gives tuples of texts and slots."""
    segments = {name: (part,) if isinstance(part, str) else part for name, part in (PLAIN | changes).items()}
    templates = {name: Template(tuple(parts)) for name, parts in segments.items()}
    return compile_message(content or MailContent(**SHARED), **templates, constants=constants or {})


def build(content=None, values=None, constants=None, subject=None, html=None, text=None, **changes):
    parts = {"subject": subject, "html": html, "text": text}
    fields = {
        "to_name": "Ana",
        "to_email": "ana@family.example",
        "message_id": "<1.abc@school.example>",
        "date": NOW,
    }
    message = compiled(content, constants, **{name: part for name, part in parts.items() if part is not None})
    return message.build(values or {}, **fields | changes)


def parse(raw):
    return message_from_bytes(raw, policy=policy.default)


def part(message, kind):
    return message.get_body((kind,)).get_content()


def one_line(text):
    return without_surrogates(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)).strip(" ")


def without_surrogates(text):
    return text.encode("utf-8", "replace").decode()


def as_body(*pieces):
    """What a reader gets of `pieces`, each of which has its own line breaks."""
    clean = [piece.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n") for piece in pieces]
    return without_surrogates("".join(clean)).replace("\n", "\r\n")


def assert_fit_for_smtp(raw):
    assert raw.isascii()
    assert_lines_are_fit(raw)


def assert_lines_are_fit(raw):
    assert b"\0" not in raw
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    lines = raw.split(b"\r\n")
    assert max(len(line) for line in lines) <= 998
    assert not [line for line in lines if line.startswith(b".")]
    _head, _blank, body = raw.partition(b"\r\n\r\n")
    assert max(len(line) for line in body.split(b"\r\n")) <= 76
    assert not re.search(rb"[ \t]=?\r\n", body)


def test_a_message_has_text_and_html_of_the_same_letter():
    message = parse(build(text="¡Hola!", html="<p>¡Hola!</p>"))
    assert message.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
    assert part(message, "plain") == "¡Hola!"
    assert part(message, "html") == "<p>¡Hola!</p>"


def test_the_headers_of_a_letter():
    content = MailContent(**SHARED, reply_to="secretaria@school.example")
    message = parse(build(content))
    assert message["From"] == "Colegio San José <office@school.example>"
    assert message["To"] == "Ana <ana@family.example>"
    assert message["Reply-To"] == "secretaria@school.example"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<1.abc@school.example>"
    assert message["MIME-Version"] == "1.0"
    assert "List-Unsubscribe" not in message
    assert "X-Auto-Response-Suppress" not in message


def test_the_unsubscribe_link_is_offered_to_the_mail_program():
    message = parse(build(unsubscribe_url="https://bedel.example/p/u/abc_-1/"))
    assert message["List-Unsubscribe"] == "<https://bedel.example/p/u/abc_-1/>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_mailing_asks_for_no_automatic_answer_and_does_not_pose_as_a_machine():
    message = parse(build(MailContent(**SHARED, bulk=True)))
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert "Precedence" not in message
    assert "Auto-Submitted" not in message


def test_attachments_come_after_the_letter():
    pdf = Attachment("Menú de mayo.pdf", "application/pdf", bytes(range(256)) * 20)
    odd = Attachment("letter.eml", "message/rfc822", b"Subject: x\n\ny\n")
    message = parse(build(MailContent(**SHARED, attachments=(pdf, odd))))
    assert message.get_content_type() == "multipart/mixed"
    first, second = message.iter_attachments()
    assert (first.get_filename(), first.get_content_type()) == ("Menú de mayo.pdf", "application/pdf")
    assert first.get_content() == pdf.content
    assert (second.get_filename(), second.get_content_type()) == ("letter.eml", "application/octet-stream")
    assert second.get_content() == odd.content
    assert part(message, "plain") == "Hello"


@given(anything)
@example("=?utf-8?q?trap?=")
@example("word " * 60)
@example("x" * 500)
@example("Reunión\r\nBcc: everybody@school.example")
@example("ñ" * 80 + " €" * 40)
@example("=?utf-8?b?=?= a  b")
def test_a_subject_comes_out_as_it_went_in(subject):
    raw = build(subject=subject)
    assert_fit_for_smtp(raw)
    message = parse(raw)
    assert message["Subject"] == one_line(subject)
    assert "Bcc" not in message


@given(names)
@example('García "Pepe", José <x@y.example>')
@example("a\\b (c) [d]; e: f@g")
@example("=?utf-8?q?trap?=")
@example("Núñez " * 15)
@example("x" * 100)
def test_a_display_name_comes_out_as_it_went_in(name):
    raw = build(MailContent(from_name=name, from_email="office@school.example"), to_name=name)
    assert_fit_for_smtp(raw)
    message = message_from_bytes(raw)  # the newer policies of Python 3.11 put a space between two words of one name
    for header, address in (("To", "ana@family.example"), ("From", "office@school.example")):
        phrase, found = parseaddr(message[header].replace("\r\n", ""))
        assert found == address
        assert str(make_header(decode_header(phrase))) == one_line(name)


@given(anything, anything)
@example("." * 5 + "\r\n.\r\n..\n", "<p>\n.\n</p>")
@example("x" * 3000, "é" * 3000)
@example("a \nb\t\n ", "lone \ud800 surrogate and \0 NUL")
@example("--=_body_\n--=_mixed_--\n", "Привет, мир " * 30)
@example("From here\nFrom there", "=3D =\r=")
def test_bodies_come_out_as_they_went_in(text, html):
    raw = build(text=text, html=html)
    assert_fit_for_smtp(raw)
    message = parse(raw)
    assert part(message, "plain") == as_body(text)
    assert part(message, "html") == as_body(html)


segments = st.lists(st.one_of(awkward, st.builds(Slot, st.sampled_from("abc"), st.sampled_from(["", "family"]))))
values = st.dictionaries(st.sampled_from("abc"), awkward)


def filled(template, values):
    """The segments of `template` as text; literal neighbours are one text to the compiler."""
    pieces = [""]
    for segment in template:
        if isinstance(segment, str):
            pieces[-1] += segment
        else:
            pieces += [segment.fill(values), ""]
    return pieces


@given(segments, segments, segments, values)
def test_any_values_in_any_letter_come_out_as_they_went_in(subject, text, html, values):
    raw = build(values=values, subject=subject, text=text, html=html)
    assert_fit_for_smtp(raw)
    message = parse(raw)
    assert part(message, "plain") == as_body(*filled(text, values))
    assert part(message, "html") == as_body(*filled(html, values))
    assert message["Subject"] == one_line("".join(filled(subject, values)))


@given(segments, values)
def test_a_constant_is_a_value_put_in_beforehand(text, values):
    one, all_of_them = dict(list(values.items())[:1]), dict(values)
    for constants in (one, all_of_them):
        raw = build(values=values, constants=constants, text=text)
        assert_fit_for_smtp(raw)
        folded = [
            each.fill(constants) if not isinstance(each, str) and each.name in constants else each for each in text
        ]
        assert part(parse(raw), "plain") == as_body(*filled(folded, values))


PLACES = {
    "in a line": ("Dear ", Slot("value"), ", welcome."),
    "first": (Slot("value"), " is welcome."),
    "last": ("Welcome, ", Slot("value")),
    "alone": (Slot("value"),),
    "a line of its own": ("Dear\n", Slot("value"), "\nwelcome"),
    "beside another": ("x" * 75, Slot("value"), Slot("value"), "." * 80),
    "after a dot": (".", Slot("value"), "."),
    "in a text for base64": ("Добро пожаловать, ", Slot("value"), "!"),
}


@pytest.mark.parametrize(
    "value",
    [
        ".", "..", ".\r\n.\r\n", "a\n.\n..b", "." * 300, "=", "=" * 300, "=\r\n", "=3D=2E", "Ana ", " ", "\t",
        " " * 300, "a \nb\t\n", "\r", "\n", "\r\n", "\n\r", "\r\r\n\n", "😀", "👨‍👩‍👧" * 40,
        "\ud800", "a\udfffb", "\ud83d\ude00", "\0", "a\0b",
        "é" * 100, "ñ" * 12 + "=", "--=_body_\r\n", "--\r\n", "From here", "\x0b\x0c\x1c\x85\u2028\u2029\x7f",
        *("x" * size for size in range(70, 80)), *("x" * size + "é" for size in range(66, 78)),
        *("x" * size + " " for size in range(66, 78)), *("x" * size + ".y" for size in range(66, 78)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", PLACES)
def test_awkward_values_in_awkward_places(place, value):
    template = PLACES[place]
    raw = build(values={"value": value}, text=template, html=template)
    assert_fit_for_smtp(raw)
    pieces = filled(template, {"value": value})
    assert part(parse(raw), "plain") == part(parse(raw), "html") == as_body(*pieces)


@pytest.mark.parametrize("size", [64 * 1024, 1024 * 1024])
@pytest.mark.parametrize("unit", ["x", ".", "=", " ", "é", "a b\n", LONG])
def test_large_values(size, unit):
    value = unit * (size // len(unit))
    raw = build(values={"value": value}, text=PLACES["in a line"])
    assert_fit_for_smtp(raw)
    assert part(parse(raw), "plain") == as_body("Dear ", value, ", welcome.")


def test_an_empty_value_gives_its_default():
    letter = ("Dear ", Slot("name", "family"), Slot("nothing"), ",")
    assert part(parse(build(values={"name": ""}, text=letter)), "plain") == "Dear family,"


def test_the_templates_of_letters_fit_in():
    html = compile_template('<a href="{{ link }}">{{ name | default: "family" }}</a>', "html")
    text = compile_template("{{ name | default: 'family' }}: {{ link }}", "text")
    subject = compile_template("Trip of {{ name }}", "header")
    message = compile_message(MailContent(**SHARED), subject, html, text, {"link": "https://bedel.example/?a=1&b"})
    raw = message.build({"name": "<Íñigo>\n"}, to_name="", to_email="a@b.example", message_id="<1@b.example>", date=NOW)
    letter = parse(raw)
    assert letter["Subject"] == "Trip of <Íñigo>"
    assert part(letter, "html") == '<a href="https://bedel.example/?a=1&amp;b">&lt;Íñigo&gt;\r\n</a>'
    assert part(letter, "plain") == "<Íñigo>\r\n: https://bedel.example/?a=1&b"


def test_the_messages_of_a_mailing_share_nothing_but_the_skeleton():
    message = compiled(subject=("Trip of ", Slot("name")), text=("Dear ", Slot("name")))
    for second, name in enumerate(["Ana", "", "Íñigo"]):
        fields = {"to_name": name, "to_email": "a@b.example", "message_id": f"<{second}@b.example>"}
        letter = parse(message.build({"name": name}, date=NOW + timedelta(seconds=second), **fields))
        assert letter["Subject"] == f"Trip of {name}".strip()
        assert letter["Date"].datetime == NOW + timedelta(seconds=second)
        assert part(letter, "plain") == f"Dear {name}"


def test_a_file_name_cannot_hide_its_ending():
    message = parse(build(MailContent(**SHARED, attachments=(Attachment("menu\u202efdp.exe", "", b"x"),))))
    assert next(message.iter_attachments()).get_filename() == "menufdp.exe"


@given(st.lists(st.builds(Attachment, names, st.text(max_size=30), st.binary(max_size=400)), min_size=1, max_size=3))
@example(
    [Attachment("año; filename=x.exe", "text/plain", b""), Attachment("../../etc/passwd", "text/html", b"\r\n.\r\n")]
)
@example([Attachment('quote".pdf', "application/pdf", b"x"), Attachment("ñ" * 90 + ".pdf", "application/pdf", b"x")])
@example([Attachment("\xa0", "", b""), Attachment("\u202e", "", b"")])
@example([Attachment("a%41'b''c.pdf", "application/pdf", b"x"), Attachment("", "", b"x")])
@example([Attachment("<>", "", b""), Attachment("<a.pdf>", "", b""), Attachment('"a.pdf"', "", b"")])
def test_attachments_come_out_as_they_went_in(attachments):
    raw = build(MailContent(**SHARED, attachments=attachments))
    assert_fit_for_smtp(raw)
    found = list(parse(raw).iter_attachments())
    assert [p.get_payload(decode=True) for p in found] == [a.content for a in attachments]
    expected = [without_marks(one_line(a.name)).strip() or "attachment" for a in attachments]
    # Of the header itself (RFC 2183, RFC 2231): `get_filename` takes < and > around a name away.
    assert [p["Content-Disposition"].params["filename"] for p in found] == expected


def without_marks(name):
    return "".join(c for c in name if c not in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(st.text(max_size=100))
@example("https://bedel.example/\r\nBcc: x@y.example")
@example("https://bedel.example/ñ?a=<b> c")
def test_no_link_adds_a_header(url):
    raw = build(unsubscribe_url="https://bedel.example/" + url)
    assert_fit_for_smtp(raw)
    names = [name for name, _value in parse(raw).items()]
    assert names[-4:] == ["Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Content-Type"]


def test_a_recipient_with_letters_outside_ascii_before_the_at_gets_a_header_in_utf8_and_all_else_in_ascii():
    raw = build(to_name="Ana Íñiguez Soler", to_email="josé@family.example", text="¡Hola!")
    assert "To: =?utf-8?q?Ana_=C3=8D=C3=B1iguez_Soler?= <josé@family.example>\r\n".encode() in raw
    assert_fit_for_smtp(raw.replace("josé@".encode(), b"jose@"))
    message = message_from_string(raw.decode(), policy=policy.default)
    assert message["To"].addresses[0].addr_spec == "josé@family.example"
    assert part(message, "plain") == "¡Hola!"


def test_letters_outside_ascii_before_the_at_are_refused_in_the_address_of_the_sender():
    with pytest.raises(UnsendableAddress, match="letters before the @"):
        compiled(MailContent("Colegio", "josé@school.example"))


@pytest.mark.parametrize(
    "message_id", ["<a@b>\r\nBcc: x@y.example", "<a@b", "a@b", "<a b@c>", "<a>", "<ñ@b>", "<a@ñ ñ>", ""]
)
def test_a_message_id_cannot_carry_anything_else(message_id):
    with pytest.raises(ValueError, match="is no"):
        build(message_id=message_id)


def test_a_message_id_may_bear_the_domain_of_the_school():
    content = MailContent(from_name="Peña", from_email="oficina@peña.example")
    message = parse(build(content, message_id="<1.abc@peña.example>"))
    assert message["Message-ID"] == "<1.abc@xn--pea-8ma.example>"
    assert message["From"].addresses[0].addr_spec == "oficina@xn--pea-8ma.example"
