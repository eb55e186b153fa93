"""Step one: sender, panes, years, kinds of addresses, typed addresses; and the drafts as such."""

import pytest
from django.utils import timezone

from apps.campaigns.audience import picker
from apps.campaigns.models import Mailing
from apps.organizations.permissions import RoleName
from apps.organizations.scoping import in_organization
from apps.recipients.models import AcademicYear, Enrolment
from apps.senders.models import Sender
from apps.targetlists.models import UploadedList
from tests import people
from tests.campaigns.drafts import chosen, fresh, post_recipients, text, url
from tests.conftest import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(school, office):
    """An empty draft of the office, in a school with two classes of this year."""
    with in_organization(school):
        form_a, form_b = people.group("5º A"), people.group("5º B")
        aina = people.student("Aina Puig", form_a)
        people.student("Pau Roca", form_a)
        people.student("Leo Vila", form_b)
        people.guardian("Joan Puig", "joan@x.example", aina)
        mailing = people.mailing(by=office, year=people.year())
        mailing.form_a, mailing.form_b, mailing.aina = form_a, form_b, aina
        return mailing


@pytest.fixture
def teacher_draft(school, teacher, draft):
    """A draft of a teacher of 5º A."""
    with in_organization(school):
        ada = people.person("Ada Teacher", "ada@x.example", kind="staff", membership=teacher)
        Enrolment.objects.create(person=ada, group=draft.form_a, role="teacher")
        return people.mailing(by=teacher, year=people.year())


# Drafts


@pytest.mark.parametrize("number", ["²", "9" * 30, "9" * 5000])
def test_a_number_that_is_none_is_passed_over(draft, office_client, number):
    address = url(draft, "recipients")
    for button in ({"do": f"take_out:{number}"}, {"do": "add", "person": number}, {"do": "remove", "entry": number}):
        assert office_client.post(address, button | {"group": number}).status_code in (200, 302)
    assert office_client.get(address, {"group": number}).status_code == 200


@pytest.mark.feature("S0.7")
def test_a_new_message_starts_with_the_default_sender_and_the_current_year(school, office_client):
    with in_organization(school):
        now = timezone.localdate().year
        current = people.year("now", now - 1 if timezone.localdate().month < 9 else now)
        default = Sender.objects.get()
        Sender.objects.create(name="A Board", address="board@almendral.example", account=default.account)
    response = office_client.post(school.url("campaigns:new"))
    with in_organization(school):
        mailing = Mailing.objects.get()
        assert response.url == url(mailing)
        assert (mailing.sender, mailing.year) == (default, current)
        assert (mailing.to_guardians, mailing.to_personal, mailing.to_communication) == (True, False, True)


def test_looking_at_the_button_makes_no_draft(school, office_client):
    assert "Start a message" in text(office_client.get(school.url("campaigns:new")))
    with in_organization(school):
        assert not Mailing.objects.exists()


@pytest.mark.feature("S0.1")
def test_without_permission_both_page_and_post_are_refused(school, client, draft):
    client.force_login(make_member(school, RoleName.READER).user)
    for address in (school.url("campaigns:new"), url(draft), url(draft, "content"), url(draft, "delete")):
        assert client.get(address).status_code == 403
        assert client.post(address, {"do": "next"}).status_code == 403
    with in_organization(school):
        assert Mailing.objects.count() == 1


def test_saved_messages_are_listed_opened_and_deleted_after_asking(draft, office_client):
    listed = text(office_client.get(draft.organization.url("campaigns:saved")))
    assert "School trip" in listed
    assert url(draft) in listed
    assert "Office" in listed
    assert "Delete “School trip”?" in text(office_client.get(url(draft, "delete")))
    with in_organization(draft.organization):
        assert Mailing.objects.exists()
    office_client.post(url(draft, "delete"))
    with in_organization(draft.organization):
        assert not Mailing.objects.exists()


@pytest.mark.parametrize("name", ["recipients", "content", "delete", "upload"])
@pytest.mark.parametrize(
    ("state", "sentence"), [("sending", "cannot be changed any more"), ("pending", "Take it back to change it")]
)
def test_what_is_on_its_way_cannot_be_changed(draft, office_client, name, state, sentence):
    with in_organization(draft.organization):
        Mailing.objects.filter(pk=draft.pk).update(state=state, starts_at="2027-01-08T08:00:00Z")
    response = office_client.post(url(draft, name), {"subject": "Other", "do": "next"}, follow=True)
    assert response.redirect_chain[0][0] == draft.organization.url("deliveries:log", draft.pk)
    assert sentence in response.content.decode()
    assert fresh(draft).subject == "School trip"


def test_drafts_of_others_and_of_other_schools_do_not_exist(draft, teacher_draft, client, other_school):
    client.force_login(make_member(draft.organization, RoleName.TEACHER, "second@almendral.example").user)
    assert client.get(url(teacher_draft)).status_code == 404
    client.force_login(make_member(other_school, RoleName.ADMINISTRATOR).user)
    assert client.get(other_school.url("campaigns:recipients", draft.pk)).status_code == 404
    assert client.get(url(draft)).status_code == 404


def test_a_post_after_the_session_ended_leads_to_login_and_back_to_the_step(draft, client):
    response = client.post(url(draft), {"do": "next"})
    assert response.status_code == 302
    assert "login" in response.url
    assert f"next={url(draft)}" in response.url
    assert f"next={url(draft, 'upload')}" in client.post(url(draft, "upload")).url


def test_the_address_of_the_upload_leads_back_to_the_step(draft, office_client):
    assert office_client.get(url(draft, "upload")).url.startswith(url(draft))


# Sender and replies


@pytest.mark.feature("S2.11")
def test_the_sender_is_one_of_those_configured(draft, office_client, other_school):
    with in_organization(other_school):
        foreign = Sender.objects.get()
    with in_organization(draft.organization):
        board = Sender.objects.create(name="Board", address="board@x.example", account=Sender.objects.get().account)
    post_recipients(office_client, draft, "next", sender=board.pk)
    assert fresh(draft).sender == board
    assert "Select a valid choice" in text(post_recipients(office_client, draft, "next", sender=foreign.pk))
    assert fresh(draft).sender == board


@pytest.mark.feature("S2.10")
def test_replies_go_where_one_writes_and_by_default_to_the_sender(draft, office_client):
    post_recipients(office_client, draft, "next", reply_to=" head@x.example ")
    assert fresh(draft).reply_to == "head@x.example"
    shown = text(post_recipients(office_client, draft, "next", reply_to="head@x"))
    assert "has no ending such as .es" in shown
    assert 'value="head@x"' in shown
    post_recipients(office_client, draft, "next", reply_to="")
    assert fresh(draft).reply_to == ""
    assert 'placeholder="office@almendral.example"' in text(office_client.get(url(draft)))


def test_one_mistake_does_not_lose_the_rest_of_the_form(draft, office_client):
    post_recipients(office_client, draft, "next", reply_to="nonsense", to_personal="on", to_guardians=None)
    kept = fresh(draft)
    assert (kept.reply_to, kept.to_personal, kept.to_guardians) == ("", True, False)


# The panes


@pytest.mark.feature("S0.5")
def test_groups_come_first_then_the_people_of_the_opened_one(draft, office_client):
    shown = text(office_client.get(url(draft) + f"?group={draft.form_b.pk}"))
    assert "5º A" in shown
    assert "5º B" in shown
    assert "Vila, Leo" in shown
    assert "Puig, Aina" not in shown
    opened = post_recipients(office_client, draft, f"open:{draft.form_a.pk}")
    shown = text(office_client.get(opened.url))
    assert "Puig, Aina" in shown
    assert "Joan Puig" in shown
    assert "Vila, Leo" not in shown


@pytest.mark.parametrize("typed", ["Aina Puig", "Puig, Aina", "AÍNA"])
def test_somebody_is_found_in_the_opened_group_however_the_name_is_written(draft, office_client, typed):
    for search, found in [(typed, 1), (f"{typed} Vila", 0)]:
        shown = text(office_client.get(url(draft), {"group": draft.form_a.pk, "name": search}))
        assert shown.count("<span>Puig, Aina</span>") == found


@pytest.mark.feature("S0.6")
def test_the_four_arrows_move_some_or_all_in_and_out(draft, office_client):
    group = draft.form_a.pk
    post_recipients(office_client, draft, "add", group=group, person=[draft.aina.pk])
    assert chosen(draft) == {"Aina Puig"}
    post_recipients(office_client, draft, "add_all", group=group)
    assert chosen(draft) == {"Aina Puig", "5º A"}
    with in_organization(draft.organization):
        entry = draft.entries.get(person=draft.aina)
    post_recipients(office_client, draft, "remove", entry=[entry.pk])
    assert chosen(draft) == {"5º A"}
    post_recipients(office_client, draft, "remove_all")
    assert chosen(draft) == set()


def test_pressing_twice_or_in_two_tabs_adds_once(draft, office_client):
    for _tab in range(2):
        post_recipients(office_client, draft, "add", person=[draft.aina.pk])
        post_recipients(office_client, draft, "add_all", group=draft.form_a.pk)
        post_recipients(office_client, draft, "typed", typed="coach@x.example")
    assert chosen(draft) == {"Aina Puig", "5º A", "coach@x.example"}


def test_numbers_in_the_form_are_written_as_numbers_also_above_999(draft, office_client):
    with in_organization(draft.organization):
        late = people.person("Late Comer", pk=12345)
        draft.entries.create(pk=23456, address="x@x.example", normalized="x@x.example")
        draft.entries.create(pk=34567, person=draft.aina)
    shown = text(office_client.get(url(draft) + "?group=contacts"))
    assert f'name="person" value="{late.pk}"' in shown
    assert 'value="take_out:23456"' in shown
    assert 'name="entry" value="34567"' in shown


def test_an_arrow_without_a_tick_says_what_to_do(draft, office_client):
    response = post_recipients(office_client, draft, "add")
    assert "Tick somebody first." in text(office_client.get(response.url))


def test_groups_and_people_are_found_without_accents(draft, office_client):
    with in_organization(draft.organization):
        people.student("Íñigo Gil", draft.form_a)
    shown = text(office_client.get(url(draft) + f"?group={draft.form_a.pk}&q=5o+b&name=INIGO"))
    assert "Gil, Íñigo" in shown
    assert "Puig, Aina" not in shown
    assert "5º B" in shown
    assert "5º A</span>" not in shown


def test_staff_and_contacts_can_be_chosen_as_groups_are(draft, office, office_client):
    with in_organization(draft.organization):
        people.person("Ada Teacher", kind="staff")
        people.person("Carla Coach")
    assert "Teacher, Ada" in text(office_client.get(url(draft) + "?group=staff"))
    post_recipients(office_client, draft, "add_all", group="staff")
    post_recipients(office_client, draft, "add_all", group="contacts")
    assert chosen(draft) == {"Ada Teacher", "Carla Coach"}


def test_everybody_of_a_kind_is_added_in_a_fixed_number_of_queries(draft, office, django_assert_max_num_queries):
    with in_organization(draft.organization):
        for number in range(400):
            people.person(f"Contact {number}")
        with django_assert_max_num_queries(3):
            picker.add_all(draft, office, "contacts")
        pane = picker.chosen(draft)
    assert (pane.people_number, len(pane.people), pane.people_more) == (400, 300, 100)


@pytest.mark.feature("S0.11")
def test_another_year_loads_its_classes_and_former_students_if_wished(draft, office_client):
    with in_organization(draft.organization):
        last = people.year("2025-26", 2025)
        old_form = people.group("2º Bachillerato", unit=None)
        old_form.year = last
        old_form.save()
        people.student("Old Pupil", old_form, active=False)
    post_recipients(office_client, draft, "load", year=last.pk)
    shown = text(office_client.get(url(draft)))
    assert "2º Bachillerato" in shown
    assert "5º A" not in shown
    assert "Pupil, Old" not in shown
    post_recipients(office_client, draft, "load", year=last.pk, include_former="on")
    assert "Pupil, Old" in text(office_client.get(url(draft) + f"?group={old_form.pk}"))
    assert fresh(draft).year.name == "2025-26"


def test_a_year_of_another_school_is_refused(draft, office_client, other_school):
    with in_organization(other_school):
        foreign = AcademicYear.objects.create(name="x", starts_on="2026-09-01", ends_on="2027-06-30")
    post_recipients(office_client, draft, "load", year=foreign.pk)
    assert fresh(draft).year.name == "2026-27"


@pytest.mark.feature("S0.8")
def test_the_kinds_of_addresses_are_ticked_per_message(draft, office_client):
    post_recipients(office_client, draft, "next", to_guardians=None, to_personal="on", to_communication=None)
    kept = fresh(draft)
    assert (kept.to_guardians, kept.to_personal, kept.to_communication) == (False, True, False)


def test_the_foot_says_how_many_get_it_and_how_many_do_not(draft, office_client):
    post_recipients(office_client, draft, "add_all", group=draft.form_a.pk)
    shown = " ".join(text(office_client.get(url(draft, "counted"))).split())
    assert "<b>1</b> get it" in shown
    assert "1 will not" in shown


@pytest.mark.feature("S2.19")
def test_next_and_close_keep_the_draft_and_go_on(draft, office_client):
    assert post_recipients(office_client, draft, "next").url == url(draft, "content")
    assert post_recipients(office_client, draft, "close").url == draft.organization.url("campaigns:saved")


# Typed addresses


@pytest.mark.feature("S2.9")
def test_typed_addresses_are_separated_by_commas_semicolons_or_lines(draft, office_client):
    post_recipients(
        office_client, draft, "typed", typed="One@x.example, two@x.example;three@x.example\r\nONE@X.example,"
    )
    assert chosen(draft) == {"One@x.example", "two@x.example", "three@x.example"}
    shown = text(office_client.get(url(draft)))
    assert "Take two@x.example out" in shown
    with in_organization(draft.organization):
        entry = draft.entries.get(normalized="two@x.example")
    post_recipients(office_client, draft, f"take_out:{entry.pk}")
    assert chosen(draft) == {"One@x.example", "three@x.example"}


@pytest.mark.feature("S2.9")
def test_a_bad_address_stays_in_the_box_with_its_sentence(draft, office_client):
    shown = text(post_recipients(office_client, draft, "next", typed="coach@x.example, buses@turia"))
    assert "“buses@turia” has no ending such as .es." in shown
    assert ">buses@turia</textarea>" in shown
    assert chosen(draft) == {"coach@x.example"}


@pytest.mark.feature("S2.9")
def test_addresses_are_pasted_from_a_mail_program(draft, office_client):
    typed = 'Núria Puig <nuria@x.example>,\t"Roca, Pau" <pau@x.example>; a@b.example\r\nBus <bus@turia>; Mas, Ot <o@>'
    shown = text(post_recipients(office_client, draft, "next", typed=typed))
    assert chosen(draft) == {"nuria@x.example", "pau@x.example", "a@b.example"}
    assert ">Bus &lt;bus@turia&gt;\nMas, Ot &lt;o@&gt;</textarea>" in shown
    assert "“bus@turia” has no ending such as .es." in shown
    assert "“o@” has no ending such as .es." in shown


def test_control_characters_in_a_typed_address_are_refused(draft, office_client):
    text(post_recipients(office_client, draft, "next", typed="a\0b@x.example, c\x07d@x.example"))
    assert chosen(draft) == set()


def test_ten_thousand_typed_addresses_are_too_many_and_said_shortly(draft, office_client):
    typed = ",".join(f"a{number}@x.example" for number in range(10_000))
    shown = text(post_recipients(office_client, draft, "typed", typed=typed))
    assert shown.count("put them into a file") == 10
    assert "And 7,990 more." in shown
    assert len(chosen(draft)) == 2000


# Who may write to whom


@pytest.mark.feature("S0.2")
def test_a_teacher_sees_her_own_groups_alone(teacher_draft, draft, teacher, client):
    client.force_login(teacher.user)
    shown = text(client.get(url(teacher_draft)))
    assert "5º A" in shown
    assert "5º B" not in shown
    assert "All staff" not in shown
    assert "People who are not in Bedel" not in shown
    assert "Vila, Leo" not in text(client.get(url(teacher_draft) + f"?group={draft.form_b.pk}"))


@pytest.mark.feature("S0.2")
def test_a_teacher_cannot_post_what_she_does_not_see(teacher_draft, draft, teacher, client):
    client.force_login(teacher.user)
    with in_organization(draft.organization):
        leo = people.Person.objects.get(first_name="Leo")
    response = post_recipients(client, teacher_draft, "add", person=[leo.pk])
    assert "people of your own groups only" in text(client.get(response.url))
    for key in (draft.form_b.pk, "staff", "contacts"):
        response = post_recipients(client, teacher_draft, "add_all", group=key)
        assert "people of your own groups only" in text(client.get(response.url))
    response = post_recipients(client, teacher_draft, "typed", typed="a@x.example, nonsense")
    assert "people of your own groups only" in text(client.get(response.url))
    assert chosen(teacher_draft) == set()
    post_recipients(client, teacher_draft, "add", person=[draft.aina.pk, leo.pk])
    post_recipients(client, teacher_draft, "add_all", group=draft.form_a.pk)
    assert chosen(teacher_draft) == {"Aina Puig", "5º A"}


@pytest.mark.feature("S0.2")
def test_who_may_write_to_staff_only_finds_staff_only(draft, school, client):
    member = make_member(school, RoleName.TEACHER, "secretary@almendral.example")
    with in_organization(school):
        member.role.permissions = ["send_to_staff"]
        member.role.save()
        people.group("Cooks", kind="staff")
        people.person("Ada Teacher", kind="staff")
        mailing = people.mailing(by=member, year=people.year())
    client.force_login(member.user)
    shown = text(client.get(url(mailing)))
    assert "Cooks" in shown
    assert "All staff" in shown
    assert "5º A" not in shown
    post_recipients(client, mailing, "add", person=[draft.aina.pk])
    assert chosen(mailing) == set()


def test_ids_of_another_school_are_passed_over(draft, office_client, other_school):
    with in_organization(other_school):
        stranger, class_ = people.person("Not Ours"), people.group("Theirs")
    post_recipients(office_client, draft, "add", person=[stranger.pk])
    post_recipients(office_client, draft, "add_all", group=class_.pk)
    post_recipients(office_client, draft, "add_all", group="9" * 30)
    assert chosen(draft) == set()


def test_deleting_a_draft_takes_its_list_along(draft, office_client):
    with in_organization(draft.organization):
        draft.uploaded_list = UploadedList.objects.create(name="coaches.csv")
        draft.save()
    office_client.post(url(draft, "delete"))
    with in_organization(draft.organization):
        assert not UploadedList.objects.exists()


def test_a_message_to_the_family_starts_on_the_page_of_the_student(
    draft, teacher_draft, office_client, client, teacher
):
    school = draft.organization
    assert "Write to the family" in text(office_client.get(school.url("recipients:person", draft.aina.pk)))
    office_client.post(school.url("campaigns:to_person", draft.aina.pk))
    with in_organization(school):
        mailing = Mailing.objects.order_by("-pk").first()
    assert chosen(mailing) == {"Aina Puig"}
    with in_organization(school):
        leo = people.Person.objects.get(first_name="Leo")
    client.force_login(teacher.user)
    client.post(school.url("campaigns:to_person", leo.pk))
    with in_organization(school):
        assert not Mailing.objects.filter(pk__gt=mailing.pk).exists()
