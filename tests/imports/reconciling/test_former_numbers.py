"""Two with a number each were merged: in the nights after, the rows of both numbers are of one person."""

import pytest

from apps.organizations.scoping import in_organization
from apps.recipients.forms import PersonForm
from apps.recipients.merging import merge
from apps.recipients.models import ContactPoint, FormerNumber, Person
from apps.recipients.searching import narrowed
from apps.rosters.facts import StagedEnrolment, StagedGuardianship, StagedPerson
from tests import people
from tests.imports import test_oneroster_nightly as oneroster
from tests.imports.facts import a_source, compared, email, guardian, loaded, student
from tests.imports.reconciling.test_comparing_and_loading import on_record
from tests.reading import one_line
from tests.rosters.rosters import facts_of, written, zipped
from tests.rosters.test_oneroster import ROSTER, USERS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scoped")]

AINA = [*student("1", "Aina", "Puig", "5A"), *email("1", "aina@x.example")]
AINA += guardian("g1", "1", "Marta Serra", "m@x.example")
AGAIN = [*student("4711", "Ainoa", "Roca", "6B"), *email("4711", "ainoa@x.example")]
AGAIN += guardian("g2", "4711", "Joan Roca", "j@x.example")
# Without them too many would leave at once.
OTHERS = [fact for number in range(90, 99) for fact in student(str(number), f"Nil{number}", "Vidal", "1C")]
BOTH = [*AGAIN, *AINA, *OTHERS]
NOTHING = (
    "created",
    "changed",
    "returned",
    "withdrawn",
    "addresses",
    "addresses_removed",
    "guardianships",
    "conflicts",
)
NOTHING += ("enrolments", "guardianships_removed", "enrolments_removed", "mistakes", "left_out")


def merged_by_number(stays: str, goes: str, *of_gone: str) -> Person:
    pair = (Person.objects.get(external_id=number) for number in (stays, goes))
    return merge(*pair, set(of_gone), None)


@pytest.fixture
def source():
    source = a_source()
    loaded(BOTH, source)
    return source


@pytest.fixture
def aina(source):
    return merged_by_number("1", "4711")


def changes(facts, source, coverage: str = "bulk") -> dict:
    counts = loaded(facts, source, coverage).counts
    return {name: counts[name] for name in NOTHING if counts[name]}


@pytest.mark.feature("B8")
@pytest.mark.parametrize("facts", [BOTH, [*AINA, *AGAIN, *OTHERS]], ids=["the former first", "the present first"])
def test_two_nights_after_a_merge_change_nothing_however_they_are_called(source, aina, facts):
    before = on_record()
    for _night in range(2):
        planned = compared(facts, source)
        assert planned.mistakes == []
        assert changes(facts, source) == {}
    assert on_record() == before
    assert {group.group.name for group in aina.enrolments.all()} == {"5A", "6B"}
    assert {pair.guardian.first_name for pair in aina.guardianships.all()} == {"Marta", "Joan"}


def test_what_the_rows_of_both_say_comes_to_the_one(source, aina):
    more = [*email("4711", "more@x.example"), *guardian("g3", "4711", "Pau Roca", "p@x.example")]
    more += [StagedPerson("4711", "student", "4711", "X1", "Ainoa", "Roca", "ca"), StagedEnrolment("4711", "1C ")]
    assert changes([*BOTH, *more], source) == {
        "created": 1,
        "changed": 1,
        "addresses": 2,
        "guardianships": 1,
        "enrolments": 1,
    }
    aina.refresh_from_db()
    assert (aina.full_name, aina.document, aina.language, aina.external_id) == ("Aina Puig", "X1", "ca", "1")
    assert aina.enrolments.count() == 3
    assert changes([*BOTH, *more], source) == {}


def test_the_row_of_the_present_number_counts_before_that_of_a_former(source, aina):
    facts = [StagedPerson("4711", "student", "4711", "X1", "Ainoa", "Roca", "ca")]
    facts += [StagedPerson("1", "student", "1", "Y2", "Aina", "Puig Serra", "es"), *BOTH]
    assert changes(facts, source) == {"changed": 1}
    aina.refresh_from_db()
    assert (aina.full_name, aina.document, aina.language) == ("Aina Puig Serra", "Y2", "es")


def test_whoever_stands_only_with_a_former_number_stays_as_she_is(source, aina):
    assert changes([*AGAIN, *OTHERS, *guardian("g1", "4711", "Marta Serra", "m@x.example")], source) == {
        "addresses_removed": 1,
        "enrolments_removed": 1,
    }
    aina.refresh_from_db()
    assert (aina.active, aina.full_name, aina.external_id) == (True, "Aina Puig", "1")
    assert Person.objects.count() == 12


def test_spelt_in_a_third_way_she_is_the_same(source, aina):
    again = [each._replace(first_name="Ainhoa") if "Ainoa" in each else each for each in BOTH]
    assert again != BOTH
    assert changes(again, source) == {}


def test_a_former_number_given_to_somebody_else_is_a_mistake(source, aina):
    stranger = [*student("4711", "Olga", "Vila", "6B"), *email("4711", "olga@x.example")]
    for facts in (
        [*stranger, *AINA, *OTHERS],
        [*stranger, *OTHERS, *guardian("g", "90", "Marta Serra", "m@x.example")],
    ):
        outcome = compared(facts, source)
        assert outcome.counts["created"] == 0
        assert [mistake.value for mistake in outcome.mistakes] == ["4711"]
        assert "4711" in outcome.mistakes[0].message
    loaded([*stranger, *AINA, *OTHERS], source, allow_withdrawing=True)
    assert not ContactPoint.objects.filter(normalized="olga@x.example").exists()
    aina.refresh_from_db()
    assert (aina.active, aina.full_name) == (True, "Aina Puig")
    assert Person.objects.count() == 12


def test_changes_alone_name_her_by_either_number(source, aina):
    facts = [*guardian("new", "4711", "Pau Roca", "p@x.example"), StagedEnrolment("4711", "1C "), *OTHERS]
    assert changes(facts, source, "delta") == {"created": 1, "addresses": 1, "guardianships": 1, "enrolments": 1}
    assert aina.guardianships.filter(guardian__first_name="Pau").exists()
    assert changes([StagedGuardianship("4711", "g9"), *OTHERS], source, "delta") == {"mistakes": 1}


@pytest.mark.parametrize("coverage", ["bulk", "delta"])
def test_that_the_second_record_was_deleted_takes_nobody_away(source, aina, coverage):
    gone = [*student("4711", "Ainoa", "Roca", status="gone"), *email("4711", "other@x.example")]
    facts = [*gone, *(AINA if coverage == "bulk" else [])]
    moved = [*guardian("g2", "1", "Joan Roca", "j@x.example"), StagedEnrolment("1", "6B "), *AGAIN[1:2], *OTHERS]
    counts = changes([*facts, *moved, *email("1", "ainoa@x.example")], source, coverage)
    assert {name: counts.get(name, 0) for name in ("created", "changed", "withdrawn")} == dict.fromkeys(
        ("created", "changed", "withdrawn"), 0
    )
    aina.refresh_from_db()
    assert aina.active
    assert not aina.contact_points.filter(normalized="other@x.example").exists()


def test_the_number_of_whoever_goes_may_be_the_one_that_stays(source):
    aina = merged_by_number("1", "4711", "external_id")
    assert aina.external_id == "4711"
    assert [str(number) for number in aina.former_numbers.all()] == ["1"]
    for _night in range(2):
        assert changes(BOTH, source) == {}
    aina.refresh_from_db()
    assert aina.full_name == "Aina Puig"


def test_who_keeps_no_number_is_found_by_the_former(source):
    Person.objects.filter(external_id="1").update(external_id="", import_source=None)
    kept, gone = Person.objects.get(first_name="Aina"), Person.objects.get(external_id="4711")
    kept = merge(kept, gone, set(), None)
    assert kept.external_id == ""
    facts = [*AGAIN, *OTHERS]
    assert changes(facts, None, "delta") == {"addresses_removed": 1}
    assert changes(facts, None, "delta") == {}
    kept.refresh_from_db()
    assert (kept.full_name, kept.external_id) == ("Aina Puig", "")


def test_three_are_one_after_two_merges(source):
    loaded([*BOTH, *student("5", "Aina", "Puig", "7C")], source)
    merged_by_number("4711", "5")
    aina = merged_by_number("1", "4711")
    assert [str(number) for number in aina.former_numbers.all()] == ["4711", "5"]
    for _night in range(2):
        assert changes([*student("5", "Aina", "Puig", "7C"), *BOTH], source) == {}


def test_the_former_number_of_another_school_means_nothing(source, aina, other_school):
    with in_organization(other_school):
        theirs = a_source()
        assert loaded(BOTH, theirs).counts["created"] == 13
        assert loaded(BOTH, theirs).counts["unchanged"] == 13
        assert not FormerNumber.objects.exists()
        assert Person.objects.filter(external_id__in=("1", "4711")).count() == 2
    assert changes(BOTH, source) == {}


def table(*rows: str) -> list:
    names = ["Number", "First name", "Last name", "Type", "Email", "Class"]
    return facts_of(written([names, *(row.split(",") for row in rows)]))


def test_a_table_with_both_numbers(scoped):
    source = a_source(most_withdrawn=50)
    rows = ("4711,Ainoa,Roca,Student,ainoa@x.example,6B", "1,Aina,Puig,Student,aina@x.example,5A")
    assert loaded(table(*rows), source).counts["created"] == 2
    merged_by_number("1", "4711")
    for _night in range(2):
        assert changes(table(*rows), source) == {}
    assert changes(table(rows[0]), source) == {"addresses_removed": 1, "enrolments_removed": 1}
    assert Person.objects.get().active


def test_oneroster_with_both_numbers(scoped):
    source = a_source(format="oneroster", most_withdrawn=50)
    files = ROSTER | {"users.csv": USERS + "s9,,,true,o1,student,,,Ainoa,Roca,,9,,,,g2,5,\n"}
    oneroster.loaded(zipped(files), source)
    aina = merged_by_number("s1", "s9")
    for _night in range(2):
        again = oneroster.loaded(zipped(files), source)
        assert {name: again.counts[name] for name in NOTHING if again.counts[name]} == {}
    only = {name: text.replace(",s1,", ",s9,") for name, text in files.items()}
    only["users.csv"] = "".join(row for row in files["users.csv"].splitlines(keepends=True) if row[:3] != "s1,")
    oneroster.loaded(zipped(only), source)
    assert Person.objects.get(pk=aina.pk).active
    assert Person.objects.filter(kind="student").count() == 1


def test_the_record_shows_the_former_number_and_is_found_by_it(aina, office_client, school):
    page = one_line(office_client.get(school.url("recipients:person", aina.pk)).text)
    assert "<code>1</code> (also <code>4711</code>)" in page
    assert list(narrowed(Person.objects.all(), "4711")) == [aina]
    aina.delete()
    assert not FormerNumber.objects.exists()


def numbered(person: Person, number: str) -> PersonForm:
    data = {"first_name": person.first_name, "last_name": person.last_name, "active": "on", "external_id": number}
    return PersonForm(data, instance=Person.objects.get(pk=person.pk))


def test_nobody_is_given_the_former_number_of_somebody_else(aina):
    form = numbered(people.student("Olga Vila"), "4711")
    assert form.errors == {
        "external_id": ["Aina Puig had this number before a merge, and imports still know Aina Puig by it."]
    }


def test_the_former_number_may_become_the_present_one_again(source, aina):
    form = numbered(aina, "4711")
    assert form.is_valid(), form.errors
    form.save()
    aina.refresh_from_db()
    assert aina.external_id == "4711"
    assert [str(number) for number in aina.former_numbers.all()] == ["1"]
    assert changes(BOTH, source) == {}
    assert Person.objects.get(pk=aina.pk).full_name == "Aina Puig"
