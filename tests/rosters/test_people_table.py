"""Any single table says by its mapping who is who; what is wrong in a cell costs the cell, not the family."""

import io
import random
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from apps.rosters.facts import (
    Coverage,
    Mistake,
    StagedConsent,
    StagedContact,
    StagedEnrolment,
    StagedGroup,
    StagedGuardianship,
    StagedPerson,
    StagedPlaces,
)
from apps.rosters.guessing_columns import guess_mapping
from apps.rosters.refusing import FileRefused
from tests.rosters.rosters import facts_of, mistakes, of, written

HEADER = ["ID", "First name", "Last name", "Class", "Email", "Guardian 1 name", "Guardian 1 email", "Guardian 1 phone"]
FAMILY = ["7", "Aina", "Puig", "5A", "aina@x.example", "Marta Serra", "Marta@X.example", "600 123 456"]


def table(*rows: list[str], header: list[str] = HEADER) -> bytes:
    return written([header, *rows])


@pytest.mark.feature("S0.14")
def test_a_row_is_a_student_with_class_and_guardian():
    assert facts_of(table(FAMILY), year="2026-27") == [
        Coverage("bulk"),
        classes := StagedPlaces(0, "", "ID", "Class"),
        guardians := StagedPlaces(101, "", "ID", "Guardian 1 name"),
        StagedPerson("7", "student", "7", "", "Aina", "Puig", row=2),
        StagedContact("7", "email", "own", "aina@x.example", "aina@x.example"),
        StagedGroup("\n5A", "class", "5A", "", "2026-27"),
        StagedEnrolment("7", "\n5A", place=classes.at(2)),
        StagedPerson("row 2 guardian 101", "guardian", "", "", "Marta", "Serra", row=2),
        StagedContact("row 2 guardian 101", "email", "own", "Marta@X.example", "marta@x.example"),
        StagedContact("row 2 guardian 101", "phone", "own", "600 123 456", "+34600123456"),
        StagedGuardianship("7", "row 2 guardian 101", place=guardians.at(2)),
    ]


def test_a_class_and_its_letter_may_stand_in_two_columns():
    rows = [["1", "Aina Puig", "1º ESO", "A"], ["2", "Pau Gil", "2º ESO A", "A"], ["3", "Leo Mas", "1º ESO", "O"]]
    rows += [["4", "Ona Roig", "1º ESO", ""], ["5", "Pol Serra", "", "B"], ["6", "Nil Vila", "5A", "a"]]
    header = ["ID", "Alumno", "Curso", "Grupo"]
    assert guess_mapping(header, rows) == ["external_id", "full_name", "group", "group_letter"]
    fields = ["external_id", "full_name", "group", "group_letter"]
    facts = facts_of(written([header, *rows]), fields=fields)
    assert [group.name for group in of(StagedGroup, facts)] == ["1º ESO A", "2º ESO A", "1º ESO O", "1º ESO", "5A"]


def test_four_guardians_with_documents_in_columns():
    header, row = ["ID", "Name"], ["1", "Aina Puig"]
    for number in range(1, 5):
        header += [f"Guardian {number} name", f"Guardian {number} DNI", f"Guardian {number} relation"]
        row += [f"Parent Number{number}", f"1234567{number}-z", "tutor"]
    facts = facts_of(table(row, header=header))
    guardians = [person for person in of(StagedPerson, facts) if person.kind == "guardian"]
    assert [person.document for person in guardians] == [f"1234567{number}Z" for number in range(1, 5)]
    assert [pair.relation for pair in of(StagedGuardianship, facts)] == ["tutor"] * 4


def test_document_consents_and_leaving_have_columns():
    header = ["ID", "Name", "DNI", "Left on", "Accepts commercial mail", "Photographs", "Communication email"]
    tomorrow = timezone.localdate() + timedelta(days=1)
    rows = [
        ["1", "Aina Puig", "x-1234567-l", "30/6/2020", "yes", "no", "a@x.example; b@x.example"],
        ["2", "Pau Puig", "", tomorrow.isoformat(), "", "", ""],
        ["3", "Nil Puig", "", "sí", "", "sí", ""],
    ]
    facts = facts_of(table(*rows, header=header))
    people = of(StagedPerson, facts)
    assert [(each.document, each.status) for each in people] == [("X1234567L", "gone"), ("", "here"), ("", "gone")]
    assert of(StagedConsent, facts) == [
        StagedConsent("1", "commercial", True),
        StagedConsent("1", "photographs", False),
        StagedConsent("3", "photographs", True),
    ]
    assert [(each.purpose, each.value) for each in of(StagedContact, facts)] == [
        ("communication", "a@x.example"),
        ("communication", "b@x.example"),
    ]


def test_a_wrong_cell_is_a_mistake_and_the_row_is_read_without_it():
    facts = facts_of(table([*FAMILY[:4], "no-at-sign", *FAMILY[5:7], "6,13E+08"]))
    wrong = of(Mistake, facts)
    assert [(each.row, each.column, each.value, each.is_fatal) for each in wrong] == [
        (2, "Email", "no-at-sign", False),
        (2, "Guardian 1 phone", "6,13E+08", False),
    ]
    assert "spreadsheet has cut" in wrong[1].message
    assert [person.first_name for person in of(StagedPerson, facts)] == ["Aina", "Marta"]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("6.00123456E+08", "+34600123456"),
        ("6,00123456e8", "+34600123456"),
        ("600123456.0", "+34600123456"),
        ("6.001E+08", None),
        ("6E8", None),
    ],
)
def test_a_number_that_a_spreadsheet_has_cut_is_no_other_number(cell, number):
    facts = facts_of(table([*FAMILY[:7], cell]))
    assert [each.normalized for each in of(StagedContact, facts) if each.channel == "phone"] == [number] * bool(number)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (["7", "", "", "5A", "", "", "", ""], "no name"),
        (["7", "A" * 201, "Puig", "5A", "", "", "", ""], "201 characters"),
        (["7", "Ai\x07na", "Puig", "5A", "", "", "", ""], "invisible"),
        (["7", "Aina"], "2 cells"),
        ([*FAMILY, "more"], "9 cells"),
    ],
)
def test_a_row_without_a_person_is_left_out_whole(row, sentence):
    facts = facts_of(table(row, FAMILY))
    (wrong,) = of(Mistake, facts)
    assert sentence in wrong.message
    assert (wrong.row, wrong.is_fatal) == (2, True)
    assert {person.row for person in of(StagedPerson, facts)} == {3}


@pytest.mark.feature("S0.14")
def test_a_number_of_another_person_is_left_out_and_a_second_row_of_the_same_person_is_not():
    facts = facts_of(table(FAMILY, FAMILY, ["7", "Pau", "Soler", "", "", "", "", ""]))
    (wrong,) = of(Mistake, facts)
    assert (wrong.row, wrong.column) == (4, "ID")
    assert "stands in row 2 already" in wrong.message
    assert [person.key for person in of(StagedPerson, facts) if person.kind == "student"] == ["7", "7"]


def test_a_mapping_for_other_columns_is_refused():
    with pytest.raises(FileRefused, match="8 columns; its mapping was made for 2"):
        facts_of(table(FAMILY), fields=["first_name", "last_name"])


NAME = st.text(alphabet="aáñłßéøüABŻ' -", min_size=1, max_size=12).map(lambda text: " ".join(f"x{text}x".split()))
EMAIL = st.from_regex(r"[a-z][a-z0-9]{0,8}@[a-z]{1,8}\.example", fullmatch=True)
PHONE = st.integers(600_000_000, 799_999_999)
PERSON = st.tuples(NAME, NAME, EMAIL, PHONE)
FAMILIES = st.lists(st.tuples(PERSON, st.lists(PERSON, max_size=2), NAME), min_size=1, max_size=6)


@pytest.mark.feature("S0.14")
@settings(max_examples=40, deadline=None)
@given(families=FAMILIES, seed=st.integers(0, 2**32), excel=st.booleans())
def test_whatever_goes_in_comes_out_of_any_table(families, seed, excel):
    chance = random.Random(seed)
    names = ["external_id", "first_name", "last_name", "email", "phone", "group"]
    names += [f"guardian{n}_{part}" for n in (1, 2) for part in ("first_name", "last_name", "email", "phone")]
    order = chance.sample(range(len(names)), len(names))
    rows, wanted = [], set()
    for number, (student, guardians, group) in enumerate(families, start=1):
        first, last, email, phone = student
        row = [f"S{number}", first, last, email, str(phone), group]
        wanted |= {(f"S{number}", first, last), (f"S{number}", email), (f"S{number}", f"+34{phone}")}
        wanted.add((f"S{number}", f"\n{group}"))
        for first, last, email, phone in guardians:
            row += [first, last, email, str(phone)]
            wanted |= {(f"S{number}", first, last, email, f"+34{phone}")}
        rows.append(row + [""] * (len(names) - len(row)))
    shuffled = [[row[place] for place in order] for row in [names, *rows]]
    facts = facts_of(spoilt(shuffled, chance, excel), fields=[names[place] for place in order])
    assert not mistakes(facts)
    assert said(facts) == wanted


def spoilt(rows: list[list[str]], chance: random.Random, excel: bool) -> bytes:
    """The rows as a file, with blank rows and spaces around, in some encoding and with some separator."""
    rows = [
        [chance.choice(["", " "]) + cell + chance.choice(["", "  "]) if cell else "" for cell in row] for row in rows
    ]
    for _blank in range(chance.randrange(3)):
        rows.insert(chance.randrange(1, len(rows) + 1), [""] * len(rows[0]))
    if excel:
        workbook = Workbook()
        for row in rows:
            workbook.active.append([int(cell) if cell.strip().isdigit() else cell for cell in row])
        content = io.BytesIO()
        workbook.save(content)
        return content.getvalue()
    encoding, ending = chance.choice(["utf-8", "utf-8-sig", "utf-16"]), chance.choice(["\r\n", "\n"])
    return written(rows, chance.choice(",;\t"), encoding, ending)


def said(facts) -> set[tuple[str, ...]]:
    """What the facts say, without the keys that the reader made up."""
    found: set[tuple[str, ...]] = set()
    people = {person.key: person for person in of(StagedPerson, facts)}
    contacts: dict[str, list[str]] = {}
    for contact in of(StagedContact, facts):
        contacts.setdefault(contact.person_key, []).append(contact.normalized)
    for key, person in people.items():
        if person.kind == "student":
            found.add((key, person.first_name, person.last_name))
            found |= {(key, each) for each in contacts[key]}
    for pair in of(StagedGuardianship, facts):
        guardian = people[pair.guardian_key]
        found.add((pair.student_key, guardian.first_name, guardian.last_name, *contacts[pair.guardian_key]))
    return found | {(each.person_key, each.group_key) for each in of(StagedEnrolment, facts)}


def test_a_day_that_is_none_is_a_mistake():
    header = ["ID", "Name", "Left on"]
    facts = facts_of(table(["1", "Aina Puig", "31.2.2020"], ["2", "Pau Puig", "1.9.20"], header=header))
    assert mistakes(facts) == [("", 2, "Left on")]
    assert [person.status for person in of(StagedPerson, facts)] == ["here", "gone"]


@pytest.mark.feature("S0.14")
def test_a_guardian_with_the_number_of_a_student_never_becomes_that_student():
    header = ["ID", "First name", "Last name", "Guardian 1 ID", "Guardian 1 name", "Guardian 1 email"]
    pau, aina = ["7", "Pau", "Puig", "", "", ""], ["8", "Aina", "Roca", "7", "Marta Serra", "marta@x.example"]
    after = facts_of(table(pau, aina, header=header))
    assert [(each.key, each.first_name) for each in of(StagedPerson, after)] == [("7", "Pau"), ("8", "Aina")]
    assert mistakes(after) == [("", 3, "Guardian 1 ID")]
    # That there is a student of this number, a reader cannot know yet: it is told when all is in.
    before = facts_of(table(aina, pau, header=header))
    people = [(each.key, each.first_name) for each in of(StagedPerson, before)]
    assert people == [("8", "Aina"), ("guardian 7", "Marta"), ("7", "Pau")]
    assert not mistakes(before)


def test_a_word_that_is_no_kind_leaves_the_row_out_and_its_class_stays():
    header = ["ID", "Name", "Type", "Class"]
    rows = [["1", "Aina Puig", "Robot", "5A"], ["2", "Nil Roca", "alumno", "5A"], ["3", "Eva Gil", "", "5A"]]
    facts = facts_of(table(*rows, header=header))
    assert [(each.key, each.kind) for each in of(StagedPerson, facts)] == [("2", "student"), ("3", "student")]
    (wrong,) = of(Mistake, facts)
    assert (wrong.row, wrong.column, wrong.value, wrong.is_fatal) == (2, "Type", "Robot", True)
    assert [group.name for group in of(StagedGroup, facts)] == ["5A"]


def test_a_class_that_stood_first_in_a_row_left_out_is_not_forgotten():
    header = ["ID", "Name", "Class", "Guardian 1 name"]
    facts = facts_of(table(["1", "Aina", "5A", "x" * 201], ["2", "Nil", "5A", ""], header=header))
    assert [(each.name, each.kind) for each in of(StagedGroup, facts)] == [("5A", "class")]


def test_who_is_of_age_and_his_own_guardian_keeps_the_addresses_and_is_named_with_his_row():
    header = ["ID", "First name", "Last name", "Guardian 1 ID", "Guardian 1 name", "Guardian 1 email"]
    sister = ["8", "Aina", "Puig", "7", "Pau Puig", ""]
    facts = facts_of(table(sister, ["7", "Pau", "Puig", "7", "Pau Puig", "pau@x.example"], header=header))
    assert mistakes(facts) == [("", 3, "Guardian 1 ID")]
    assert of(StagedContact, facts) == [StagedContact("7", "email", "own", "pau@x.example", "pau@x.example")]
    assert of(StagedGuardianship, facts) == [StagedGuardianship("8", "guardian 7")]


def test_brothers_share_a_guardian_by_number_however_the_name_is_spelt():
    header = ["ID", "First name", "Last name", "Guardian 1 ID", "Guardian 1 name"]
    rows = [["7", "Pau", "Puig", "90", "Marta Serra"], ["8", "Aina", "Puig", "90", "Marta Serra Vila"]]
    fields = ["external_id", "first_name", "last_name", "guardian1_external_id", "guardian1_full_name"]
    facts = facts_of(table(*rows, header=header), fields=fields)
    assert of(StagedGuardianship, facts) == [
        StagedGuardianship("7", "guardian 90"),
        StagedGuardianship("8", "guardian 90"),
    ]
    assert not mistakes(facts)


@pytest.mark.feature("S0.14")
def test_one_table_has_the_classes_of_two_years():
    header = ["ID", "Name", "Curso académico", "Curso"]
    rows = [["1", "Aina Puig", "2025/2026", "4A"], ["1", "Aina Puig", "2026-27", "5A"], ["2", "Nil Roca", "", "5A"]]
    rows += [["3", "Eva Gil", "Curso 25-26", "5A"], ["4", "Pau Roca", "2025", "4A"], ["5", "Ada Roca", "Year 5", "6A"]]
    facts = facts_of(table(*rows, header=header), year="2026-27")
    groups = {group.key: (group.name, group.year) for group in of(StagedGroup, facts)}
    assert sorted(groups.values()) == [("4A", "2025-26"), ("5A", "2025-26"), ("5A", "2026-27"), ("5A", "2026-27")]
    assert [(each.person_key, *groups[each.group_key]) for each in of(StagedEnrolment, facts)] == [
        ("1", "4A", "2025-26"),
        ("1", "5A", "2026-27"),
        ("2", "5A", "2026-27"),
        ("3", "5A", "2025-26"),
        ("4", "4A", "2025-26"),
    ]
    (wrong,) = of(Mistake, facts)
    assert (wrong.row, wrong.column, wrong.value, wrong.is_fatal) == (7, "Curso académico", "Year 5", False)


def test_a_year_by_itself_is_the_name_where_years_go_with_the_calendar():
    header = ["ID", "Name", "Year", "Class"]
    facts = facts_of(table(["1", "Aina Puig", "2026", "5A"], header=header), year="2025")
    assert [group.year for group in of(StagedGroup, facts)] == ["2026"]


PARENTS = ["ID", "Name"] + [f"Guardian {number} {what}" for number in (1, 2) for what in ("name", "email", "relation")]


def test_a_guardian_told_in_the_same_words_is_read_once_in_whatever_columns():
    nuria = ["Núria Ortega", "nuria@x.example"]
    rows = [["1", "Aina Puig", *nuria, "mother", "", "", ""], ["2", "Nil Puig", "", "", "", *nuria, "aunt"]]
    facts = facts_of(table(*rows, header=PARENTS))
    assert [each.first_name for each in of(StagedPerson, facts)] == ["Aina", "Núria", "Nil"]
    assert [pair[:3] for pair in of(StagedGuardianship, facts)] == [
        ("1", "row 2 guardian 101", "mother"),
        ("2", "row 2 guardian 101", "aunt"),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["Pau Roca", ""], ["Pau Roca", ""]),  # nothing but the name in common
        (["Pau Roca", "pau@x.example"], ["Pau Roca", "pau.roca@x.example"]),
        (["Pau Roca", "pau@"], ["Pau Roca", "pau@"]),  # the mistake is named in both rows
    ],
)
def test_guardians_who_may_be_two_are_both_read(one, other):
    rows = [["1", "Aina Puig", *one, "", "", "", ""], ["2", "Nil Puig", *other, "", "", "", ""]]
    facts = facts_of(table(*rows, header=PARENTS))
    assert [each.first_name for each in of(StagedPerson, facts)] == ["Aina", "Pau", "Nil", "Pau"]
    assert len(of(Mistake, facts)) == 2 * (one[1] == "pau@")


def test_a_guardian_with_the_same_words_the_other_way_round_is_another():
    header = ["ID", "Name", "Guardian 1 first", "Guardian 1 last", "Guardian 1 email", "Guardian 2 last"]
    header += ["Guardian 2 first", "Guardian 2 email"]
    one, other = ["Martín", "Alonso", "casa@x.example"], ["Alonso", "Martín", "casa@x.example"]
    fields = ["external_id", "full_name", "guardian1_first_name", "guardian1_last_name", "guardian1_email"]
    fields += ["guardian2_last_name", "guardian2_first_name", "guardian2_email"]
    rows = [["1", "Aina Puig", *one, "", "", ""], ["2", "Nil Gil", *other, "", "", ""]]
    rows.append(["3", "Eva Gil", "", "", "", *other])  # last name first: the Martín of before
    people = of(StagedPerson, facts_of(table(*rows, header=header), fields=fields))
    assert [(each.first_name, each.last_name) for each in people if each.kind == "guardian"] == [
        ("Martín", "Alonso"),
        ("Alonso", "Martín"),
    ]


def test_the_guardian_of_a_row_left_out_is_read_with_the_next_child():
    header = [*PARENTS, "Class"]
    nuria = ["Núria Ortega", "nuria@x.example", "mother", "", "", ""]
    facts = facts_of(table(["1", "Aina", *nuria, "x" * 201], ["2", "Nil", *nuria, "5A"], header=header))
    assert [each.first_name for each in of(StagedPerson, facts)] == ["Nil", "Núria"]
    assert [pair[:2] for pair in of(StagedGuardianship, facts)] == [("2", "row 3 guardian 101")]


def test_what_is_forgotten_of_a_long_file_is_read_once_more(monkeypatch):
    monkeypatch.setattr("apps.rosters.seen_before._SLOTS", 1)
    families = [["Núria Ortega", "nuria@x.example"], ["Pau Gil", "pau@x.example"], ["Núria Ortega", "nuria@x.example"]]
    rows = [[str(number), "Aina", *family, "", "", "", ""] for number, family in enumerate(families)]
    people = of(StagedPerson, facts_of(table(*rows, header=PARENTS)))
    assert [each.first_name for each in people if each.kind == "guardian"] == ["Núria", "Pau", "Núria"]
