"""Lists of people, a person's page, and changes by hand."""

import pytest

from apps.organizations.scoping import in_organization
from apps.recipients.models import Consent, ContactPoint, Guardianship, Person
from tests import people
from tests.conftest import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(scoped):
    group = people.group("5º A")
    student = people.student("Lucía Ferrer", group)
    guardian = people.guardian("Núria Ortega", "nuria@correo.example", student)
    return student, guardian


def listed(client, school, kind, **query):
    return client.get(school.url("recipients:list", kind), query).text


def test_a_page_may_be_asked_for_its_head_alone(office_client, school, family):
    for url in (
        school.get_absolute_url(),
        school.url("recipients:list", "students"),
        school.url("recipients:add", "students"),
    ):
        response = office_client.head(url)
        assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("search", ["lucia", "FERRER", "ferrer luc", "Lucía"])
def test_a_student_is_found_by_name_without_accents_and_case(office_client, school, family, search):
    people.student("Pau Llorens")
    page = listed(office_client, school, "students", q=search)
    assert "Ferrer, Lucía" in page
    assert "Llorens" not in page


def test_a_guardian_is_found_by_address_and_by_number(office_client, school, family):
    people.contact_point(family[1], "612 55 50 18", channel="phone")
    for search in ("nuria@correo", "612 55 50 18", "612555018", "+34 612555018"):
        assert "Ortega, Núria" in listed(office_client, school, "guardians", q=search), search


def test_a_student_is_found_by_the_address_of_the_family(office_client, school, family):
    assert "Ferrer, Lucía" in listed(office_client, school, "students", q="nuria@correo.example")


@pytest.mark.parametrize("search", ["%", "\x00", "x" * 10_000, "_", "'"])
def test_an_odd_search_finds_nobody_and_breaks_nothing(office_client, school, family, search):
    response = office_client.get(school.url("recipients:list", "students"), {"q": search, "group": "x", "show": "?"})
    assert response.status_code == 200


@pytest.mark.feature("S0.26")
def test_a_failed_address_is_listed_with_ko(office_client, school, family):
    family[1].contact_points.get().mark_failed("mailbox does not exist")
    people.guardian("Marc Ferrer", "marc@correo.example")
    page = listed(office_client, school, "guardians", show="failed")
    assert '<span class="ko">[ko]</span>' in page
    assert "Marc" not in page
    assert "mailbox does not exist" in office_client.get(school.url("recipients:person", family[1].pk)).text


def test_a_list_takes_the_same_number_of_queries_for_two_and_for_forty(
    office_client, school, scoped, django_assert_max_num_queries
):
    group = people.group("5º A")
    for number in range(40):
        student = people.student(f"Aina Puig{number}", group, address=f"s{number}@x.example")
        people.guardian(f"Joan Puig{number}", f"g{number}@x.example", student)
    with django_assert_max_num_queries(20):
        assert "Puig39" in listed(office_client, school, "students")


def test_a_long_list_comes_in_pages(office_client, school, scoped):
    Person.objects.bulk_create(
        Person(kind="contact", last_name=f"N{number:03}", search_name=f"n{number:03}") for number in range(130)
    )
    first = office_client.get(school.url("recipients:list", "contacts"))
    assert "N099" in first.text
    assert "N100" not in first.text
    second = listed(office_client, school, "contacts", after=first.context["page"].next_cursor)
    assert "N100" in second
    assert "N099" not in second


def test_a_new_school_is_told_to_import_or_add(office_client, school):
    page = listed(office_client, school, "students")
    assert school.url("imports:new") in page
    assert school.url("recipients:add", "students") in page


def test_a_corrected_address_works_again_and_is_pinned(office_client, school, family):
    point = family[1].contact_points.get()
    ContactPoint.objects.update(source="import")
    point.mark_failed("mailbox does not exist")
    back = school.url("recipients:list", "guardians")
    response = office_client.post(
        school.url("recipients:contact_point", point.pk),
        {"channel": "email", "value": "nuria@nuevo.example", "next": back},
    )
    assert response.url == back
    point = family[1].contact_points.get()
    assert (point.normalized, point.health, point.source) == ("nuria@nuevo.example", "good", "hand")
    assert point.is_primary


@pytest.mark.feature("S0.26")
def test_an_address_that_came_back_works_again_when_somebody_says_so_and_not_by_being_typed(
    office_client, school, scoped
):
    for name in ("Núria", "Marc"):
        people.guardian(name, "home@x.example")
    for point in ContactPoint.objects.all():
        point.mark_failed("mailbox does not exist")
    page = school.url("recipients:contact_point", point.pk)
    assert "It works again" in office_client.get(page).content.decode()
    typed = {"channel": "email", "value": "Home@x.example"}
    said = office_client.post(page, typed, follow=True).content.decode()
    assert "Home@x.example came back earlier: mailbox does not exist." in said
    assert {each.health for each in ContactPoint.objects.all()} == {"failed"}
    office_client.post(page, typed | {"works_again": "on"})
    assert [*ContactPoint.objects.values_list("health", "health_reason", "health_since")] == [("good", "", None)] * 2


@pytest.mark.feature("S0.26")
def test_an_address_that_came_back_is_so_with_whomever_it_is_typed(office_client, school, scoped):
    people.guardian("Núria", "home@x.example").contact_points.get().mark_failed("mailbox does not exist")
    child, contact = people.student("Pau Puig", people.group("5º A")), people.person("Club")
    guardian = {"first_name": "Marc", "email": "home@x.example"}
    said = office_client.post(school.url("recipients:guardian_add", child.pk), guardian, follow=True).content.decode()
    assert "came back earlier: mailbox does not exist." in said
    address = {"channel": "email", "value": "home@x.example"}
    office_client.post(school.url("recipients:contact_point_add", contact.pk), address)
    assert [point.health for point in ContactPoint.objects.all()] == ["failed"] * 3


def test_another_site_is_no_way_back(office_client, school, family):
    point = family[1].contact_points.get()
    for bad in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        data = {"channel": "email", "value": "a@b.example", "next": bad}
        response = office_client.post(school.url("recipients:contact_point", point.pk), data)
        assert response.url == school.url("recipients:person", family[1].pk)


@pytest.mark.parametrize(
    "value", ["nobody", "a@b", "", "a\x00@b.example", "x" * 10_000 + "@b.example", "nuria@correo.example"]
)
def test_a_wrong_address_is_answered_by_a_sentence(office_client, school, family, value):
    url = school.url("recipients:contact_point_add", family[1].pk)
    response = office_client.post(url, {"channel": "email", "value": value})
    assert response.status_code == 200
    assert "field__error" in response.text
    assert family[1].contact_points.count() == 1


def test_one_own_address_is_always_primary(office_client, school, family):
    url = school.url("recipients:contact_point_add", family[1].pk)
    office_client.post(url, {"channel": "email", "value": "second@correo.example"})
    first, second = family[1].contact_points.order_by("pk")
    assert (first.is_primary, second.is_primary) == (True, False)
    office_client.post(school.url("recipients:contact_point_primary", second.pk))
    assert family[1].contact_points.get(is_primary=True) == second
    office_client.post(school.url("recipients:contact_point_delete", second.pk))
    assert family[1].contact_points.get().is_primary


def test_an_own_address_that_becomes_communication_leaves_a_primary(office_client, school, scoped):
    student = people.student("Aina Puig", address="one@x.example")
    other = people.contact_point(student, "two@x.example", is_primary=False)
    data = {"channel": "email", "purpose": "communication", "value": "one@x.example"}
    office_client.post(school.url("recipients:contact_point", student.contact_points.get(is_primary=True).pk), data)
    assert student.contact_points.get(purpose="own", is_primary=True) == other


def test_a_person_is_added_and_changed(office_client, school, scoped):
    office_client.post(school.url("recipients:add", "staff"), {"first_name": "Ana", "last_name": "Gil", "active": "on"})
    person = Person.objects.get(kind="staff")
    office_client.post(
        school.url("recipients:edit", person.pk), {"first_name": "Ana", "last_name": "Sanz", "active": "on"}
    )
    person.refresh_from_db()
    assert person.search_name == "sanz ana"


@pytest.mark.parametrize(
    "wrong",
    [{"first_name": "x" * 10_000}, {"first_name": "A\x00"}, {"first_name": "", "last_name": ""}, {"external_id": "7"}],
)
def test_a_wrong_person_is_answered_by_a_sentence(office_client, school, scoped, wrong):
    people.person("Ana Gil", external_id="7")
    response = office_client.post(school.url("recipients:add", "staff"), {"first_name": "Eva", "active": "on"} | wrong)
    assert response.status_code == 200
    assert not Person.objects.filter(kind="staff").exists()


@pytest.mark.feature("B11")
def test_a_guardian_is_restricted_and_shown_so(office_client, school, family):
    pair = Guardianship.objects.get()
    office_client.post(school.url("recipients:guardianship", pair.pk), {"relation": "mother", "restricted": "on"})
    pair.refresh_from_db()
    assert pair.restricted
    assert "Restricted" in office_client.get(school.url("recipients:person", family[0].pk)).text


def test_a_guardian_is_added_to_a_student_once(office_client, school, family):
    data = {"first_name": "Marc", "last_name": "Ferrer", "relation": "father", "email": "marc@correo.example"}
    for _time in range(2):
        office_client.post(school.url("recipients:guardian_add", family[0].pk), data)
    assert Person.objects.filter(last_name="Ferrer", kind="guardian").count() == 1
    assert family[0].guardianships.count() == 2


@pytest.mark.feature("S0.22")
def test_consent_says_who_and_when(office_client, school, family, office):
    url = school.url("recipients:consent", family[1].pk)
    office_client.post(url, {"granted": "yes"})
    consent = Consent.objects.get()
    assert (consent.granted, consent.by) == (True, office.user)
    assert str(office.user) in office_client.get(school.url("recipients:person", family[1].pk)).text
    office_client.post(url, {"granted": "no"})
    assert not Consent.objects.get().granted


def test_a_person_joins_and_leaves_a_group(office_client, school, family):
    group = people.group("Maths", kind="subject")
    for _time in range(2):
        office_client.post(school.url("recipients:enrol", family[0].pk), {"group": group.pk})
    enrolment = family[0].enrolments.get(group=group)
    page = office_client.get(school.url("recipients:group", group.pk))
    assert "Ferrer" in page.text
    office_client.post(school.url("recipients:leave", enrolment.pk))
    assert not family[0].enrolments.filter(group=group).exists()


def test_groups_are_counted(office_client, school, family):
    assert "5º A" in office_client.get(school.url("recipients:groups")).text


@pytest.mark.feature("S0.1")
def test_a_teacher_sees_no_people(client, school, teacher, family):
    client.force_login(teacher.user)
    for name, args in (("list", ("students",)), ("person", (family[0].pk,)), ("groups", ()), ("index", ())):
        assert client.get(school.url(f"recipients:{name}", *args)).status_code == 403


def test_a_reader_sees_but_does_not_change(client, school, family):
    client.force_login(make_member(school, "reader").user)
    page = client.get(school.url("recipients:person", family[1].pk))
    assert page.status_code == 200
    point = family[1].contact_points.get()
    assert school.url("recipients:contact_point", point.pk) not in page.text
    for name, pk in (("edit", family[0].pk), ("contact_point", point.pk), ("consent", family[0].pk)):
        assert client.post(school.url(f"recipients:{name}", pk)).status_code == 403


@pytest.mark.feature("B17")
def test_the_group_and_the_unit_of_another_school_cannot_be_chosen(office_client, school, other_school, family):
    with in_organization(other_school):
        theirs = people.group("1A")
    office_client.post(school.url("recipients:enrol", family[0].pk), {"group": theirs.pk})
    assert family[0].enrolments.count() == 1
