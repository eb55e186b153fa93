"""The demo schools: the same at every start, with everything that a real school has to mend."""

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from apps.organizations.models import Membership, Organization
from apps.organizations.scoping import in_organization, without_scope
from apps.portal.demo.logins import PASSWORD, ROLES, login
from apps.portal.demo.population import Maker
from apps.portal.demo.school import load_demo
from apps.recipients.models import AcademicYear, Consent, ContactPoint, Enrolment, Group, Guardianship, Person
from apps.senders.models import Sender, SenderAccount

pytestmark = pytest.mark.django_db


@pytest.fixture
def almendral():
    load_demo(people=900, smtp_port=8025)
    organization = Organization.objects.get(slug="almendral")
    with in_organization(organization):
        yield organization


def test_the_size_is_about_what_was_asked_for(almendral):
    assert 800 <= Person.objects.count() <= 1000
    assert Person.objects.filter(kind="student", active=True).count() > 300


def test_the_catcher_is_sent_to_without_pauses(almendral):
    assert (almendral.packet_size, almendral.packet_interval) == (500, 0)
    assert SenderAccount.objects.get().max_connections == 4


def test_people_can_be_found_by_name(almendral):
    for person in Person.objects.all():
        assert person.search_name == Person.make_search_name(person.first_name, person.last_name)


def test_the_school_has_what_a_real_one_has_to_mend(almendral):
    assert ContactPoint.objects.filter(health="failed").exists()
    assert ContactPoint.objects.filter(purpose="communication").exists()
    assert ContactPoint.objects.filter(person__kind="student", purpose="own").exists()
    assert ContactPoint.objects.filter(normalized__startswith="unknown@").exists()
    assert Person.objects.filter(kind="guardian", contact_points=None).exists()
    assert Guardianship.objects.filter(restricted=True).exists()
    assert Person.objects.filter(kind="student", active=False, enrolments__group__year__name__isnull=False).exists()
    guardians = Person.objects.filter(kind="guardian").count()
    assert 0.2 < Consent.objects.filter(granted=True).count() / guardians < 0.45


def test_addresses_are_written_to_nobody_real_and_some_are_shared(almendral):
    points = ContactPoint.objects.all()
    assert all(point.normalized.endswith(".example") for point in points)
    for point in points:
        kept = point.normalized
        point.clean()
        assert point.normalized == kept
    addresses = [point.normalized for point in points.filter(person__kind="guardian")]
    assert len(set(addresses)) < len(addresses)


def test_every_student_has_one_class_this_year_and_siblings_share_guardians(almendral):
    current = AcademicYear.current()
    for student in Person.objects.filter(kind="student", active=True):
        assert Enrolment.objects.filter(person=student, group__year=current, group__kind="class").count() == 1
    assert Group.objects.exclude(year=current).filter(kind="class").exists()
    wards = Guardianship.objects.values_list("guardian_id", flat=True)
    assert len(set(wards)) < len(wards)


def test_the_teacher_who_logs_in_teaches_some_groups_and_not_all(almendral):
    membership = Membership.objects.get(user__email=login("almendral", "teacher"))
    groups = Group.objects.filter(enrolments__person=membership.person, enrolments__role="teacher")
    assert 2 <= groups.count() < Group.objects.count() / 4


def test_the_logins_work(almendral):
    for slug in ("almendral", "bologna"):
        for role in ROLES:
            assert authenticate(None, email=login(slug, role), password=PASSWORD) is not None


def test_a_second_load_changes_only_the_port_of_the_catcher(almendral):
    before = list(Person.objects.values_list("pk", "search_name"))
    Sender.objects.update(name="Our own name")
    assert load_demo(people=50, smtp_port=9025) == []
    assert list(Person.objects.values_list("pk", "search_name")) == before
    assert Sender.objects.get(is_default=True).name == "Our own name"
    with without_scope():
        assert {account.port for account in SenderAccount.objects.all()} == {9025}


def test_the_same_seed_makes_the_same_people():
    first, second = (Maker("almendral", "es", 13, seed=7).make(300) for _ in range(2))
    assert [person.full_name for person in first.people] == [person.full_name for person in second.people]
    assert [address.value for address in first.addresses] == [address.value for address in second.addresses]


def test_a_school_is_loaded_by_a_number_of_statements_that_does_not_grow_with_its_people(
    django_assert_max_num_queries,
):
    with django_assert_max_num_queries(700):
        load_demo(people=3000, smtp_port=8025)


@pytest.mark.parametrize("people", [0, 2_000_000])
def test_a_senseless_size_is_refused(people):
    with pytest.raises(CommandError, match="from 1 to 1,000,000"):
        call_command("load_demo", people=people)
    assert not Organization.objects.exists()
