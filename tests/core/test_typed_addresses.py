"""Addresses as they are typed and pasted: each entry is read whole, or named with its own text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.typed_addresses import read_typed

local_parts = st.from_regex(r"[a-z0-9_+'-]{1,12}(\.[a-z0-9]{1,8})?", fullmatch=True)
addresses = st.builds(
    "{}@{}.example".format, local_parts, st.from_regex(r"[a-z0-9]{1,10}(\.[a-z]{1,8})?", fullmatch=True)
)
words = st.text(st.characters(categories=["Lu", "Ll"]), min_size=1, max_size=10)
SHAPES = (
    "{address}",
    "  {address} ",
    "<{address}>",
    "{first} {last} <{address}>",
    "{first}<{address}>",
    '"{last}, {first}" <{address}>',
    '"{last}; {first}" <{address}>',
    '"{first} \\"{last}\\"" <{address}>',
    "'{address}' <{address}>",
    "{address} <{address}>",
    "{address} ({last}, {first})",
)
entries = st.tuples(addresses, words, words, st.sampled_from(SHAPES))
separators = st.sampled_from([",", ", ", ";", "; ", "\n", "\r\n", ",\r\n", "\t", ";\t", ",,", " ;; "])


def addresses_in(text: str) -> list[str]:
    good, bad = read_typed(text)
    assert bad == []
    return [each.address for each in good]


def names_in(text: str) -> list[tuple[str, str]]:
    return [(each.name, each.address) for each in read_typed(text)[0]]


@pytest.mark.feature("S2.9")
@given(st.lists(st.tuples(entries, separators), max_size=8))
def test_addresses_joined_in_any_of_these_ways_are_these_addresses(parts):
    text = ""
    for (address, first, last, shape), separator in parts:
        text += shape.format(address=address, first=first, last=last) + separator
    assert addresses_in(text) == [entry[0] for entry, _separator in parts]


@given(st.lists(st.tuples(addresses, words, words), min_size=2, max_size=6), st.sampled_from([";", "; ", "\n", "\t"]))
def test_a_last_name_first_without_quotation_marks_is_a_name_where_commas_do_not_separate(people, separator):
    text = separator.join(f"{last}, {first} <{address}>" for address, first, last in people)
    assert names_in(text) == [(f"{last}, {first}", address) for address, first, last in people]


@given(st.text(alphabet="aá@.,;<>()\"\\\t\n\r' \0", max_size=60))
def test_of_no_text_anything_is_lost(text):
    good, bad = read_typed(text)
    kept = "".join([each.text for each in good] + [value for value, _sentence in bad])
    for letter in "aá@":
        assert kept.count(letter) == text.count(letter)
    assert all(each.address in each.text for each in good)
    assert all(sentence for _value, sentence in bad)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("Núria Puig <Nuria@x.example>", "Núria Puig", "Nuria@x.example"),
        ('"Roca, Pau" <pau@x.example>', "Roca, Pau", "pau@x.example"),
        ('"Pau \\"Pol\\" Roca" <pau@x.example>', 'Pau "Pol" Roca', "pau@x.example"),
        ("Dr. Puig (AMPA) [5A] <a@b.example>", "Dr. Puig (AMPA) [5A]", "a@b.example"),
        ("pau@x.example (Pau Roca)", "Pau Roca", "pau@x.example"),
        ("'Pau@x.example' <pau@x.example>", "", "pau@x.example"),
        ("< a@b.example >", "", "a@b.example"),
        ('"Pau @ AMPA" <pau@x.example>', "Pau @ AMPA", "pau@x.example"),
    ],
)
def test_the_name_of_an_entry_is_kept(text, name, address):
    assert names_in(text) == [(name, address)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Pau Roca <pau@>", ["“pau@” has no ending such as .es."]),
        ("Pau <pau roca@x.example>", ["“pau roca@x.example” is not an email address."]),
        ("Pau <a@x.example", ["“Pau <a@x.example” is not an email address."]),
        ("<a@x.example> <b@x.example>", ["“<a@x.example> <b@x.example>” is not an email address."]),
        ("a@x.example <b@x.example>", ["“a@x.example <b@x.example>” has two addresses in it."]),
        ("a@x.example (not b@x.example)", ["“a@x.example (not b@x.example)” has two addresses in it."]),
        ("Roca, Pau <>", ["“Roca” has no @ in it.", "“Pau <>” is not an email address."]),
        ("Undisclosed: a@x.example", ["“Undisclosed: a@x.example” is not an email address."]),
        ('"a@x.example, b@x.example"', ["“\"a@x.example, b@x.example\"” is not an email address."]),
        ("Roca, Pau; c@", ["“Roca” has no @ in it.", "“Pau” has no @ in it.", "“c@” has no ending such as .es."]),
        ("a\0b@x.example", ["“a␀b@x.example” is not an email address."]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_own_text(text, sentences):
    good, bad = read_typed(text)
    assert good == []
    assert [sentence for _value, sentence in bad] == sentences


@pytest.mark.parametrize("text", ['"' * 300_000, "<(" * 150_000, '"\\' * 150_000, '"a' * 150_001, "(" * 300_000])
def test_no_text_takes_long(text):
    read_typed(text)
