"""Settings, Members and roles: who is let in, as what, and how membership ends."""

import re
import smtplib
from importlib import import_module

import pytest
from django.apps import apps
from django.core.mail.backends.locmem import EmailBackend

from apps.accounts.models import User
from apps.campaigns.models import Mailing
from apps.organizations import members
from apps.organizations.models import Membership, Role
from apps.organizations.scoping import in_organization, without_scope
from apps.recipients.models import Enrolment, Person
from tests import people
from tests.conftest import make_member

pytestmark = pytest.mark.django_db

NEW = {"email": "Nuria@Almendral.example", "name": "Núria Ortega"}
LINK = re.compile(r"http\S+/accounts/password/reset/key/\S+?(?=[\"\s])")


@pytest.fixture
def no_mail(monkeypatch):
    """The portal's mail server does not answer."""

    def refuse(*_arguments):
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)


def role(school, name: str, *permissions: str) -> Role:
    with in_organization(school):
        return Role.objects.get_or_create(name=name, defaults={"permissions": list(permissions)})[0]


def add(client, school, role_name: str = "office", **changes):
    fields = NEW | {"role": role(school, role_name).pk} | changes
    return client.post(school.url("members:add"), fields, follow=True)


def roles(school) -> dict[str, str]:
    """Login -> role of everybody in the school."""
    with in_organization(school):
        return dict(Membership.objects.values_list("user__email", "role__name"))


def give(client, school, membership, name: str, **more):
    fields = {"role": role(school, name).pk} | more
    return client.post(school.url("members:member", membership.pk), fields, follow=True)


def end(client, school, membership):
    return client.post(school.url("members:end", membership.pk), follow=True)


def list_page(client, school, **query) -> str:
    return client.get(school.url("members:index"), query).content.decode()


def set_password(client, link: str, password: str = "a long one for Núria") -> None:
    form = client.get(link.removeprefix("http://127.0.0.1:8000"), follow=True)
    client.post(form.request["PATH_INFO"], {"password1": password, "password2": password}, follow=True)


@pytest.mark.feature("S0.2")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("office", "Writes to everybody"),
        ("teacher", "Writes to students and guardians of their own groups"),
        ("reader", "Writes to nobody"),
        ("Support", "Writes to teaching and support staff"),
    ],
)
def test_the_list_says_whom_each_member_may_write_to(administrator_client, school, name, words):
    role(school, "Support", "send_to_staff")
    make_member(school, name, "somebody@almendral.example")
    row = list_page(administrator_client, school).split("<wbr>@almendral.example")[-1]
    assert words in row


def test_a_new_member_gets_a_link_sets_a_password_and_logs_in(administrator_client, client, school, mailoutbox):
    page = add(administrator_client, school)
    assert "Núria Ortega is a member now. A mail to nuria@almendral.example says how to log in." in page.text
    (mail,) = mailoutbox
    assert mail.to == ["nuria@almendral.example"]
    assert "Almendral" in mail.subject
    link = LINK.search(mail.body)[0]
    client.logout()
    set_password(client, link)
    client.post("/accounts/login/", {"login": NEW["email"], "password": "a long one for Núria"})
    assert client.get(school.get_absolute_url()).status_code == 200
    assert roles(school)["nuria@almendral.example"] == "office"


def test_who_has_a_password_elsewhere_keeps_it_and_the_page_says_the_same(
    administrator_client, school, other_school, mailoutbox
):
    known = make_member(other_school, "teacher", "nuria@almendral.example").user
    page = add(administrator_client, school)
    assert "is a member now. A mail to nuria@almendral.example says how to log in." in page.text
    known.refresh_from_db()
    assert known.check_password("correct horse")
    assert not LINK.search(mailoutbox[0].body)
    assert "the password that you have" in mailoutbox[0].body
    assert roles(other_school)[known.email] == "teacher"


def test_where_the_portal_cannot_mail_the_link_is_shown_once(administrator_client, client, school, no_mail):
    page = add(administrator_client, school)
    link = LINK.search(page.text)[0]
    assert page.headers["Cache-Control"].count("no-store") == 1
    with in_organization(school):
        new = Membership.objects.get(user__email="nuria@almendral.example")
    shown_again = administrator_client.get(school.url("members:member", new.pk)).text
    assert not LINK.search(shown_again)
    assert "No password set yet" in shown_again
    set_password(client, link)
    assert User.objects.get(pk=new.user_id).check_password("a long one for Núria")


def test_no_link_is_shown_for_a_member_of_another_organisation(administrator_client, school, other_school, no_mail):
    with in_organization(other_school):
        user = User.objects.create_user("nuria@almendral.example", None, name="Núria")
        Membership.objects.create(user=user, role=Role.objects.get(name="administrator"))
    page = add(administrator_client, school)
    assert not LINK.search(page.text)
    assert "does not answer: nothing went to nuria@almendral.example." in page.text


def test_a_new_invitation_makes_the_link_before_it_void(administrator_client, client, school, mailoutbox):
    add(administrator_client, school)
    with in_organization(school):
        new = Membership.objects.get(user__email="nuria@almendral.example")
    administrator_client.post(school.url("members:way_in", new.pk))
    first, second = (LINK.search(mail.body)[0] for mail in mailoutbox)
    set_password(client, first)
    assert not User.objects.get(pk=new.user_id).has_usable_password()
    set_password(client, second)
    assert User.objects.get(pk=new.user_id).has_usable_password()


def test_an_invitation_of_who_has_a_password_makes_no_link(administrator_client, school, office, no_mail):
    page = administrator_client.post(school.url("members:way_in", office.pk), follow=True)
    assert not LINK.search(page.text)
    office.user.refresh_from_db()
    assert office.user.check_password("correct horse")


def test_pressed_twice_a_member_is_added_once_and_mailed_once(administrator_client, school, mailoutbox):
    add(administrator_client, school)
    page = add(administrator_client, school)
    assert "Núria Ortega is a member already." in page.text
    assert len(mailoutbox) == 1
    assert len(roles(school)) == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "no address"}, "email"),
        ({"email": "x" * 300 + "@a.example"}, "email"),
        ({"email": "a\x00@a.example"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"role": ""}, "role"),
        ({"role": "9" * 40}, "role"),
        ({"role": "x"}, "role"),
    ],
)
def test_a_wrong_detail_is_answered_at_its_field_and_nothing_is_lost(
    administrator_client, school, mailoutbox, wrong, field
):
    page = add(administrator_client, school, **wrong)
    assert f'id="id_{field}_error"' in page.text
    kept = NEW["name"] if field != "name" else NEW["email"]
    assert f'value="{kept}"' in page.text
    assert len(roles(school)) == 1
    assert not mailoutbox


@pytest.mark.django_db(transaction=True)
def test_a_role_deleted_while_somebody_is_let_in_is_said(administrator_client, school, monkeypatch):
    let_in = members.let_in

    def deleted_meanwhile(email, name, role):
        Role.objects.filter(pk=role.pk).delete()
        return let_in(email, name, role)

    monkeypatch.setattr(members, "let_in", deleted_meanwhile)
    before = roles(school)
    answer = add(administrator_client, school, "secretary")
    assert "just been saved by somebody else" in answer.content.decode()
    assert roles(school) == before


def test_the_role_of_another_organisation_is_none(administrator_client, school, other_school):
    page = add(administrator_client, school, role=role(other_school, "office").pk)
    assert 'id="id_role_error"' in page.text
    assert len(roles(school)) == 1


def test_who_is_a_member_with_another_role_is_named_at_the_address(administrator_client, school, office):
    page = add(administrator_client, school, "reader", email=office.user.email)
    assert "Office is a member already. Role: Office." in page.text
    assert roles(school)[office.user.email] == "office"


def test_the_role_of_a_member_is_changed(administrator_client, school, teacher):
    page = give(administrator_client, school, teacher, "reader")
    assert "Teacher: Reader." in page.text
    assert roles(school)[teacher.user.email] == "reader"


def test_the_last_administrator_is_not_demoted_and_does_not_leave(administrator_client, school, administrator):
    page = give(administrator_client, school, administrator, "office", confirmed="yes")
    assert "Nobody else who can log in is an administrator." in page.text
    page = end(administrator_client, school, administrator)
    assert "Nobody else who can log in is an administrator." in page.text
    assert roles(school)[administrator.user.email] == "administrator"


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!unset"}])
def test_an_administrator_who_cannot_log_in_does_not_count(administrator_client, school, administrator, change):
    User.objects.filter(pk=make_member(school, "administrator", "b@almendral.example").user_id).update(**change)
    end(administrator_client, school, administrator)
    assert roles(school)[administrator.user.email] == "administrator"


def test_one_of_two_administrators_goes_after_a_page_that_asks(administrator_client, school, administrator):
    make_member(school, "administrator", "b@almendral.example")
    page = give(administrator_client, school, administrator, "office")
    assert "Give yourself the role Office?" in page.text
    assert roles(school)[administrator.user.email] == "administrator"
    give(administrator_client, school, administrator, "office", confirmed="yes")
    assert roles(school)[administrator.user.email] == "office"
    assert administrator_client.get(school.url("members:index")).status_code == 403


def test_an_ended_membership_leaves_all_that_was_written(administrator_client, client, school, office):
    with in_organization(school):
        group = people.group("5º A")
        for state in ("draft", "draft", "pending", "done"):
            people.mailing(group, by=office, state=state)
        person = people.person("Anna Soler", kind="staff", membership=office)
    asked = administrator_client.get(school.url("members:end", office.pk)).text
    for words in ("2 drafts stay", "1 message waits for its start", "1 message on its way or sent", "Anna Soler stays"):
        assert words in asked
    assert office.user.email in roles(school)
    assert "No message of theirs" not in asked
    end(administrator_client, school, office)
    assert office.user.email not in roles(school)
    with in_organization(school):
        assert Mailing.objects.filter(created_by=office.user).count() == 4
        assert Person.objects.get(pk=person.pk).membership is None
    client.force_login(office.user)
    assert client.get(school.get_absolute_url()).status_code == 404
    assert end(client, school, office).status_code == 404


class TestPersonOnRecord:
    @pytest.fixture
    def anna(self, school) -> Person:
        with in_organization(school):
            return people.person("Anna Soler", "teacher@almendral.example", kind="staff")

    def choose(self, client, school, member, person=None):
        fields = {"person": person.pk} if person else {}
        return client.post(school.url("members:person", member.pk), fields, follow=True)

    @pytest.mark.feature("S0.2")
    def test_a_teacher_is_tied_to_the_person_who_teaches(self, administrator_client, school, teacher, anna):
        assert "nobody on record is this member" in list_page(administrator_client, school)
        page = administrator_client.get(school.url("members:member", teacher.pk)).text
        assert "has this address, or this name" in page
        page = self.choose(administrator_client, school, teacher, anna).text
        assert "Teacher is Anna Soler." in page
        assert "teaches no group in the present year" in list_page(administrator_client, school)
        with in_organization(school):
            Enrolment.objects.create(person=anna, group=people.group("5º A"), role="teacher")
        page = list_page(administrator_client, school)
        assert "Teaches 1 group" in page
        assert "Reaches no students" not in page

    def test_last_year_does_not_count(self, administrator_client, school, teacher, anna):
        self.choose(administrator_client, school, teacher, anna)
        with in_organization(school):
            people.year("2026-27")
            old = people.Group.objects.create(name="4º A", year=people.year("2025-26", 2025))
            Enrolment.objects.create(person=anna, group=old, role="teacher")
        assert "teaches no group in the present year" in list_page(administrator_client, school)

    def test_a_group_of_staff_is_not_taught(self, administrator_client, school, teacher, anna):
        self.choose(administrator_client, school, teacher, anna)
        with in_organization(school):
            Enrolment.objects.create(person=anna, group=people.group("Team", kind="staff"), role="teacher")
        assert "teaches no group in the present year" in list_page(administrator_client, school)

    def test_nobody_is_two_members(self, administrator_client, school, teacher, office, anna):
        self.choose(administrator_client, school, teacher, anna)
        page = self.choose(administrator_client, school, office, anna).text
        assert "Anna Soler is another member." in page
        with in_organization(school):
            assert Person.objects.get(membership=teacher) == anna

    def test_another_is_chosen_and_none(self, administrator_client, school, teacher, anna):
        with in_organization(school):
            other = people.person("Berta Mas", kind="staff")
        for chosen in (anna, other):
            self.choose(administrator_client, school, teacher, chosen)
        with in_organization(school):
            assert Person.objects.get(membership=teacher) == other
        self.choose(administrator_client, school, teacher)
        with in_organization(school):
            assert not Person.objects.filter(membership=teacher).exists()

    @pytest.mark.parametrize("posted", ["x", "9" * 40, "0", "a\x00"])
    def test_what_is_nobody_is_not_found(self, administrator_client, school, teacher, anna, posted):
        url = school.url("members:person", teacher.pk)
        assert administrator_client.post(url, {"person": posted}).status_code == 404

    def test_students_and_strangers_are_not_offered(self, administrator_client, school, other_school, teacher, anna):
        with in_organization(school):
            pupil = people.student("Aina Puig")
        with in_organization(other_school):
            stranger = people.person("Luca Rossi", kind="staff")
        url = school.url("members:person", teacher.pk)
        for each in (pupil, stranger):
            assert administrator_client.post(url, {"person": each.pk}).status_code == 404
        page = administrator_client.get(url).text
        assert "Soler, Anna" in page
        assert "Aina" not in page
        assert "Nobody fits" in administrator_client.get(url, {"q": "Puig"}).text


class TestManyMembers:
    @pytest.fixture
    def many(self, school, administrator):
        with in_organization(school):
            reader = Role.objects.get(name="reader")
            users = [User(email=f"r{n}@almendral.example", name=f"Reader {n:03}") for n in range(70)]
            User.objects.bulk_create(users)
            Membership.objects.bulk_create(Membership(user=user, role=reader) for user in users)

    def test_pages_of_fifty(self, administrator_client, school, many, django_assert_max_num_queries):
        with django_assert_max_num_queries(12):
            first = list_page(administrator_client, school)
        assert first.count('class="cardtitle"') == 50
        assert "71 members" in first
        cursor = re.search(r"\?after=([^\"&]+)", first)[1]
        assert list_page(administrator_client, school, after=cursor).count('class="cardtitle"') == 21

    def test_one_is_found_by_name_or_login(self, administrator_client, school, many):
        for search in ("reader 042", "R42@alm"):
            assert list_page(administrator_client, school, q=search).count('class="cardtitle"') == 1
        assert "Nobody fits" in list_page(administrator_client, school, q="zzz\x00")

    def test_few_members_need_no_search(self, administrator_client, school, office):
        assert 'type="search"' not in list_page(administrator_client, school)


def test_looking_changes_nothing(administrator_client, school, office, mailoutbox):
    before = roles(school)
    for name, arguments in {"members:add": (), "members:member": (office.pk,), "members:end": (office.pk,)}.items():
        administrator_client.get(school.url(name, *arguments), NEW | {"role": role(school, "reader").pk})
    assert administrator_client.get(school.url("members:way_in", office.pk)).status_code == 405
    assert roles(school) == before
    assert not mailoutbox


@pytest.mark.feature("S0.1")
@pytest.mark.parametrize("name", ["office", "teacher", "reader"])
def test_who_may_not_manage_members_is_refused(client, school, administrator, name):
    member = make_member(school, name)
    client.force_login(member.user)
    before = roles(school)
    assert client.get(school.url("members:index")).status_code == 403
    assert give(client, school, member, "administrator").status_code == 403
    assert add(client, school).status_code == 403
    assert end(client, school, administrator).status_code == 403
    assert roles(school) == before


def test_a_role_that_manages_members_alone_finds_the_page(client, school):
    role(school, "Head", "manage_members")
    client.force_login(make_member(school, "Head").user)
    home = client.get(school.get_absolute_url()).text
    assert f'href="{school.url("members:index")}"' in home
    assert f'href="{school.url("organization:settings")}"' not in home


def test_administrators_of_before_may_manage_members(school):
    """What the migration does for organisations that are there already."""
    with in_organization(school):
        Role.objects.filter(name="administrator").update(permissions=["send_to_all"])
    with without_scope():
        import_module("apps.organizations.migrations.0005_manage_members").grant(apps, None)
        assert role(school, "administrator").permissions == ["manage_members", "send_to_all"]
        assert "manage_members" not in role(school, "office").permissions
