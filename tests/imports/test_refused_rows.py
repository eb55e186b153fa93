"""Of a row that is refused nobody is created, and a number is whoever's it is by his own row."""

import pytest

from apps.imports.reconciling.comparing_and_loading import Outcome, load
from apps.recipients.models import Guardianship, Person
from tests.imports.facts import a_run, loaded, student
from tests.rosters.rosters import facts_of, written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scoped")]
HEADER = ["ID", "First name", "Last name", "Guardian 1 ID", "Guardian 1 name", "Guardian 1 email"]


def read(*rows: list[str]) -> Outcome:
    return load(a_run(), facts_of(written([HEADER, *rows])))


def people() -> list[tuple[str, str]]:
    return sorted(Person.objects.values_list("first_name", "kind"))


@pytest.mark.feature("S0.14")
def test_the_guardians_of_a_refused_student_are_not_created():
    loaded(student("1", "Aina", "Puig"))
    outcome = read(["1", "Nil", "Roca", "", "Ada Roca", "ada@x.example"], ["2", "Eva", "Gil", "", "Ana Gil", ""])
    assert [mistake.row for mistake in outcome.mistakes] == [2]
    assert people() == [("Aina", "student"), ("Ana", "guardian"), ("Eva", "student")]
    assert outcome.counts["addresses"] == 0


def test_whom_another_row_names_is_created_and_whom_the_record_has_stays():
    loaded(student("1", "Aina", "Puig"))
    brother = ["2", "Pau", "Roca", "", "Ada Roca", "ada@x.example"]
    read(["1", "Nil", "Roca", "", "Ada Roca", "ada@x.example"], brother)
    assert people() == [("Ada", "guardian"), ("Aina", "student"), ("Pau", "student")]
    assert read(["1", "Nil", "Roca", "", "Ada Roca", "ada@x.example"]).counts["unchanged"] == 1
    assert Guardianship.objects.get().student.first_name == "Pau"


def test_a_guardian_with_a_row_is_created_though_the_student_is_refused():
    loaded(student("1", "Aina", "Puig"))
    header = ["ID", "Name", "Type", "Guardian 1 ID", "Guardian 1 name"]
    rows = [header, ["90", "Ada Roca", "guardian", "", ""], ["1", "Nil Roca", "student", "90", "Ada Roca"]]
    load(a_run(), facts_of(written(rows)))
    assert people() == [("Ada", "guardian"), ("Aina", "student")]


@pytest.mark.parametrize("is_first", [True, False])
def test_who_has_a_row_as_a_student_stays_a_student_and_guards_no_other(is_first):
    rows = [["LO1", "Aina", "Puig", "LO2", "Pau Puig", ""], ["LO2", "Pau", "Puig", "", "", ""]]
    for _night in range(2):
        outcome = read(*rows if is_first else reversed(rows))
        (mistake,) = outcome.mistakes
        assert (mistake.row, mistake.column) == (2 if is_first else 3, "Guardian 1 ID")
        assert mistake.message == "Pau Puig is a student here, and cannot be the guardian of Aina Puig. Left out."
    assert people() == [("Aina", "student"), ("Pau", "student")]
    assert not Guardianship.objects.exists()


def test_a_student_on_record_guards_no_other_though_the_file_has_no_row_of_his():
    loaded(student("LO2", "Pau", "Puig"))
    outcome = read(["LO1", "Aina", "Puig", "LO2", "Pau Puig", ""])
    assert [(mistake.row, mistake.column) for mistake in outcome.mistakes] == [(2, "Guardian 1 ID")]
    assert people() == [("Aina", "student"), ("Pau", "student")]
    assert not Guardianship.objects.exists()


@pytest.mark.parametrize("nights", [1, 2])
def test_a_number_is_the_students_who_has_a_row_and_not_the_guardians_before(nights):
    for _night in range(nights):
        outcome = read(["LO1", "Aina", "Puig", "LO2", "Marta Serra", ""], ["LO2", "Pau", "Roca", "", "", ""])
    (mistake,) = outcome.mistakes
    assert (mistake.row, mistake.value) == (2, "LO2")
    assert "LO2 stands in this file for Pau Roca too" in mistake.message
    assert people() == [("Aina", "student"), ("Pau", "student")]


def test_a_teacher_with_children_at_the_school_stays_a_teacher():
    header = ["ID", "Name", "Type", "Guardian 1 ID", "Guardian 1 name"]
    rows = [header, ["1", "Aina Puig", "student", "T1", "Ada Roca"], ["T1", "Ada Roca", "teacher", "", ""]]
    outcome = load(a_run(), facts_of(written(rows)))
    assert outcome.mistakes == []
    assert people() == [("Ada", "staff"), ("Aina", "student")]
    assert Guardianship.objects.get().guardian.first_name == "Ada"
