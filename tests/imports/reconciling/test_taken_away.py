"""What the office takes away or types by hand, an import of the next night neither brings back nor overwrites."""

import pytest

from apps.recipients.family import delete_contact_point
from apps.recipients.forms import PersonForm
from apps.recipients.group_members import move, take_out
from apps.recipients.merging import merge
from apps.recipients.models import ContactPoint, Enrolment, Group, Guardianship, Person
from apps.recipients.taking_away import end_guardianship
from tests import people
from tests.imports.facts import guardian, loaded, student

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scoped")]

ANA = guardian("g", "1", "Ana Ruiz", "ana@x.example", "+34600123456", "mother")
FAMILY = [*student("1", "Lucía", "Ferrer", "5A"), *ANA]
NOTHING = ("created", "changed", "addresses", "guardianships", "enrolments", "conflicts")


def nothing_new(facts, kept_away: int) -> bool:
    counts = loaded(facts).counts
    assert counts["kept_away"] == kept_away
    return not any(counts[name] for name in NOTHING)


def renamed(person: Person, first: str, last: str, **more) -> None:
    form = PersonForm({"first_name": first, "last_name": last, "active": "on", **more}, instance=person)
    assert form.is_valid(), form.errors
    form.save()


@pytest.mark.feature("B11")
def test_a_guardian_whom_the_office_ended_does_not_come_back():
    loaded(FAMILY)
    Guardianship.objects.update(restricted=True)
    end_guardianship(Guardianship.objects.get())
    assert nothing_new(FAMILY, kept_away=1)
    assert not Guardianship.objects.exists()


def test_an_ended_guardian_without_an_address_is_no_new_person_every_night():
    facts = [*student("1", "Lucía", "Ferrer", "5A"), *guardian("g", "1", "Ana Ruiz")]
    loaded(facts)
    end_guardianship(Guardianship.objects.get())
    assert nothing_new(facts, kept_away=1)
    assert Person.objects.count() == 2


def test_who_is_made_a_guardian_again_by_hand_stays_one():
    loaded(FAMILY)
    pair = Guardianship.objects.get()
    end_guardianship(Guardianship.objects.get())
    Guardianship.objects.create(student_id=pair.student_id, guardian_id=pair.guardian_id)
    assert nothing_new(FAMILY, kept_away=0)
    assert Guardianship.objects.count() == 1


@pytest.mark.feature("B8")
def test_an_address_that_was_deleted_stays_away_and_a_new_one_comes():
    loaded(FAMILY)
    delete_contact_point(ContactPoint.objects.get(channel="email"))
    assert nothing_new(FAMILY, kept_away=1)
    loaded([*student("1", "Lucía", "Ferrer", "5A"), *guardian("g", "1", "Ana Ruiz", "new@x.example", "+34600123456")])
    assert ContactPoint.objects.get(channel="email").value == "new@x.example"


def test_who_was_taken_out_of_a_class_or_moved_by_hand_stays_so():
    facts = [*FAMILY, *student("2", "Pau", "Mas", "5A")]
    loaded(facts)
    group = Group.objects.get()
    lucia, pau = Person.objects.filter(kind="student").order_by("external_id")
    take_out(group, "student", [lucia.pk])
    other = Group.objects.create(name="5B", kind="class", year=group.year)
    assert move(group, other, [pau.pk]) == 1
    assert nothing_new(facts, kept_away=2)
    assert [*Enrolment.objects.values_list("person__first_name", "group__name", "source")] == [("Pau", "5B", "hand")]


@pytest.mark.feature("B8")
def test_a_name_typed_by_hand_stays_and_the_person_is_found_again():
    loaded(FAMILY)
    renamed(Person.objects.get(kind="student"), "Lucia Maria", "Ferrer Ortega", external_id="1")
    renamed(Person.objects.get(kind="guardian"), "Anna", "Ruíz i Mas")
    assert nothing_new(FAMILY, kept_away=0)
    names = Person.objects.order_by("kind").values_list("first_name", "last_name")
    assert [*names] == [("Anna", "Ruíz i Mas"), ("Lucia Maria", "Ferrer Ortega")]


def test_a_number_used_for_somebody_else_is_noticed_though_the_name_was_mended():
    loaded(FAMILY)
    renamed(Person.objects.get(kind="student"), "Lucia", "Ferrer Ortega", external_id="1")
    outcome = loaded([*student("1", "Zoe", "Wong", "5A")])
    assert "belongs to Lucia Ferrer Ortega" in outcome.mistakes[0].message


@pytest.mark.feature("B10")
def test_a_language_chosen_by_hand_stays():
    loaded([*student("1", "Lucía", "Ferrer", "5A", language="es"), *ANA])
    lucia = Person.objects.get(kind="student")
    renamed(lucia, lucia.first_name, lucia.last_name, external_id="1", language="ca")
    assert nothing_new([*student("1", "Lucía", "Ferrer", "5A", language="es"), *ANA], kept_away=0)
    assert Person.objects.get(kind="student").language == "ca"


def test_who_was_merged_is_known_under_the_name_of_the_file():
    loaded(FAMILY)
    kept = people.person("Anna Ruíz i Mas", "anna@y.example", "guardian")
    merge(kept, Person.objects.get(first_name="Ana"), set(), None)
    assert nothing_new(FAMILY, kept_away=0)
    assert Person.objects.get(kind="guardian").first_name == "Anna"
