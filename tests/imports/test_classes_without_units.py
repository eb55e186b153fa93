"""A class that a file names without its unit is the one on record, and where it may be several, nobody is guessed."""

import pytest

from apps.organizations.models import Unit
from apps.organizations.scoping import in_organization
from apps.recipients.models import AcademicYear, Enrolment, Group, Person
from apps.rosters.facts import StagedEnrolment, StagedGroup, StagedPlaces, StagedUnit
from tests.imports.facts import a_source, compared, loaded, student
from tests.rosters.rosters import facts_of, written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scoped")]
NAME = "2º Primaria A"


def a_class(unit: str, year: str = "2026-27", name: str = NAME) -> Group:
    first = int(year[:4])
    days = {"starts_on": f"{first}-09-01", "ends_on": f"{first + 1}-06-30"}
    found, _new = AcademicYear.objects.get_or_create(name=year, defaults=days)
    return Group.objects.create(name=name, year=found, unit=a_unit(unit) if unit else None)


def a_unit(name: str) -> Unit:
    return Unit.objects.get_or_create(name=name)[0]


def rows(*numbers: str, **more):
    lines = [["ID", "First name", "Last name", "Class"], *([each, f"N{each}", "Puig", NAME] for each in numbers)]
    return facts_of(written(lines), year="2026-27", **more)


def classes() -> list[tuple[str, str, str]]:
    names = Enrolment.objects.order_by("person__external_id")
    return [(each.person.external_id, str(each.group.unit or ""), each.group.year.name) for each in names]


@pytest.mark.feature("S0.14")
def test_the_only_class_of_a_name_in_the_year_is_meant_whatever_its_unit():
    a_class("Primaria"), a_class("Secundaria", "2025-26"), a_class("Secundaria", name="2º Primaria B")
    for _night in range(2):
        assert loaded(rows("1")).counts["groups"] == 0
    assert classes() == [("1", "Primaria", "2026-27")]
    assert Group.objects.count() == 3


def test_a_class_that_no_unit_has_is_new_and_stays_without_one():
    a_class("Primaria", "2025-26")
    assert [loaded(rows("1")).counts["groups"] for _night in range(2)] == [1, 0]
    a_class("Primaria")
    assert loaded(rows("1")).mistakes == []
    assert classes() == [("1", "", "2026-27")]


def test_a_row_without_its_unit_is_in_the_class_that_the_other_rows_say():
    lines = [["ID", "Name", "Class", "Unit"], ["1", "Aina Puig", NAME, "Primaria"], ["2", "Nil Roca", NAME, ""]]
    assert loaded(facts_of(written(lines), year="2026-27")).counts["groups"] == 1
    assert classes() == [("1", "Primaria", "2026-27"), ("2", "Primaria", "2026-27")]


def test_of_several_the_own_unit_of_the_student_or_the_class_on_record_decides_and_else_it_is_a_mistake():
    first, second = a_class("Primaria"), a_class("Secundaria")
    Person.objects.create(kind="student", external_id="1", first_name="N1", last_name="Puig", unit=first.unit)
    known = Person.objects.create(kind="student", external_id="2", first_name="N2", last_name="Puig")
    Enrolment.objects.create(person=known, group=second)
    outcome = loaded(rows("1", "2", "3"))
    (mistake,) = outcome.mistakes
    assert (mistake.row, mistake.column, mistake.value, mistake.is_fatal) == (4, "Class", NAME, False)
    assert "is in Primaria, Secundaria, and nothing says which" in mistake.message
    assert classes() == [("1", "Primaria", "2026-27"), ("2", "Secundaria", "2026-27")]
    assert (Group.objects.count(), Person.objects.count()) == (2, 3)


def with_units(*units: str, numbers: bool = False) -> list:
    """The facts of students 1, 2, ..., each in the class of the one name in one of these units."""
    facts: list = []
    for number, unit in enumerate(units, start=1):
        key = f"{NAME} {unit}"
        facts += student(str(number), f"N{number}")
        facts += [StagedUnit(f"u-{unit}", unit)] if numbers and unit else []
        facts.append(StagedGroup(key, "class", NAME, unit, "2026-27", f"c-{unit}" if numbers else ""))
        facts.append(StagedEnrolment(str(number), key))
    return facts


@pytest.mark.feature("S0.14")
@pytest.mark.parametrize("numbers", [False, True])
def test_a_class_without_a_unit_gets_the_one_that_the_file_names(numbers):
    source, known = a_source(), a_class("")
    a_class("", "2025-26"), a_class("", name="2º Primaria B")
    for night in range(2):
        counts = loaded(with_units("Primaria", "Primaria", numbers=numbers), source).counts
        assert (counts["groups"], counts["in_passing"]) == (0, 0 if night else 1 + numbers)
    assert classes() == [("1", "Primaria", "2026-27"), ("2", "Primaria", "2026-27")]
    known.refresh_from_db()
    assert (str(known.unit), known.external_id) == ("Primaria", "c-Primaria" if numbers else "")
    assert Group.objects.filter(unit=None).count() == 2


def test_a_comparison_gives_no_unit():
    known = a_class("")
    assert compared(with_units("Primaria")).counts["in_passing"] == 1
    known.refresh_from_db()
    assert known.unit is None


def test_rows_without_a_unit_are_in_the_same_class():
    a_class("")
    for _night in range(2):
        assert loaded(with_units("Primaria", "")).counts["groups"] == 0
    assert classes() == [("1", "Primaria", "2026-27"), ("2", "Primaria", "2026-27")]
    assert Group.objects.count() == 1


def test_of_a_name_in_two_units_each_is_a_class_of_its_own():
    known, source = a_class(""), a_source()
    new = [loaded(with_units("Primaria", "Secundaria"), source).counts["groups"] for _night in range(2)]
    assert new == [2, 0]
    assert classes() == [("1", "Primaria", "2026-27"), ("2", "Secundaria", "2026-27")]
    known.refresh_from_db()
    assert known.unit is None


def test_where_a_class_of_the_name_has_a_unit_already_the_one_without_stays_so():
    known = a_class("")
    a_class("Primaria")
    assert [loaded(with_units("Secundaria")).counts["groups"] for _night in range(2)] == [1, 0]
    known.refresh_from_db()
    assert known.unit is None
    assert Group.objects.count() == 3


def test_a_class_of_another_number_is_another_class():
    Group.objects.filter(pk=a_class("").pk).update(external_id="other")
    assert [loaded(with_units("Primaria", numbers=True)).counts["groups"] for _night in range(2)] == [1, 0]
    assert Group.objects.get(external_id="other").unit is None


def test_a_class_that_is_known_by_its_number_gets_its_unit():
    Group.objects.filter(pk=a_class("", name="2A").pk).update(external_id="c-Primaria")
    assert [loaded(with_units("Primaria", numbers=True)).counts["groups"] for _night in range(2)] == [0, 0]
    assert [(str(each.unit), each.name) for each in Group.objects.all()] == [("Primaria", NAME)]


def test_the_class_of_another_organisation_gets_no_unit(other_school):
    with in_organization(other_school):
        theirs = a_class("")
    assert loaded(with_units("Primaria")).counts["groups"] == 1
    with in_organization(other_school):
        theirs.refresh_from_db()
        assert theirs.unit is None


def test_whose_class_is_not_settled_is_not_taken_out_of_another():
    source = a_source()
    loaded(student("1", "Aina", group="1A", year="2026-27"), source)
    a_class("Primaria"), a_class("Secundaria")
    columns = StagedPlaces(0, "", "ID", "Class")
    group = StagedGroup("g", "class", NAME, "", "2026-27")
    outcome = loaded([*student("1", "Aina"), columns, group, StagedEnrolment("1", "g", place=columns.at(2))], source)
    assert [mistake.row for mistake in outcome.mistakes] == [2]
    assert [each.group.name for each in Enrolment.objects.all()] == ["1A"]
