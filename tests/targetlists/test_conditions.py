"""Filters: whatever tree of conditions one builds, the database finds whom a plain reading of it finds."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.organizations.scoping import in_organization
from apps.recipients.models import Person
from apps.targetlists.conditions import MANY, check, first_people_meeting, in_words, people_meeting, problems
from apps.targetlists.list_fields import saving
from apps.targetlists.models import TargetList
from tests import people

from .random_school import make_school

pytestmark = pytest.mark.django_db


def leaf(field: str, operator: str, value=None) -> dict:
    return {"field": field, "operator": operator, "value": value}


def found(condition: dict) -> set[str]:
    return {str(person) for person in people_meeting(condition)}


def some_of(rows, *further: str):
    values = [*(str(getattr(row, "pk", row)) for row in rows), *further]
    return st.lists(st.sampled_from(values), min_size=1, max_size=2)


def leaves_of(school):
    is_or_not = st.sampled_from(["is", "is_not"])

    def chosen(field, values, operators=is_or_not):
        return st.builds(leaf, st.just(field), operators, values)

    def plain(field, *operators):
        return st.builds(leaf, st.just(field), st.sampled_from(operators))

    return st.one_of(
        chosen("kind", some_of(Person.Kind.values)),
        chosen("name", st.sampled_from(["puig", "nuria", "o"]), st.sampled_from(["contains", "not_contains"])),
        chosen("language", some_of(["es", "it", "none"])),
        chosen("unit", some_of(school.units, "none")),
        plain("active", "yes", "no"),
        plain("email", "has", "has_not", "works", "failed"),
        chosen("opted_out", some_of(["all", "commercial"])),
        chosen("commercial", some_of(["accepted", "refused", "never"])),
        chosen("group", some_of(school.groups)),
        chosen("year", some_of(school.years)),
        chosen("role", some_of(["student", "teacher"])),
        chosen("teaches", some_of(school.groups)),
        chosen("guardian_group", some_of(school.groups)),
        chosen("children", st.integers(0, 3), st.sampled_from(["at_least", "at_most", "exactly"])),
        plain("restricted", "yes", "no"),
        chosen("list", some_of(school.lists)),
        chosen("message_received", some_of(school.mailings)),
        chosen("message_missed", some_of(school.mailings)),
        chosen("answer", some_of(school.mailings), st.sampled_from(["yes", "no", "none"])),
    )


def trees_of(school):
    parts = leaves_of(school)
    for _level in range(3):
        some = st.lists(parts, min_size=1, max_size=3)
        branches = (some.map(lambda each: {"all": each}), some.map(lambda each: {"any": each}))
        parts = st.one_of(parts, *branches, parts.map(lambda each: {"not": each}))
    return parts


@pytest.mark.feature("S1.21")
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_tree_finds_whom_a_plain_reading_finds(request, data):
    scoped = request.getfixturevalue("scoped")
    with in_organization(scoped):
        if not hasattr(request.node, "made"):
            request.node.made = make_school()
        school = request.node.made
        condition = data.draw(trees_of(school))
        assert check(condition) == []
        rows = list(people_meeting(condition).values_list("pk", flat=True))
        assert len(rows) == len(set(rows))
        assert set(rows) == school.meeting(condition), in_words(condition)
        assert {person.pk for person in first_people_meeting(condition, MANY)} == set(rows)
        people_meeting(condition).query.sql_with_params()


def test_nested_conditions_read_as_they_are_meant(scoped):
    people.year()
    group = people.group("5º A")
    condition = {
        "all": [
            leaf("kind", "is", ["student", "guardian"]),
            {"any": [leaf("group", "is", [str(group.pk)]), leaf("name", "contains", "puig")]},
            {"not": leaf("active", "no")},
        ]
    }
    assert in_words(condition) == (
        "kind of person is Student or Guardian, and (group is 5º A (2026-27), or name contains “puig”), "
        "and not (at the school now is not so)"
    )


WRONG = [
    ({}, "There is no condition yet."),
    ([], "There is no condition yet."),
    (None, "There is no condition yet."),
    ("kind", "There is no condition yet."),
    ({"all": []}, "A group of conditions is empty. Add a condition to it, or take it out."),
    ({"all": "kind"}, "“None” is nothing one can filter by."),
    ({"not": {}}, "There is no condition yet."),
    (leaf("shoe size", "is", ["42"]), "“shoe size” is nothing one can filter by."),
    (leaf(["kind"], "is", ["42"]), "“['kind']” is nothing one can filter by."),
    (leaf("kind", "contains", "x"), "kind of person: choose how to compare."),
    (leaf("kind", "is", []), "kind of person: tick at least one."),
    (leaf("kind", "is", "student"), "kind of person: tick at least one."),
    (leaf("kind", "is", [7]), "kind of person: tick at least one."),
    (leaf("kind", "is", ["x"] * 501), "kind of person: at most 500 at once."),
    (leaf("name", "contains", ""), "name: type some text, at most 200 characters."),
    (leaf("name", "contains", "a\0b"), "name: type some text, at most 200 characters."),
    (leaf("children", "at_least", -1), "children at the school: type a whole number from 0 to 100,000."),
    (leaf("children", "at_least", True), "children at the school: type a whole number from 0 to 100,000."),
    (leaf("left_on", "before", "2026-02-30"), "left the school: type a date."),
    (leaf("left_on", "before", "0001-01-01"), "left the school: type a date."),
]


def test_what_is_wrong_is_said_and_met_by_nobody(scoped):
    people.person("Aina Puig")
    for condition, sentence in WRONG:
        assert check(condition) == [sentence]
        assert found(condition) == set(), condition
        assert isinstance(in_words(condition), str), condition
        people_meeting(condition).query.sql_with_params()


def test_too_deep_and_too_many_are_refused(scoped):
    condition = leaf("kind", "is", ["student"])
    for _level in range(5):
        condition = {"all": [condition]}
    assert check(condition) == []
    assert check({"all": [condition]}) == ["Groups of conditions are at most 5 deep."]
    assert check({"any": [leaf("kind", "is", ["lead"])] * 50}) == []
    assert check({"any": [leaf("kind", "is", ["lead"])] * 51}) == ["A filter has at most 50 conditions."]


def test_each_problem_names_its_place(scoped):
    condition = {"all": [leaf("kind", "is", ["lead"]), {"any": [leaf("name", "contains", "")]}]}
    assert [problem.path for problem in problems(condition)] == [(1, 0)]


def test_a_deleted_group_is_said_and_the_filter_finds_nobody(scoped):
    group, other = people.group("5º A"), people.group("5º B")
    people.student("Aina Puig", group)
    people.student("Marc Ferrer", other)
    one, both = leaf("group", "is_not", [str(group.pk)]), leaf("group", "is", [str(group.pk), str(other.pk)])
    assert found(one) == {"Marc Ferrer"}
    group.delete()
    assert found({"any": [one, leaf("kind", "is", ["student"])]}) == set()
    assert check(one) == [
        "group: what was chosen here no longer exists. The filter finds nobody until you choose anew."
    ]
    assert in_words(one) == "group is not (deleted)"
    assert found(both) == {"Marc Ferrer"}
    assert in_words(both) == "group is 5º B (2026-27) or (deleted)"


def test_lists_that_lead_to_each_other_find_nobody_and_end(scoped):
    people.person("Aina Puig")
    one = TargetList.objects.create(name="One", kind="filter")
    two = TargetList.objects.create(name="Two", kind="filter", condition=leaf("list", "is", [str(one.pk)]))
    one.condition = {"any": [leaf("list", "is", [str(two.pk)]), leaf("list", "is_not", [str(two.pk)])]}
    one.save()
    assert found(one.condition) == found(two.condition) == set()
    assert check(one.condition) == ["The filter of the list “Two” does not work. Mend that first."]
    one.condition = leaf("kind", "is", ["contact"])
    one.save()
    assert found(two.condition) == {"Aina Puig"}
    with saving(one.pk):
        assert check(leaf("list", "is", [str(one.pk)])) == ["The filter of the list “One” leads back to itself."]


def test_a_filter_that_asks_for_a_broken_one_finds_nobody(scoped):
    people.person("Aina Puig")
    broken = TargetList.objects.create(name="Broken", kind="filter", condition={"all": []})
    assert found(leaf("list", "is_not", [str(broken.pk)])) == set()
    assert check(leaf("list", "is_not", [str(broken.pk)])) == [
        "The filter of the list “Broken” does not work. Mend that first."
    ]


def test_a_group_of_another_organisation_does_not_exist_here(scoped, other_school):
    with in_organization(other_school):
        theirs = people.group("5º A")
        people.student("Aina Puig", theirs)
    people.student("Marc Ferrer")
    assert found(leaf("kind", "is", ["student"])) == {"Marc Ferrer"}
    assert len(check(leaf("group", "is", [str(theirs.pk)]))) == 1


def test_whoever_must_not_be_contacted_about_a_student_is_no_guardian_of_the_group(scoped):
    group = people.group("5º A")
    student = people.student("Aina Puig", group)
    people.guardian("Joan Puig", "joan@x.example", student)
    people.guardian("Rosa Cano", "rosa@x.example", student, restricted=True)
    assert found(leaf("guardian_group", "is", [str(group.pk)])) == {"Joan Puig"}
    assert found(leaf("restricted", "yes")) == {"Rosa Cano"}


@pytest.mark.feature("S1.21")
def test_a_filter_keeps_in_step(scoped):
    condition = leaf("commercial", "is", ["accepted"])
    person = people.person("Aina Puig")
    assert found(condition) == set()
    people.consent(person)
    assert found(condition) == {"Aina Puig"}
