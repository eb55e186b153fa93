"""The record of a person: what was agreed to and when, notes, and the messages with their answers."""

import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from apps.deliveries.models import Delivery, DeliveryAbout
from apps.organizations.permissions import RoleName
from apps.organizations.scoping import in_organization
from apps.recipients.models import AcademicYear, ConsentChange, Enrolment, Group, Guardianship, Note, NoteFolder, Person
from apps.surveys.models import Answer, Question
from tests import people
from tests.conftest import make_member
from tests.reading import one_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(scoped):
    """A student and her mother."""
    aina = people.student("Aina Puig", people.group("5º A"))
    return aina, people.guardian("Marta Serra", "marta@x.example", aina)


def today(school) -> date:
    """The day it is at the school, which may be tomorrow for whoever runs the tests."""
    return timezone.localdate(timezone=ZoneInfo(school.time_zone))


def page(client, school, person) -> str:
    return one_line(client.get(school.url("recipients:person", person.pk)).text)


def test_every_change_of_a_consent_stays_in_its_history(office_client, school, family):
    url = school.url("recipients:consent", family[1].pk)
    for word in ("yes", "yes", "no"):
        office_client.post(url, {"kind": "photographs", "granted": word})
    changes = ConsentChange.objects.filter(kind="photographs").order_by("id")
    assert [change.granted for change in changes] == [True, False]
    shown = page(office_client, school, family[1])
    assert "Photographs" in shown
    assert "History" in shown
    assert office_client.post(url, {"kind": "everything", "granted": "yes"}).status_code == 404


def test_signs_that_nobody_sees_are_no_part_of_a_name_and_notes_keep_their_lines(office_client, school, family):
    values = {"first_name": "A\u202eina\u200b", "last_name": " Puig  Mas ", "active": "on"}
    office_client.post(school.url("recipients:edit", family[0].pk), values)
    aina = Person.objects.get(pk=family[0].pk)
    assert (aina.first_name, aina.last_name) == ("Aina", "Puig Mas")
    office_client.post(school.url("recipients:note_add", family[0].pk), {"folder": "Log", "text": "One.\nTwo."})
    assert Note.objects.get().text == "One.\nTwo."


def test_the_groups_to_choose_from_stand_under_their_years_with_the_present_one_first(office_client, school, family):
    current = AcademicYear.current()
    following = AcademicYear.objects.create(
        name="The year after", starts_on=current.ends_on + timedelta(days=40), ends_on=current.ends_on + timedelta(300)
    )
    Group.objects.create(name="6º A", kind=Group.Kind.CLASS, year=following)
    found = re.findall(r'<optgroup label="([^"]+)"', page(office_client, school, family[0]))
    assert found == [current.name, "The year after"]


def test_notes_are_kept_in_folders_and_changed_by_their_writer_alone(office_client, client, school, family):
    office_client.post(
        school.url("recipients:note_add", family[0].pk), {"folder": "Contact log", "text": "Called home."}
    )
    note = Note.objects.get()
    assert "Called home." in page(office_client, school, family[0])
    office_client.post(school.url("recipients:note_edit", note.pk), {"folder": "Health", "text": "Allergic to nuts."})
    note = Note.objects.select_related("folder").get()
    assert (note.folder.name, note.text) == ("Health", "Allergic to nuts.")
    assert list(NoteFolder.objects.values_list("name", flat=True)) == ["Health"]
    client.force_login(make_member(school, RoleName.ADMINISTRATOR, "second@almendral.example").user)
    assert client.get(school.url("recipients:note_edit", note.pk)).status_code == 404
    assert client.post(school.url("recipients:note_delete", note.pk)).status_code == 404
    assert Note.objects.exists()


def test_a_folder_is_one_however_its_name_is_written(office_client, school, family):
    for name in ("Tutoría", "TUTORÍA"):
        office_client.post(school.url("recipients:note_add", family[0].pk), {"folder": name, "text": "Called home."})
    assert [folder.name for folder in NoteFolder.objects.all()] == ["Tutoría"]


def test_who_is_not_of_the_staff_comes_into_no_group_of_staff(office_client, school, family):
    board, club = people.group("Board", kind="staff"), people.group("Choir", kind="subject")
    head = people.person("Anna Soler", kind="staff")
    for person in (family[0], family[1], head):
        for group in (board, club):
            office_client.post(school.url("recipients:enrol", person.pk), {"group": group.pk})
    found = {(each.person_id, each.group_id, each.role) for each in Enrolment.objects.filter(group__in=[board, club])}
    student, teacher = Enrolment.Role.STUDENT, Enrolment.Role.TEACHER
    assert found == {
        (family[0].pk, club.pk, student),
        (head.pk, board.pk, student),
        (head.pk, club.pk, teacher),
    }
    assert "Put into this group" not in page(office_client, school, family[1])


def test_a_document_that_another_student_has_is_not_taken_twice(office_client, school, family):
    Person.objects.filter(pk=family[0].pk).update(document="12345678Z")
    fields = {"first_name": "Pol", "last_name": "Puig", "document": "12345678-z", "active": "on"}
    answer = office_client.post(school.url("recipients:add", "students"), fields)
    assert f"{family[0].full_name} has this document already." in answer.text


def test_messages_stand_in_the_order_in_which_they_began(office_client, school, family, office):
    for minutes, subject in ((1, "Excursion"), (5, "Fees")):
        begun = timezone.now() - timedelta(minutes=minutes)
        mailing = people.mailing(by=office, state="done", started_at=begun, subject=subject)
        Delivery.objects.create(mailing=mailing, person=family[1], normalized="marta@x.example", state="sent")
    shown = page(office_client, school, family[1])
    assert shown.index("Excursion") < shown.index("Fees")


def test_a_note_without_words_is_not_kept(office_client, school, family):
    url = school.url("recipients:note_add", family[0].pk)
    shown = office_client.post(url, {"folder": "  ", "text": "Called, and calls again."}).text
    assert "This field is required." in shown
    assert "Called, and calls again." in shown
    assert not Note.objects.exists()
    office_client.post(url, {"folder": "Calls", "text": "Called."})
    assert Note.objects.get().folder.name == "Calls"


def test_the_messages_about_a_student_stand_on_her_page_with_the_answers(office_client, school, family, office):
    aina, marta = family
    question = Question.objects.create(text="Will she come?")
    mailing = people.mailing(by=office, state="done", question=question, started_at=timezone.now(), subject="Trip")
    row = Delivery.objects.create(
        mailing=mailing,
        person=marta,
        name="Marta Serra",
        address="marta@x.example",
        normalized="marta@x.example",
        state="sent",
        sent_at=timezone.now(),
    )
    father = people.guardian("Pau Puig", "pau@x.example", aina)
    to_father = Delivery.objects.create(mailing=mailing, person=father, normalized="pau@x.example", state="sent")
    for each in (row, to_father):
        DeliveryAbout.objects.create(delivery=each, person=aina)
    assert "The question is not answered yet." in page(office_client, school, aina)
    Answer.objects.create(question=question, about=aina, by_person=marta, by_address="marta@x.example", value="yes")
    for person in family:
        shown = page(office_client, school, person)
        assert "Trip" in shown
        assert "Answered Yes" in shown
    assert "The question is not answered yet." not in page(office_client, school, father)  # about her it is
    about_aina = page(office_client, school, aina)
    assert ("to Marta Serra, " in about_aina, "marta@x.example" in about_aina) == (True, True)


def test_a_person_without_messages_has_an_empty_place_for_them(office_client, school, family):
    assert "No message yet." in page(office_client, school, family[0])


def test_the_day_of_leaving_is_noted_and_forgotten_when_one_comes_back(office_client, school, family):
    aina = family[0]
    form = {"first_name": "Aina", "last_name": "Puig", "document": "x-123.4"}
    office_client.post(school.url("recipients:edit", aina.pk), form)
    aina = Person.objects.get(pk=aina.pk)
    assert (aina.active, aina.left_on, aina.document) == (False, today(school), "X1234")
    assert "left on" in page(office_client, school, aina)
    office_client.post(school.url("recipients:edit", aina.pk), form | {"active": "on"})
    aina = Person.objects.get(pk=aina.pk)
    assert (aina.active, aina.left_on) == (True, None)


@pytest.mark.feature("B11")
def test_since_when_a_guardian_is_restricted_stands_with_it(office_client, school, family):
    pair = Guardianship.objects.get()
    office_client.post(school.url("recipients:guardianship", pair.pk), {"relation": "mother", "restricted": "on"})
    assert Guardianship.objects.get().restricted_since == today(school)
    assert "Gets nothing about this student since" in page(office_client, school, family[0])
    office_client.post(school.url("recipients:guardianship", pair.pk), {"relation": "mother"})
    assert Guardianship.objects.get().restricted_since is None


@pytest.mark.feature("S1.18")
@pytest.mark.parametrize(
    ("kind", "value", "name"), [("leads", "lead", "Vidal"), ("companies", "account", "Buses of Turia")]
)
def test_leads_and_companies_have_lists_of_their_own(office_client, school, kind, value, name):
    answer = office_client.post(school.url("recipients:add", kind), {"last_name": name, "active": "on"}, follow=True)
    assert answer.status_code == 200
    with in_organization(school):
        assert Person.objects.get().kind == value
    assert name in office_client.get(school.url("recipients:list", kind)).content.decode()


def test_a_number_is_marked_as_taking_no_sms_and_back(office_client, school, family):
    number = people.contact_point(family[1], "961 23 45 67", channel="phone")
    url = school.url("recipients:contact_point_sms", number.pk)
    back = school.url("recipients:person", family[0].pk)
    assert office_client.post(url, {"can": "no", "next": back}).url == back
    number.refresh_from_db()
    assert number.health == "no_sms"
    assert "Can receive SMS" in page(office_client, school, family[0])
    office_client.post(url, {"can": "yes"})
    number.refresh_from_db()
    assert (number.health, number.health_since) == ("good", None)
    email = family[1].contact_points.get(channel="email")
    assert office_client.post(school.url("recipients:contact_point_sms", email.pk)).status_code == 404


def test_whoever_leaves_by_hand_is_not_brought_back_by_an_import(office_client, school, family):
    url = school.url("recipients:here", family[0].pk)
    office_client.post(url, {"here": "no"})
    aina = Person.objects.get(pk=family[0].pk)
    assert (aina.active, aina.left_on, aina.left_source) == (False, today(school), "hand")
    office_client.post(url, {"here": "yes"})
    aina = Person.objects.get(pk=family[0].pk)
    assert (aina.active, aina.left_on, aina.left_source) == (True, None, "")


def test_a_student_is_shown_with_siblings_and_the_addresses_of_the_family(office_client, school, family):
    pau = people.student("Pau Puig")
    Guardianship.objects.create(student=pau, guardian=family[1])
    family[1].contact_points.get().mark_failed("mailbox does not exist")
    shown = page(office_client, school, family[0])
    assert school.url("recipients:person", pau.pk) in shown
    assert "mailbox does not exist" in shown
    assert "Correct it" in shown


def test_many_messages_come_in_pages_newest_first(office_client, school, family, office):
    for number in range(25):
        mailing = people.mailing(by=office, state="done", started_at=timezone.now(), subject=f"Letter {number:02}")
        Delivery.objects.create(mailing=mailing, person=family[1], normalized="marta@x.example", state="sent")
    response = office_client.get(school.url("recipients:person", family[1].pk))
    assert "Letter 24" in response.text
    assert "Letter 04" not in response.text
    link = re.search(r'href="(\?after=[^"]+)"', response.text)
    older = office_client.get(school.url("recipients:person", family[1].pk) + link[1]).text
    assert "Letter 04" in older
    assert "Letter 05" not in older


def test_a_number_that_takes_sms_comes_before_a_landline_in_place_of_the_primary_one(office_client, school, family):
    primary = people.contact_point(family[1], "600 123 456", channel="phone")
    people.contact_point(family[1], "961 23 45 67", channel="phone", is_primary=False, health="no_sms")
    people.contact_point(family[1], "600 123 457", channel="phone", is_primary=False)
    assert office_client.post(school.url("recipients:contact_point_delete", primary.pk)).status_code == 302
    with in_organization(school):
        assert family[1].contact_points.get(channel="phone", is_primary=True).value == "600 123 457"
