"""Home shows a member what that member may see and do."""

import pytest
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.organizations.permissions import RoleName
from apps.organizations.scoping import in_organization
from apps.recipients.models import ContactPoint
from apps.senders.models import SenderAccount
from tests import people
from tests.conftest import make_member
from tests.reading import one_line


def test_the_home_of_a_new_school_says_what_to_do_first(school, administrator_client):
    page = administrator_client.get(school.get_absolute_url()).content.decode()
    assert "Bring in the people" in page
    assert school.url("senders:list") in page


def test_a_reader_is_not_led_to_pages_that_are_closed_to_readers(school, client):
    client.force_login(make_member(school, RoleName.READER).user)
    page = client.get(school.get_absolute_url()).content.decode()
    assert "/people/import/" not in page
    assert school.url("senders:list") not in page


@pytest.mark.parametrize("path", ["home", "history"])
def test_the_place_one_is_at_is_marked_in_the_rail(school, office_client, path):
    url = school.url({"home": "organization:home", "history": "deliveries:history"}[path])
    assert f'<a href="{url}" aria-current=' in one_line(office_client.get(url).text)


def test_a_message_stopped_by_a_problem_is_among_what_needs_somebody(school, office_client):
    with in_organization(school):
        Mailing.objects.create(subject="Trip", state="stopped", problem="The server refuses the password.")
    page = office_client.get(school.get_absolute_url()).content.decode()
    assert "The server refuses the password." in page.split('id="h-need"')[1]


def test_the_problem_of_an_account_is_named_once_whatever_waits_for_it(school, office_client):
    with in_organization(school):
        problem = {"problem": "The server refuses the password."}
        account = SenderAccount.objects.create(name="Second", host="127.0.0.1", port=25, **problem)
        for subject in ("Trip", "Choir"):
            Mailing.objects.create(subject=subject, state="stopped", waits_for=account, **problem)
    page = office_client.get(school.get_absolute_url()).content.decode()
    assert page.split('id="h-need"')[1].count("The server refuses the password.") == 1


def test_who_may_not_bring_in_people_is_told_who_does(school, client):
    client.force_login(make_member(school, RoleName.TEACHER).user)
    page = client.get(school.get_absolute_url()).content.decode()
    assert "The office does this" in page
    assert "An administrator does this" in page


def test_only_what_is_being_sent_is_going_out(school, office_client):
    with in_organization(school):
        for state in ("sending", "pending", "pending", "stopped"):
            people.mailing(state=state, starts_at="2026-12-01T08:00:00Z")
    home = office_client.get(school.url("organization:home")).content.decode()
    assert "1 message is going out, 2 messages wait for their start, 1 message is stopped." in home


def test_home_the_list_and_the_page_of_letters_name_the_same_students(school, office_client):
    with in_organization(school):
        class_5a = people.group("5º A")
        other_class = people.group("Choir")
        lucia = people.student("Lucía", class_5a, other_class)  # in two classes
        people.student("Pablo", address="pablo@x.example")
        people.contact_point(people.guardian("Núria", "nuria@x.example", lucia), "other@x.example", is_primary=False)
        ContactPoint.objects.get(normalized="nuria@x.example").mark_failed("no such mailbox")
    pages = [("organization:home", "1 student cannot be reached"), ("recipients:unreachable", "1 family that no email")]
    for name, words in pages:
        assert words in office_client.get(school.url(name)).content.decode()
    listed = office_client.get(school.url("recipients:list", "students") + "?show=unreachable").content.decode()
    assert ("Lucía" in listed, "Pablo" in listed) == (True, False)


def test_the_pages_of_the_staff_are_in_one_language_whatever_the_school_speaks(school, office_client):
    type(school).objects.update(language="it")
    with in_organization(school):
        people.mailing(subject="Gita", state="done", started_at=timezone.now())
    history = office_client.get(school.url("deliveries:history")).content.decode()
    form = office_client.get(school.url("targetlists:new")).content.decode()
    assert '<html lang="en"' in history
    assert (">Name" in form, "Nome" in form, "oggi" in history) == (True, False, False)
