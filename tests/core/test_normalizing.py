"""The quick ways to a normal form give what the long ways give, and nothing else."""

import phonenumbers
import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.core import normalizing
from apps.core.normalizing import normalize_document, normalize_email, normalize_phone, without_accents

COUNTRIES = ["ES", "IT", "PL", "SE", "GB", "US", "FR", "DE", "PT", "AD", "MX", "FI", "IL", "VA", "XX", ""]
WORD = st.text(alphabet="abzABZ019._+-'ñß @", max_size=12)
DOMAIN = st.text(alphabet="abzAZ09.-_ñ", max_size=14)
NUMBER = st.builds(
    lambda plus, digits, signs: plus + "".join(digit + sign for digit, sign in zip(digits, signs, strict=False)),
    st.sampled_from(["", "", "0", "+", "+34", "+39", "+460", "0034", "00", "34", "+1", "+48 "]),
    st.text(alphabet="0123456789", min_size=1, max_size=13),
    st.lists(st.sampled_from(["", "", "", " ", "-", ".", "x", "  ", "/", "("]), min_size=13, max_size=13),
)


def answer(normalize, *arguments):
    try:
        return normalize(*arguments)
    except ValidationError:
        return None


@settings(max_examples=400, deadline=None)
@given(address=st.builds(lambda word, domain: f"{word}@{domain}", WORD, DOMAIN))
@example("Marta.Serra@Family.example")
@example("a@b.example\n")
@example("a..b@b.example")
@example(f"{'a' * 250}@b.example")
@example("a@-b.example")
@example(f"a@{'b' * 64}.example")
def test_an_address_is_read_alike_with_and_without_the_quick_way(address):
    quick = answer(normalize_email, address)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normalizing, "_plain_address", lambda text: None)
        assert quick == answer(normalize_email, address)


@settings(max_examples=600, deadline=None)
@given(number=NUMBER, country=st.sampled_from(COUNTRIES))
@example("600 123 456", "ES")
@example("+34 600-123-456", "ES")
@example("34600123456", "ES")
@example("٦٠٠١٢٣٤٥٦", "ES")
def test_a_number_is_read_alike_with_and_without_the_quick_way(number, country):
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        parsed = None
    right = parsed and phonenumbers.is_possible_number(parsed)
    wanted = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if right else None
    assert answer(normalize_phone, number, country) == wanted


def test_the_quick_way_is_taken_where_it_can_be():
    numbers = {"ES": "600 123 456", "SE": "070-123 45 67", "IT": "+39 333 1234567", "PL": "601 234 567"}
    found = [normalizing._plain_phone(number, country) for country, number in numbers.items()]
    assert found == ["+34600123456", "+46701234567", "+393331234567", "+48601234567"]
    assert normalizing._plain_address("marta.serra@family.example")


def test_the_address_of_a_machine_is_nobodys_mailbox():
    with pytest.raises(ValidationError, match="is not an email address"):
        normalize_email("a@[127.0.0.1]")


@pytest.mark.parametrize(
    ("written", "document"),
    [("12.345.678-z", "12345678Z"), (" x 1234567 L", "X1234567L"), ("rssmra80a01h501ú", "RSSMRA80A01H501U"), ("—", "")],
)
def test_a_document_is_capitals_and_digits(written, document):
    assert normalize_document(written) == document


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("  Łukasz  ŻÓŁĆ ", "lukasz zolc"),
        ("Åkesson Søren", "akesson soren"),
        ("Đorđe Núñez", "dorde nunez"),
        ("Strauß Œuvre", "strauss oeuvre"),
        ("PUIG  anna", "puig anna"),
        ("Gal·la Coŀlell", "galla collell"),
    ],
)
def test_names_are_folded_for_searching(written, folded):
    assert without_accents(written) == folded
