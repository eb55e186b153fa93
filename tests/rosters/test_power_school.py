"""A contact of PowerSchool is one person, however many rows the export has of it."""

import pytest

from apps.rosters.facts import Coverage, Mistake, Remark, StagedContact, StagedGuardianship, StagedPerson
from apps.rosters.readers import detect
from apps.rosters.refusing import FileRefused
from tests.rosters.rosters import facts_of, mistakes, of, written

HEADER = ["Contact ID", "First Name", "Last Name", "Gender", "Phone Number (As Entered)", "Email Address"]
HEADER += ["Student Number", "Student Name", "Relationship Type", "Contact Is Active"]
ROWS = [
    ["12", "Marta", "Serra", "F", "600 123 456", "marta@x.example", "7", "Puig, Aina", "Mother", "1"],
    ["12", "", "", "", "911 234 567", "", "8", "Puig, Pau", "Mother", "1"],
    ["", "", "", "", "", "work@x.example", "", "", "", ""],
    ["13", "Joan", "Puig", "M", "", "joan@x.example", "7", "Puig, Aina", "Father", "0"],
    ["13", "Joan", "Puig", "", "", "joan@x.example", "9", "", "Uncle", ""],
]


def export(rows: list[list[str]], header: list[str] = HEADER) -> bytes:
    return written([header, *rows])


@pytest.mark.feature("S0.14")
def test_the_rows_of_a_contact_are_one_person_with_all_numbers_and_students():
    facts = facts_of(export(ROWS))
    assert facts[0] == Coverage("delta")
    assert [(each.kind, each.external_id, each.first_name) for each in of(StagedPerson, facts)] == [
        ("guardian", "contact-12", "Marta"),
        ("student", "7", "Aina"),
        ("student", "8", "Pau"),
        ("guardian", "contact-13", "Joan"),
        ("student", "7", "Aina"),
    ]
    assert [(each.person_key, each.normalized) for each in of(StagedContact, facts)] == [
        ("contact-12", "+34600123456"),
        ("contact-12", "marta@x.example"),
        ("contact-12", "+34911234567"),
        ("contact-12", "work@x.example"),
        ("contact-13", "joan@x.example"),
    ]
    assert of(StagedGuardianship, facts) == [
        StagedGuardianship("7", "contact-12", "Mother"),
        StagedGuardianship("8", "contact-12", "Mother"),
        StagedGuardianship("7", "contact-13", "Father", "gone"),
        StagedGuardianship("9", "contact-13", "Uncle"),
    ]
    assert not mistakes(facts)


def test_who_is_to_get_no_mail_is_told_for_it_is_not_acted_on():
    header = [*HEADER, "Receives Mail", "Is Custodial"]
    rows = [[*row, "0" if row[0] == "13" else "1", "TRUE"] for row in ROWS]
    (told,) = of(Remark, facts_of(export(rows, header)))
    assert (told.row, told.column) == (5, "Receives Mail")
    assert told.message.startswith("2 rows say no here, and the contacts get mail all the same.")


def test_headings_may_come_in_any_order_and_spelling():
    order = [6, 2, 0, 5, 1]
    header = ["student_number", "LAST NAME", "contactID", "emailAddress", "firstName"]
    facts = facts_of(written([header, *([row[place] for place in order] for row in ROWS)], ";"))
    assert {(each.student_key, each.guardian_key) for each in of(StagedGuardianship, facts)} == {
        ("7", "contact-12"),
        ("8", "contact-12"),
        ("7", "contact-13"),
        ("9", "contact-13"),
    }


def test_what_follows_a_contact_without_a_name_is_not_given_to_the_one_before():
    rows = [ROWS[0], ["14", "", "", "", "", "lost@x.example", "7", "", "", ""], ["", *ROWS[2][1:]]]
    facts = facts_of(export(rows))
    assert [(each.row, each.column) for each in of(Mistake, facts)] == [(3, ""), (4, "Contact ID")]
    assert [each.value for each in of(StagedContact, facts)] == ["600 123 456", "marta@x.example"]


def test_the_export_may_be_declared_to_hold_everybody():
    assert facts_of(export(ROWS), coverage="bulk")[0] == Coverage("bulk")


def test_the_format_is_found_out_by_its_columns():
    assert detect(export(ROWS), "contacts.csv") == "power_school"
    assert detect(written([["Student ID", "Name"], ["1", "Aina"]]), "people.csv") == "table"
    with pytest.raises(FileRefused, match="no column lastname"):
        facts_of(written([["Contact ID", "Student Number"], ["1", "7"]]))
