"""Tokens of the public links: made here, or no token at all."""

import string

import pytest

from apps.core.tokens import BadToken, make_token, read_token


def test_a_token_gives_back_what_it_was_made_from():
    assert read_token("answer", make_token("answer", 7, 123_456_789)) == (7, 123_456_789)


def test_a_token_has_one_spelling_alone():
    token = make_token("answer", 1, 2)
    for letter in string.ascii_letters + string.digits + "-_":
        if letter != token[-1]:
            with pytest.raises(BadToken):
                read_token("answer", token[:-1] + letter)


def test_a_token_of_one_purpose_opens_nothing_else():
    with pytest.raises(BadToken):
        read_token("unsubscribe", make_token("answer", 1, 2))
