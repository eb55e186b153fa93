"""Organisations cannot meet, whichever way a query is made."""

import pytest
from django_scopes import scopes_disabled

from apps.organizations.scoping import ScopeError, in_organization
from apps.recipients.models import Guardianship, Person

pytestmark = pytest.mark.feature("B17")


@pytest.fixture
def two_people(school, other_school):
    with in_organization(school):
        ours = Person.objects.create(kind="student", first_name="Aina", last_name="Puig")
    with in_organization(other_school):
        theirs = Person.objects.create(kind="student", first_name="Giulia", last_name="Rossi")
    return ours, theirs


@pytest.mark.parametrize(
    "query",
    [
        lambda: Person.objects.count(),
        lambda: Person.objects.exists(),
        lambda: Person.objects.none(),
        lambda: Person.objects.all().explain(),
        lambda: Person.objects.bulk_create([Person(kind="student")]),
        lambda: Person.objects.create(kind="student"),
        lambda: Person(kind="student", organization_id=1).save(),
    ],
)
def test_a_query_without_a_scope_refuses_to_run(db, query):
    with pytest.raises(ScopeError):
        query()


def test_a_query_shows_the_rows_of_its_own_organisation_alone(school, two_people):
    with in_organization(school):
        assert [str(p) for p in Person.objects.all()] == ["Aina Puig"]


def test_a_forward_foreign_key_does_not_leave_the_scope(school, two_people):
    ours, theirs = two_people
    with scopes_disabled():
        pair = Guardianship.objects.create(organization=school, student_id=ours.pk, guardian_id=theirs.pk)
    with in_organization(school), pytest.raises(Person.DoesNotExist):
        _ = Guardianship.objects.get(pk=pair.pk).guardian


def test_a_row_of_another_organisation_cannot_be_written(school, other_school, two_people):
    ours, theirs = two_people
    with in_organization(school):
        with pytest.raises(ScopeError):
            Person(kind="student", organization=other_school).save()
        with pytest.raises(ScopeError):
            Person.objects.bulk_create([Person(kind="student", organization=other_school)])
        with pytest.raises(ScopeError):
            Guardianship.objects.create(student=ours, guardian=theirs)


def test_deferred_fields_load_without_a_query_each(school, two_people, django_assert_num_queries):
    with in_organization(school), django_assert_num_queries(1):
        assert [p.first_name for p in Person.objects.only("first_name")] == ["Aina"]
