"""What a roster does to the people on record: who is who, what changes, and what a second night leaves as it is."""

import pytest

from apps.organizations.scoping import in_organization
from apps.recipients.models import (
    AcademicYear,
    Consent,
    ConsentChange,
    ContactPoint,
    Enrolment,
    Group,
    Guardianship,
    ImportConflict,
    Person,
)
from apps.recipients.taking_away import end_guardianship
from apps.rosters.facts import (
    Mistake,
    StagedConsent,
    StagedEnrolment,
    StagedGroup,
    StagedGuardianship,
    StagedPerson,
    StagedPlaces,
    StagedYear,
)
from tests.imports.facts import a_source, compared, email, guardian, loaded, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scoped")]

FAMILY = [
    *student("1", "Lucía", "Ferrer Ortega", "5A"),
    *student("2", "Pablo", "Ferrer Ortega", "2B"),
    *student("3", "Aina", "Puig", "5A"),
    *guardian("row2/g1", "1", "Núria Ortega", "nuria@x.example", "+34600123456", "mother"),
    *guardian("row2/g2", "1", "Marc Ferrer", "marc@x.example"),
    *guardian("row3/g1", "2", "Núria Ortega", "nuria@x.example", "+34600123456", "mother"),
]
PAIRS = StagedPlaces(0, "users.csv", "Student", "Guardian")
MODELS = (Person, ContactPoint, Group, Enrolment, Guardianship, AcademicYear, Consent, ConsentChange, ImportConflict)


def on_record() -> list:
    """Every row of every table that an import writes."""
    return [sorted(map(str, model.objects.order_by("pk").values_list())) for model in MODELS]


def addresses(name: str) -> list[str]:
    return [p.normalized for p in ContactPoint.objects.filter(person__first_name=name).order_by("channel", "id")]


def test_siblings_share_their_mother_in_one_file():
    outcome = loaded(FAMILY)
    assert outcome.mistakes == []
    assert (outcome.counts["created"], outcome.counts["enrolments"], outcome.counts["guardianships"]) == (5, 3, 3)
    mother = Person.objects.get(first_name="Núria")
    assert {pair.student.first_name for pair in mother.wardships.all()} == {"Lucía", "Pablo"}
    assert addresses("Núria") == ["nuria@x.example", "+34600123456"]
    assert Person.objects.get(external_id="3").search_name == "puig aina"
    assert ContactPoint.objects.filter(is_primary=True).count() == 3


def _two_families() -> list:
    """A father without an address of two children, and his namesake in another family."""
    return [
        *student("1", "Lucía", "Ferrer Ortega", "5A"),
        *student("2", "Pablo", "Ferrer Ortega", "2B"),
        *student("3", "Aina", "Ferrer Puig", "5A"),
        *guardian("row2/g1", "1", "Núria Ortega", "nuria@x.example"),
        *guardian("row2/g2", "1", "Marc Ferrer"),
        *guardian("row3/g1", "2", "Núria Ortega", "nuria@x.example"),
        *guardian("row3/g2", "2", "Marc Ferrer"),
        *guardian("row4/g1", "3", "Eva Puig", "eva@x.example"),
        *guardian("row4/g2", "3", "Marc Ferrer"),
    ]


def children_of(name: str) -> list[list[str]]:
    """For each person of that first name, the first names of the students."""
    found = Person.objects.filter(first_name=name)
    return sorted(sorted(pair.student.first_name for pair in person.wardships.all()) for person in found)


def test_a_father_without_an_address_is_shared_by_siblings_who_share_their_mother():
    source = a_source()
    loaded(_two_families(), source)
    assert children_of("Marc") == [["Aina"], ["Lucía", "Pablo"]]
    assert loaded(_two_families(), source).counts["unchanged"] == 7
    assert children_of("Marc") == [["Aina"], ["Lucía", "Pablo"]]


def test_a_father_without_an_address_on_record_is_that_of_a_sister_who_comes_later():
    loaded(_two_families())
    sister = [
        *student("4", "Mar", "Ferrer Ortega", "1A"),
        *guardian("row2/g1", "4", "Núria Ortega", "nuria@x.example"),
        *guardian("row2/g2", "4", "Marc Ferrer"),
    ]
    assert loaded(sister).counts["created"] == 1
    assert children_of("Marc") == [["Aina"], ["Lucía", "Mar", "Pablo"]]


def test_a_guardian_whose_address_stands_empty_in_the_row_of_one_child_stays_one_person():
    source = a_source()
    loaded(FAMILY, source)
    cut = [each for each in FAMILY if getattr(each, "person_key", "") != "row3/g1"]
    counts = loaded(cut, source).counts
    assert (counts["created"], counts["guardianships_removed"], counts["withdrawn"]) == (0, 0, 0)
    assert children_of("Núria") == [["Lucía", "Pablo"]]


def test_guardians_with_two_numbers_are_two_though_siblings_name_them_alike():
    facts = _two_families()
    numbered = [
        each._replace(external_id=f"G-{place}") if type(each) is StagedPerson and each.first_name == "Marc" else each
        for place, each in enumerate(facts)
    ]
    loaded(numbered)
    assert children_of("Marc") == [["Aina"], ["Lucía"], ["Pablo"]]


@pytest.mark.parametrize("name", ["Nuria Ortegas", "Núria María Ortega"])
def test_a_guardian_whose_name_is_mended_stays_the_person_she_was(name):
    source = a_source()
    loaded(FAMILY, source)
    mother = Person.objects.get(first_name="Núria")
    Guardianship.objects.filter(guardian=mother).update(restricted=True)
    first, _space, last = name.rpartition(" ")
    respelt = [
        each._replace(first_name=first, last_name=last) if getattr(each, "first_name", "") == "Núria" else each
        for each in FAMILY
    ]
    counts = loaded(respelt, source).counts
    assert (counts["created"], counts["withdrawn"], counts["changed"], counts["guardianships"]) == (0, 0, 1, 0)
    assert Person.objects.get(pk=mother.pk).last_name == last
    assert Guardianship.objects.filter(guardian=mother, restricted=True).count() == 2


def test_whoever_shares_the_familys_mailbox_under_quite_another_name_is_somebody_else():
    source = a_source(most_withdrawn=50)
    loaded(FAMILY, source)
    other = [
        each._replace(first_name="Eva", last_name="Mas") if getattr(each, "first_name", "") == "Núria" else each
        for each in FAMILY
    ]
    counts = loaded(other, source).counts
    assert (counts["created"], counts["withdrawn"]) == (1, 1)


def test_a_guardian_taken_away_by_hand_does_not_come_back_under_a_mended_name():
    source = a_source()
    loaded(FAMILY, source)
    mother = Person.objects.get(first_name="Núria")
    for pair in Guardianship.objects.filter(guardian=mother):
        end_guardianship(pair)
    respelt = [
        each._replace(first_name="Nurria") if getattr(each, "first_name", "") == "Núria" else each for each in FAMILY
    ]
    counts = loaded(respelt, source).counts
    assert (counts["created"], counts["guardianships"], counts["kept_away"]) == (0, 0, 2)


def test_a_new_guardian_of_the_name_of_a_restricted_one_is_restricted_too():
    source = a_source()
    loaded(FAMILY, source)
    Guardianship.objects.filter(guardian__first_name="Núria", student__external_id="1").update(restricted=True)
    moved = [
        each._replace(value="other@x.example", normalized="other@x.example")
        if getattr(each, "person_key", "") == "row2/g1" and each.channel == "email"
        else each
        for each in FAMILY
        if not (getattr(each, "person_key", "") == "row2/g1" and getattr(each, "channel", "") == "phone")
    ]
    planned = compared(moved, source).counts
    assert (planned["created"], planned["restricted"]) == (1, 1)
    loaded(moved, source)
    pairs = Guardianship.objects.filter(student__external_id="1", guardian__first_name="Núria")
    newest = pairs.latest("pk")
    assert (newest.restricted, newest.restricted_since is not None) == (True, True)
    assert pairs.count() == 2
    assert not Guardianship.objects.filter(student__external_id="2", restricted=True).exists()


def test_two_sources_keep_other_guardians_of_the_same_students():
    roster, contacts = a_source(), a_source(name="Contacts", withdraws=False)
    students = student("1", "Lucía", group="5A")
    loaded([*students, *guardian("row2/g1", "1", "Núria Ortega", "nuria@x.example")], roster)
    loaded([*students, *guardian("c1", "1", "Marc Ferrer", "marc@x.example")], contacts)
    for _night in range(2):
        counts = loaded([*students, *guardian("row2/g1", "1", "Núria Ortega", "nuria@x.example")], roster).counts
        assert (counts["guardianships"], counts["guardianships_removed"], counts["withdrawn"]) == (0, 0, 0)
        counts = loaded([*students, *guardian("c1", "1", "Marc Ferrer", "marc@x.example")], contacts).counts
        assert (counts["guardianships"], counts["guardianships_removed"]) == (0, 0)
    assert Guardianship.objects.count() == 2


def test_a_number_and_its_mailbox_given_to_another_child_are_a_mistake():
    source = a_source(most_withdrawn=50)
    first = [StagedPerson("1", "student", "1", "CF00020Z", "Paolo", "Orsini", row=2), *email("1", "s1@x.example")]
    loaded(first, source)
    second = [StagedPerson("1", "student", "1", "CF99999K", "Bron", "Kowalski", row=2), *email("1", "s1@x.example")]
    outcome = compared(second, source)
    (mistake,) = outcome.mistakes
    assert "belongs to Paolo Orsini, and here to Bron Kowalski" in mistake.message
    assert outcome.counts["changed"] == 0


def test_five_nights_change_nothing():
    source = a_source()
    loaded(FAMILY, source)
    before = on_record()
    for _night in range(5):
        counts = loaded(FAMILY, source).counts
        assert counts["unchanged"] == 5
        assert not any(counts[name] for name in ("created", "changed", "returned", "withdrawn", "conflicts"))
        assert not any(counts[name] for name in ("addresses", "addresses_removed", "guardianships", "enrolments"))
        assert not any(counts[name] for name in ("guardianships_removed", "enrolments_removed", "groups", "mistakes"))
    assert on_record() == before


def test_a_comparison_counts_what_the_load_does_and_writes_nothing():
    source = a_source()
    loaded(FAMILY, source)
    before = on_record()
    changed = [
        *student("1", "Lucía", "Ferrer Soler", "6A"),
        *student("4", "Nil", "Roca", "5A"),
        *student("3", "Aina", "Puig", "5A"),
        *guardian("row2/g1", "1", "Núria Ortega", "nuria@new.example", "+34600123456"),
    ]
    planned = compared(changed, source)
    assert on_record() == before
    assert {name: planned.counts[name] for name in ("created", "changed", "withdrawn", "details", "unchanged")} == {
        "created": 1,
        "changed": 1,
        "withdrawn": 2,
        "details": 1,
        "unchanged": 1,
    }
    assert [row["name"] for row in planned.examples["created"]] == ["Nil Roca"]
    assert {row["name"] for row in planned.examples["withdrawn"]} == {"Pablo Ferrer Ortega", "Marc Ferrer"}
    (renamed,) = planned.examples["changed"]
    assert (renamed["last_name_was"], renamed["last_name"]) == ("Ferrer Ortega", "Ferrer Soler")
    assert [row["value"] for row in planned.examples["addresses_removed"]] == ["nuria@x.example"]
    assert loaded(changed, source, allow_withdrawing=True).counts == planned.counts


def test_a_student_who_changed_class_leaves_the_old_one_but_not_that_of_last_year():
    source = a_source()
    loaded(student("1", "Aina", group="4A", year="2025-26"), source)
    loaded(student("1", "Aina", group="5A", year="2026-27"), source)
    loaded(student("1", "Aina", group="5B", year="2026-27"), source)
    names = Enrolment.objects.values_list("group__name", "group__year__name")
    assert sorted(names) == [("4A", "2025-26"), ("5B", "2026-27")]


def test_a_class_of_one_name_in_two_years_is_two_classes():
    loaded([*student("1", "Aina", group="5A", year="2025-26"), *student("2", "Nil", group="5A", year="2026-27")])
    assert sorted(Group.objects.values_list("name", "year__name")) == [("5A", "2025-26"), ("5A", "2026-27")]


def test_what_was_made_by_hand_is_not_taken_away():
    source = a_source()
    loaded(FAMILY, source)
    aina = Person.objects.get(external_id="3")
    choir = Group.objects.create(name="Choir", kind="subject", year=AcademicYear.objects.get())
    Enrolment.objects.create(person=aina, group=choir)
    aunt = Person.objects.create(kind="guardian", first_name="Aunt")
    Guardianship.objects.create(student=aina, guardian=aunt)
    loaded(FAMILY, source)
    assert Enrolment.objects.filter(group=choir).exists()
    assert aina.guardianships.get().guardian == aunt
    assert Person.objects.get(first_name="Aunt").active


def test_who_is_missing_has_left_and_comes_back_when_the_file_has_him_again():
    source = a_source(most_withdrawn=50)
    loaded(FAMILY, source)
    without_aina = [fact for fact in FAMILY if getattr(fact, "key", getattr(fact, "person_key", "")) != "3"]
    assert loaded(without_aina, source).counts["withdrawn"] == 1
    aina = Person.objects.get(external_id="3")
    assert (aina.active, aina.left_on is not None) == (False, True)
    assert aina.enrolments.exists()
    assert loaded(FAMILY, source).counts["returned"] == 1
    aina.refresh_from_db()
    assert (aina.active, aina.left_on) == (True, None)


def test_who_was_withdrawn_by_hand_stays_away():
    source = a_source()
    loaded(FAMILY, source)
    Person.objects.filter(external_id="3").update(active=False)
    assert loaded(FAMILY, source).counts["unchanged"] == 5
    assert not Person.objects.get(external_id="3").active


def test_people_of_another_source_and_of_none_are_not_missing():
    loaded(FAMILY, a_source())
    other = a_source(name="Staff")
    loaded([StagedPerson("t1", "staff", "t1", "", "Ada", "Byron")], other)
    assert not Person.objects.filter(active=False).exists()


def test_who_is_marked_as_gone_is_withdrawn_by_a_delta_too():
    source = a_source(most_withdrawn=50)
    loaded(FAMILY, source)
    gone = [StagedPerson("3", "student", "3", "", "Aina", "Puig", status="gone")]
    assert loaded(gone, source, "delta").counts["withdrawn"] == 1
    assert not Person.objects.get(external_id="3").active
    assert Person.objects.filter(active=True).count() == 4


def test_a_delta_before_its_bulk_names_what_it_does_not_know():
    facts = [
        *student("9", "Nil", "Roca"),
        StagedEnrolment("1", "c1"),
        StagedEnrolment("9", "c1"),
        StagedPerson("8", "student", "8", "", "Gone", "Before", status="gone"),
    ]
    outcome = loaded(facts, a_source(), "delta")
    assert [person.first_name for person in Person.objects.all()] == ["Nil"]
    assert sorted(mistake.message[:8] for mistake in outcome.mistakes) == ["The clas", "“1” is n"]


@pytest.mark.parametrize(
    ("pair", "column"),
    [
        (StagedGuardianship("1", "nobody", place=PAIRS.at(3)), "Guardian"),
        (StagedEnrolment("nobody", "c", place=PAIRS.at(3)), "Student"),
    ],
)
def test_whoever_is_named_and_unknown_is_told_with_file_row_and_column(pair, column):
    again = StagedGuardianship("1", "nobody", place=PAIRS.at(8))
    (mistake,) = loaded([*student("1", "Aina"), StagedGroup("c", "class", "5A"), PAIRS, again, pair]).mistakes
    assert (mistake.file, mistake.row, mistake.column, mistake.value) == ("users.csv", 3, column, "nobody")


def test_a_class_that_is_named_and_unknown_is_told_with_file_row_and_column():
    (mistake,) = loaded([*student("1", "Aina"), PAIRS, StagedEnrolment("1", "c9", place=PAIRS.at(4))]).mistakes
    assert (mistake.file, mistake.row, mistake.column, mistake.value) == ("users.csv", 4, "Guardian", "c9")


def test_a_delta_finds_people_and_classes_on_record():
    source = a_source()
    group = StagedGroup("c1", "class", "Biology", "", "2026-27", "c1")
    loaded([*student("1", "Aina"), *student("2", "Nil"), group, StagedEnrolment("1", "c1")], source)
    outcome = loaded([StagedEnrolment("2", "c1"), StagedEnrolment("1", "c1", "student", "gone")], source, "delta")
    assert outcome.mistakes == []
    assert [each.person.first_name for each in Enrolment.objects.all()] == ["Nil"]


@pytest.mark.feature("B8")
def test_an_address_mended_by_hand_is_not_overwritten_but_asked_about_once():
    source = a_source()
    loaded(FAMILY, source)
    point = ContactPoint.objects.get(normalized="nuria@x.example")
    ContactPoint.objects.filter(pk=point.pk).update(
        value="right@x.example", normalized="right@x.example", source="hand"
    )
    assert loaded(FAMILY, source).counts["conflicts"] == 1
    assert addresses("Núria") == ["right@x.example", "+34600123456"]
    conflict = ImportConflict.objects.get()
    assert (conflict.kept_value, conflict.value, conflict.decision) == ("right@x.example", "nuria@x.example", "open")
    assert loaded(FAMILY, source).counts["conflicts"] == 0
    assert ImportConflict.objects.count() == 1
    assert Person.objects.count() == 5


def test_a_failed_address_that_the_file_repeats_stays_failed_and_a_new_one_is_good():
    loaded(FAMILY)
    ContactPoint.objects.get(normalized="marc@x.example").mark_failed("no such mailbox")
    loaded(FAMILY)
    assert ContactPoint.objects.get(normalized="marc@x.example").health == "failed"
    new = [*student("1", "Lucía", "Ferrer Ortega"), *guardian("g", "1", "Marc Ferrer", "marc@new.example")]
    counts = loaded(new).counts
    assert (counts["addresses"], counts["addresses_removed"], counts["created"]) == (1, 1, 0)
    point = ContactPoint.objects.get(person__first_name="Marc")
    assert (point.normalized, point.health, point.is_primary) == ("marc@new.example", "good", True)


def test_an_address_that_came_back_has_come_back_for_whoever_brings_it_anew():
    loaded(FAMILY)
    failed = ContactPoint.objects.get(normalized="marc@x.example")
    failed.mark_failed("no such mailbox")
    loaded([*FAMILY, *guardian("new", "3", "Rosa Puig", "marc@x.example"), *guardian("o", "3", "Pau", "pau@x.example")])
    point = ContactPoint.objects.get(person__first_name="Rosa")
    assert (point.health, point.health_reason, point.health_since) == ("failed", "no such mailbox", failed.health_since)
    assert ContactPoint.objects.get(person__first_name="Pau").health == "good"


def test_the_next_address_becomes_primary_when_the_file_drops_the_first():
    loaded([*student("1", "Aina"), *email("1", "a@x.example"), *email("1", "b@x.example")])
    loaded([*student("1", "Aina"), *email("1", "b@x.example")])
    assert list(ContactPoint.objects.values_list("normalized", "is_primary")) == [("b@x.example", True)]


def test_a_file_without_addresses_and_half_names_blanks_nothing():
    loaded([*student("1", "Aina"), *email("1", "a@x.example")])
    counts = loaded([StagedPerson("1", "student", "1", "", "Aina Maria", "")]).counts
    person = Person.objects.get()
    assert (counts["changed"], person.full_name, person.search_name) == (1, "Aina Maria Puig", "puig aina maria")
    assert addresses("Aina Maria") == ["a@x.example"]


def test_a_number_used_for_somebody_else_is_a_mistake_and_not_an_overwrite():
    source = a_source(most_withdrawn=50)
    loaded(FAMILY, source)
    facts = [fact for fact in FAMILY if getattr(fact, "key", getattr(fact, "person_key", "")) != "3"]
    outcome = loaded([*facts, *student("3", "Marc", "Soler", "5A", row=4)], source)
    (mistake,) = outcome.mistakes
    assert (mistake.row, mistake.message) == (
        4,
        "The number 3 belongs to Aina Puig, and here to Marc Soler. Mend one of them.",
    )
    assert (outcome.counts["mismatches"], outcome.counts["withdrawn"], outcome.counts["created"]) == (1, 0, 0)
    assert Person.objects.get(external_id="3").full_name == "Aina Puig"


def test_a_person_with_a_new_name_and_the_same_address_is_no_stranger():
    loaded([*student("1", "Joanna", "Smith"), *email("1", "joanna@x.example")])
    loaded([*student("1", "Asia", "Kowalska"), *email("1", "joanna@x.example")])
    assert Person.objects.get().full_name == "Asia Kowalska"


def test_one_number_for_two_people_of_a_file_is_a_mistake():
    outcome = loaded([*student("a", "Aina", external_id="7"), *student("b", "Nil", "Roca", external_id="7", row=3)])
    assert [mistake.row for mistake in outcome.mistakes] == [3]
    assert Person.objects.get().first_name == "Aina"


def test_a_document_finds_a_person_whose_number_is_new():
    loaded([StagedPerson("1", "student", "old", "X1234567", "Aina", "Puig")])
    loaded([StagedPerson("1", "student", "new", "X1234567", "Aina", "Puig")])
    assert Person.objects.get().external_id == "new"


def test_a_document_of_somebody_else_is_a_mistake():
    loaded([StagedPerson("1", "student", "1", "X1234567", "Aina", "Puig")])
    outcome = loaded([StagedPerson("2", "student", "2", "X1234567", "Nil", "Roca", row=2)])
    assert [mistake.message for mistake in outcome.mistakes] == [
        "The number X1234567 belongs to Aina Puig, and here to Nil Roca. Mend one of them."
    ]
    assert Person.objects.get().first_name == "Aina"


def test_without_numbers_students_are_found_by_class_and_guardians_by_their_student():
    facts = [
        *student("r2", "Aina", group="5A", external_id=""),
        *guardian("r2/g1", "r2", "Joan Puig"),
        *student("r3", "Aina", group="5A", external_id=""),
    ]
    assert loaded(facts).counts["created"] == 3
    before = on_record()
    assert loaded(facts).counts["unchanged"] == 3
    assert on_record() == before


def test_without_numbers_a_student_of_a_source_is_found_in_another_class():
    source = a_source(most_withdrawn=50)
    loaded([*student("r2", "Aina", group="5A", external_id=""), *student("r3", "Nil", group="5A")], source)
    loaded([*student("r2", "Aina", group="6A", external_id=""), *student("r3", "Nil", group="6A")], source)
    assert Person.objects.filter(active=True).count() == Person.objects.count() == 2


def test_a_pinned_address_does_not_make_a_second_teacher():
    source = a_source()
    facts = [StagedPerson("t", "staff", "", "", "Ana", "Gil"), *email("t", "ana@x.example")]
    loaded(facts, source)
    ContactPoint.objects.update(value="a@y.example", normalized="a@y.example", source="hand")
    for _night in range(3):
        loaded(facts, source)
    assert (Person.objects.count(), addresses("Ana")) == (1, ["a@y.example"])


def test_two_people_who_share_an_address_stay_two():
    facts = [*student("1", "Aina"), *guardian("g1", "1", "Eva Roca", "home@x.example")]
    facts += guardian("g2", "1", "Joan Puig", "home@x.example")
    loaded(facts)
    assert loaded(facts).counts["unchanged"] == 3
    assert Person.objects.filter(kind="guardian").count() == 2


def test_numbers_stay_as_they_are_written():
    numbers = ["007", "7", "1e3", "1000", "12345678901234567890", "12345678901234567891"]
    facts = [fact for place, number in enumerate(numbers) for fact in student(number, f"Name{place}")]
    source = a_source()
    loaded(facts, source)
    assert sorted(Person.objects.values_list("external_id", flat=True)) == sorted(numbers)
    assert loaded(facts, source).counts["unchanged"] == 6


def test_guardians_in_a_loop_are_named_and_left_out():
    facts = [
        *student("1", "Aina"),
        *student("2", "Nil", "Roca"),
        PAIRS,
        StagedGuardianship("1", "2", place=PAIRS.at(4)),
        StagedGuardianship("2", "1", place=PAIRS.at(9)),
        StagedGuardianship("1", "1", place=PAIRS.at(5)),
    ]
    outcome = loaded(facts)
    assert [mistake[:4] for mistake in outcome.mistakes] == [
        (4, "Guardian", "Nil Roca and Aina Puig each stand as the guardian of the other. Left out.", "users.csv"),
        (5, "Guardian", "Aina Puig stands as the own guardian. Left out.", "users.csv"),
    ]
    assert not any(mistake.is_fatal for mistake in outcome.mistakes)
    assert (Person.objects.count(), Guardianship.objects.count()) == (2, 0)


def test_who_is_his_own_guardian_is_named_by_the_row_that_says_so():
    """He stands in an earlier row as the guardian of his sister."""
    facts = [
        *student("1", "Aina", row=2),
        StagedPerson("7", "guardian", "7", "", "Pau", "Puig", row=2),
        StagedGuardianship("1", "7", place=PAIRS.at(2)),
        *student("7", "Pau", row=3),
        StagedGuardianship("7", "7", place=PAIRS.at(3)),
    ]
    assert [(mistake.row, mistake.message) for mistake in loaded(facts).mistakes] == [
        (2, "Pau Puig is a student here, and cannot be the guardian of Aina Puig. Left out."),
        (3, "Pau Puig stands as the own guardian. Left out."),
    ]
    assert sorted(Person.objects.values_list("external_id", "kind")) == [("1", "student"), ("7", "student")]


def test_who_is_on_record_as_the_guardian_of_his_guardian_is_named_by_the_row_of_the_other():
    loaded([*student("1", "Aina"), *student("2", "Nil", "Roca")])
    pairs = [StagedGuardianship("1", "2", place=PAIRS.at(5)), StagedGuardianship("2", "1", place=PAIRS.at(5))]
    assert [mistake.row for mistake in loaded([*student("2", "Nil", "Roca"), *pairs]).mistakes] == [5]


def test_a_restricted_guardian_stays_restricted_when_the_file_forgets_and_remembers():
    source = a_source(most_withdrawn=100)
    loaded(FAMILY, source)
    Guardianship.objects.filter(guardian__first_name="Marc").update(restricted=True)
    loaded([fact for fact in FAMILY if "row2/g2" not in fact], source)
    loaded(FAMILY, source)
    assert Guardianship.objects.get(guardian__first_name="Marc").restricted


def test_a_guardianship_that_the_file_drops_is_removed():
    source = a_source(most_withdrawn=100)
    loaded(FAMILY, source)
    without = [fact for fact in FAMILY if fact != StagedGuardianship("2", "row3/g1", "mother")]
    assert loaded(without, source).counts["guardianships_removed"] == 1
    assert Guardianship.objects.filter(student__external_id="2").count() == 0


def test_consents_leave_a_history_and_what_was_said_by_hand_stands():
    yes, no = StagedConsent("1", "commercial", True), StagedConsent("1", "commercial", False)
    loaded([*student("1", "Aina"), yes])
    loaded([*student("1", "Aina"), yes])
    loaded([*student("1", "Aina"), no])
    assert [change.granted for change in ConsentChange.objects.order_by("id")] == [True, False]
    Consent.objects.update(granted=True, source="hand")
    loaded([*student("1", "Aina"), no])
    assert Consent.objects.get().granted
    assert ConsentChange.objects.count() == 2


def test_classes_of_one_name_are_told_apart_by_their_numbers_and_renamed_by_them():
    def sections(second: str):
        return [
            *student("1", "Aina"),
            StagedYear("y", "2026-27", "2026-09-07", "2027-06-21"),
            StagedGroup("c1", "subject", "Maths", "Primary", "y", "c1"),
            StagedGroup("c2", "subject", second, "Primary", "y", "c2"),
            StagedEnrolment("1", "c1"),
        ]

    source = a_source()
    loaded(sections("Maths"), source)
    assert sorted(Group.objects.values_list("name", flat=True)) == ["Maths", "Maths (c2)"]
    assert loaded(sections("Maths"), source).counts["groups"] == 0
    loaded(sections("Algebra"), source)
    assert sorted(Group.objects.values_list("name", flat=True)) == ["Algebra", "Maths"]
    year = AcademicYear.objects.get()
    assert (year.name, str(year.starts_on), Group.objects.first().unit.name) == ("2026-27", "2026-09-07", "Primary")


def test_a_row_that_cannot_be_read_withdraws_nobody():
    source = a_source(most_withdrawn=50)
    loaded(FAMILY, source)
    facts = [fact for fact in FAMILY if getattr(fact, "key", getattr(fact, "person_key", "")) != "3"]
    outcome = loaded([*facts, Mistake(4, "Email", "“x” has no @ in it.")], source)
    assert (outcome.counts["withdrawn"], outcome.counts["held_back"]) == (0, 1)
    assert Person.objects.get(external_id="3").active


def test_everything_stays_inside_the_organisation(school, other_school):
    loaded(FAMILY, a_source())
    before = on_record()
    with in_organization(other_school):
        source = a_source(most_withdrawn=100)
        assert loaded(FAMILY, source).counts["created"] == 5
        loaded(student("77", "Only"), source)
        assert Person.objects.filter(active=True).count() == 1
    assert on_record() == before
