"""The check page: who gets it, who does not and how to mend it, the letter as one family reads it, the test copy."""

import pytest

from apps.campaigns.audience import audience
from apps.campaigns.content.merge_values import values_for
from apps.campaigns.models import AudienceEntry, Mailing, TestSend
from apps.deliveries.models import Delivery
from apps.organizations.permissions import RoleName
from apps.organizations.scoping import in_organization
from apps.senders.models import SenderAccount
from apps.targetlists.models import TargetList, TargetListMember, UploadedList, UploadedRow
from tests import people
from tests.conftest import make_member
from tests.reading import bare
from tests.servers.answering_smtp import answering_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def trip(school, office):
    """A message to the families of three students: one guardian reachable, one without address, one failed."""
    with in_organization(school):
        form = people.group("5º A")
        aina, pau, leo = (people.student(f"{name} Puig", form) for name in ("Aina", "Pau", "Leo"))
        people.guardian("Joan Puig", "joan@x.example", aina)
        people.guardian("Marta Serra", "", pau)
        failed = people.guardian("Ines Roig", "ines@x.example", leo)
        failed.contact_points.get().mark_failed("mailbox does not exist")
        body = "<p>Dear {{ first_name }}, about {{ student_first_name }}</p>"
        mailing = people.mailing(form, by=office, subject="Trip of {{ student_first_name }}", body=body)
        mailing.no_address, mailing.failed = people.Person.objects.get(first_name="Marta"), failed
        return mailing


def url(mailing, name="check", *args) -> str:
    return mailing.organization.url(f"campaigns:{name}", mailing.pk, *args)


def page(client, address) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.feature("B2")
@pytest.mark.feature("S0.4")
def test_everybody_left_out_stands_there_with_the_reason_and_the_way_to_mend_it(trip, office_client):
    with in_organization(trip.organization):
        add = trip.organization.url("recipients:contact_point_add", trip.no_address.pk)
        correct = trip.organization.url("recipients:contact_point", trip.failed.contact_points.get().pk)
    text = page(office_client, url(trip))
    assert "No email address on file." in text
    assert f'href="{add}?next=' in text
    assert "This address returned earlier mail." in text
    assert f'href="{correct}?next=' in text


def test_mending_in_place_leads_back_and_the_count_follows(trip, office_client):
    add = trip.organization.url("recipients:contact_point_add", trip.no_address.pk) + "?next=" + url(trip)
    assert f'name="next" value="{url(trip)}"' in page(office_client, add)
    mended = office_client.post(add, {"channel": "email", "purpose": "own", "value": "marta@x.example"})
    assert mended.url == url(trip)
    assert "No email address on file." not in page(office_client, mended.url)


def test_the_page_of_a_new_address_opens_without_a_way_back_too(trip, office_client):
    page(office_client, trip.organization.url("recipients:contact_point_add", trip.no_address.pk))


def test_who_may_not_change_people_is_told_whom_to_ask(trip, office, office_client):
    with in_organization(trip.organization):
        office.role.permissions = ["send_to_all"]
        office.role.save()
    text = page(office_client, url(trip, "left_out", "no_address"))
    assert "Ask the office" in text
    assert "/people/person/" not in text


def test_a_reason_opens_the_list_of_its_people(trip, office_client):
    text = page(office_client, url(trip, "left_out", "no_address"))
    assert "Marta Serra" in text
    assert "Pau Puig" in text
    assert "Ines Roig" not in text


def test_an_unknown_reason_leads_back(trip, office_client):
    assert office_client.get(url(trip, "left_out", "whatever")).url == url(trip)


def test_a_page_number_that_is_none_shows_the_first(trip, office_client):
    for number in ("²", "-1", "x", "9" * 30):
        assert office_client.get(url(trip, "left_out", "no_address") + f"?page={number}").status_code == 200


def test_obstacles_close_the_way_to_sending(trip, office_client):
    with in_organization(trip.organization):
        trip.body = "<p>{{ amount }}</p>"
        trip.save()
    text = page(office_client, url(trip))
    assert "No recipient has a value for the tag “amount”" in text
    assert "Next: send" not in text
    assert '<button class="button button--main' not in page(office_client, url(trip, "send"))
    assert office_client.post(url(trip, "send"), {"when": "now", "getting": 1}).url == url(trip)
    with in_organization(trip.organization):
        assert type(trip).objects.get(pk=trip.pk).state == "draft"


def test_a_message_that_nobody_would_get_says_so(school, office, office_client):
    with in_organization(school):
        empty = people.mailing(by=office, subject="Trip", body="<p>Hi</p>")
    assert "Nobody would get it" in page(office_client, url(empty))


def test_what_leads_to_nobody_is_named(school, office, office_client):
    with in_organization(school):
        condition = {"field": "language", "operator": "is", "value": ["pl"]}
        poles = TargetList.objects.create(name="In Polish", kind="filter", condition=condition)
        empty = people.mailing(poles, by=office)
    assert "Nobody would get it: there is nobody in “In Polish” now." in page(office_client, url(empty))


@pytest.mark.parametrize("is_excluded", [True, False])
def test_a_list_whose_filter_does_not_work_keeps_a_message_from_being_sent(trip, office_client, is_excluded):
    with in_organization(trip.organization):
        condition = {"field": "group", "operator": "is", "value": ["0"]}
        broken = TargetList.objects.create(name="Shy", kind="filter", condition=condition)
        AudienceEntry.objects.create(mailing=trip, target_list=broken, is_excluded=is_excluded)
    text = page(office_client, url(trip))
    assert "The filter of the list “Shy” does not work: nobody can say who is on it." in text
    assert "Next: send" not in text


def test_an_address_of_which_two_files_say_different_things_is_told(school, office, office_client):
    with in_organization(school):
        lists = []
        for name, fees in (("First", {"a": "10", "b": "20"}), ("Second", {"a": "99", "b": "20", "c": "30"})):
            file = UploadedList.objects.create(name=f"{name}.csv", variables=["fee"])
            lists.append(TargetList.objects.create(name=name, kind="uploaded", uploaded=file))
            for row, (word, fee) in enumerate(fees.items(), start=2):
                address = f"{word}@x.example"
                UploadedRow.objects.create(
                    list=file, row=row, value=address, normalized=address, variables={"fee": fee}
                )
        mailing = people.mailing(*lists, by=office, body="<p>Pay {{ fee }}</p>")
        other = people.mailing(*lists, by=office, body="<p>Pay</p>")
    sentence = "1 of 3 stands in two files that say different things: the file that was uploaded first counts."
    assert sentence in page(office_client, url(mailing))
    assert "two files" not in page(office_client, url(other))


@pytest.mark.parametrize(("name", "first_name"), [("Roca, Pau", "Pau"), ("Pau Roca Gil", "Pau"), ("Pau", "Pau")])
def test_the_first_name_of_an_address_is_found_in_whichever_order_it_was_typed(school, office, name, first_name):
    with in_organization(school):
        club = TargetList.objects.create(name="Club")
        TargetListMember.objects.create(list=club, address="pau@x.example", normalized="pau@x.example", name=name)
        mailing = people.mailing(club, by=office)
        (row,) = audience.getting(mailing)
        (values,) = values_for(mailing, [row])
    assert (values["first_name"], values["name"]) == (first_name, name)


def test_who_is_left_out_for_a_list_stands_below_its_name(trip, office_client):
    with in_organization(trip.organization):
        shy = TargetList.objects.create(name="Shy families")
        TargetListMember.objects.create(list=shy, address="joan@x.example", normalized="joan@x.example")
        AudienceEntry.objects.create(mailing=trip, target_list=shy, is_excluded=True)
    text = page(office_client, url(trip, "left_out", "excluded"))
    assert "The list that is left out: Shy families." in text
    assert "What you can do" not in text


def test_a_message_that_could_not_start_says_so_on_home_and_when_it_is_checked(trip, office_client):
    with in_organization(trip.organization):
        Mailing.objects.filter(pk=trip.pk).update(problem="It was not started. Nobody would get it.")
    home = page(office_client, trip.organization.get_absolute_url()).split('id="h-need"')[1]
    assert "It was not started. Nobody would get it." in home
    for address in (url(trip), url(trip, "recipients"), trip.organization.url("campaigns:saved")):
        assert "It was not started. Nobody would get it." in page(office_client, address)
    office_client.post(url(trip, "send"), {"when": "now", "getting": 1})
    with in_organization(trip.organization):
        assert Mailing.objects.get(pk=trip.pk).problem == ""


def test_the_letter_is_shown_as_the_chosen_person_gets_it(trip, office_client):
    text = page(office_client, url(trip))
    assert "Trip of Aina" in text
    letter = office_client.get(url(trip, "preview") + "?who=joan@x.example")
    assert "Dear Joan, about Aina" in letter.content.decode()


@pytest.mark.feature("S1.14")
def test_the_link_to_unsubscribe_at_the_foot_is_a_link(trip, office_client):
    trip.organization.name = "Puig & Roig"
    trip.organization.save()
    letter = office_client.get(url(trip, "preview")).content.decode()
    assert '<a href="http://127.0.0.1:8000/p/u/' in letter
    assert "Puig &amp; Roig<br>" in letter
    assert "&lt;" not in letter


def test_the_letter_runs_no_script_and_is_framed_by_us_alone(trip, office_client):
    letter = office_client.get(url(trip, "preview"))
    policy = letter.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert letter.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox" in page(office_client, url(trip))


@pytest.mark.parametrize("wanted", ["-1", "x", "999999999999", "²", "5"])
def test_a_place_that_does_not_exist_shows_somebody_all_the_same(trip, office_client, wanted):
    assert "Trip of Aina" in page(office_client, url(trip) + f"?as={wanted}")


def test_looking_changes_nothing(trip, office_client):
    for name in ("check", "preview", "tests", "send"):
        page(office_client, url(trip, name))
    with in_organization(trip.organization):
        assert type(trip).objects.get(pk=trip.pk).state == "draft"
        assert not Delivery.objects.exists()
        assert not TestSend.objects.exists()


def test_a_mailing_of_another_organisation_does_not_exist(trip, client, other_school):
    stranger = make_member(other_school, RoleName.ADMINISTRATOR)
    client.force_login(stranger.user)
    for name in ("check", "preview", "tests", "send"):
        assert client.get(other_school.url(f"campaigns:{name}", trip.pk)).status_code == 404
        assert client.get(url(trip, name)).status_code == 404


def test_a_reader_may_not_check_and_a_teacher_not_another_s_draft(trip, client, teacher):
    reader = make_member(trip.organization, RoleName.READER)
    client.force_login(reader.user)
    assert client.get(url(trip)).status_code == 403
    client.force_login(teacher.user)
    assert client.get(url(trip)).status_code == 404


def press_test(client, mailing, once="a", address="me@almendral.example", capture=None):
    fields = {"address": address, "once": once, "as_address": "joan@x.example", "as": "0"}
    with capture(execute=True):
        return client.post(url(mailing, "send_test"), fields)


@pytest.mark.feature("S1.8")
def test_a_test_is_what_the_recipient_gets_and_is_counted_nowhere(
    trip, office_client, django_capture_on_commit_callbacks
):
    with answering_server() as (server, port):
        with in_organization(trip.organization):
            SenderAccount.objects.update(port=port)
        press_test(office_client, trip, capture=django_capture_on_commit_callbacks)
    assert server.recipients == ["me@almendral.example"]
    assert ">Sent</span>" in bare(page(office_client, url(trip)))
    with in_organization(trip.organization):
        assert not Delivery.objects.exists()


def test_pressing_test_twice_sends_one(trip, office_client, django_capture_on_commit_callbacks):
    for _press in range(2):
        press_test(office_client, trip, capture=django_capture_on_commit_callbacks)
    with in_organization(trip.organization):
        assert TestSend.objects.count() == 1


def test_what_the_server_said_stands_beside_a_test_that_failed(trip, office_client, django_capture_on_commit_callbacks):
    press_test(office_client, trip, capture=django_capture_on_commit_callbacks)
    with in_organization(trip.organization):
        test = TestSend.objects.get()
    assert test.state == "failed"
    assert test.server_reply
    assert "Failed" in page(office_client, url(trip, "tests"))


def test_five_tests_a_minute_are_enough(trip, office_client, django_capture_on_commit_callbacks):
    for number in range(7):
        press_test(office_client, trip, once=str(number), capture=django_capture_on_commit_callbacks)
    with in_organization(trip.organization):
        assert TestSend.objects.count() == 5


def test_an_address_that_is_none_is_answered(trip, office_client, django_capture_on_commit_callbacks):
    press_test(office_client, trip, address="nobody", capture=django_capture_on_commit_callbacks)
    assert "has no @ in it" in page(office_client, url(trip))
    with in_organization(trip.organization):
        assert not TestSend.objects.exists()


def test_a_teacher_sends_test_copies_to_herself_alone(client, school, teacher, trip):
    with in_organization(school):
        mine = people.mailing(by=teacher)
    client.force_login(teacher.user)
    answer = client.post(url(mine, "send_test"), {"address": "friend@y.example", "once": "1"}, follow=True)
    assert "your own address" in answer.content.decode()
    with in_organization(school):
        assert TestSend.objects.count() == 0
