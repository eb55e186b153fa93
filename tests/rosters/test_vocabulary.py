"""The files of words, one for each language, say nothing that is not understood, and leave out no column."""

import tomllib
from pathlib import Path

import pytest

import apps.rosters
from apps.core.normalizing import without_accents
from apps.recipients.models import Person
from apps.rosters.columns import ASKED_FIRST, ASKED_OF_A_GUARDIAN, ASKED_OF_WHOM_THE_ROW_IS, FIELDS
from apps.rosters.vocabulary import meanings, words

FILES = sorted((Path(apps.rosters.__file__).parent / "words").glob("*.toml"))
ASKED = {*ASKED_FIRST, *ASKED_OF_WHOM_THE_ROW_IS, *ASKED_OF_A_GUARDIAN}
KEYS = {
    "columns": ASKED
    | {"beside_first_name", "first_name_of_guardian", "name", "one_last_name", "external_id_of_student"}
    | {"whole_year", "year_alone"},
    "whose": {"student", "student_alone", "guardian", "mother", "father", "family", "first", "second", "linking"},
    "unread": {"secret", "not_kept", "number_sign"},
    "yes_or_no": {"yes", "no"},
    "kinds": set(Person.Kind.values),
    "languages": {"en", "es", "ca", "it", "pl", "sv"},
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_key_of_a_file_is_known_and_its_words_are_written_as_they_are_compared(path):
    sections = tomllib.loads(path.read_text(encoding="utf-8"))
    assert sections.keys() <= KEYS.keys()
    for section, keys in sections.items():
        assert keys.keys() <= KEYS[section]
        for listed in keys.values():
            assert listed == [without_accents(word) for word in listed]
            assert len(listed) == len(set(listed))


@pytest.mark.parametrize("section", ["yes_or_no", "kinds", "languages"])
def test_a_word_of_a_cell_means_one_thing_whatever_the_language(section):
    for word, key in meanings(section).items():
        assert {each for each in KEYS[section] if word in words(section, each)} == {key}


def test_there_are_words_for_every_column_that_the_page_offers():
    known_by_cells_alone = {"", "group_letter"}
    own = {field for field in FIELDS if not field.startswith("guardian")}
    of_guardians = {field.partition("_")[2] for field in FIELDS if field.startswith("guardian")}
    assert own - known_by_cells_alone == {*ASKED_FIRST, *ASKED_OF_WHOM_THE_ROW_IS}
    assert of_guardians == set(ASKED_OF_A_GUARDIAN)
    assert [field for field in ASKED if not words("columns", field)] == []
