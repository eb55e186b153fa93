"""Logging in by email, and coming back to where one was."""

import pytest

from apps.organizations.models import Membership, Role
from apps.organizations.scoping import in_organization

pytestmark = pytest.mark.django_db


def test_one_logs_in_by_email_and_lands_in_ones_school(client, office, school):
    response = client.post(
        "/accounts/login/", {"login": office.user.email.upper(), "password": "correct horse"}, follow=True
    )
    assert response.redirect_chain[-1][0] == school.get_absolute_url()
    assert "signed in" not in response.content.decode().lower()


def test_a_wrong_password_says_so_and_not_which_part_was_wrong(client, office):
    known = client.post("/accounts/login/", {"login": office.user.email, "password": "wrong"}).content.decode()
    unknown = client.post("/accounts/login/", {"login": "x@y.example", "password": "wrong"}).content.decode()
    sentence = "not correct"
    assert sentence in known
    assert sentence in unknown


def test_after_the_login_one_is_back_where_one_was(client, office, school):
    page = school.url("campaigns:saved")
    asked = client.get(page)
    assert asked.url == f"/accounts/login/?next={page}"
    response = client.post(asked.url, {"login": office.user.email, "password": "correct horse", "next": page})
    assert response.url == page


def test_nobody_signs_up(client, db):
    assert "No sign-up here" in client.get("/accounts/signup/").content.decode()


def test_a_new_password_is_asked_for_by_mail_without_saying_who_is_known(client, office, mailoutbox):
    for address in (office.user.email, "x@y.example"):
        response = client.post("/accounts/password/reset/", {"email": address}, follow=True)
        assert "Look into your mail" in response.content.decode()
    links = [mail for mail in mailoutbox if "/accounts/password/reset/key/" in mail.body]
    assert [mail.to for mail in links] == [[office.user.email]]


def test_who_belongs_to_two_schools_chooses_one(client, office, school, other_school):

    with in_organization(other_school):
        Membership.objects.create(user=office.user, role=Role.objects.get(name="office"))
    client.force_login(office.user)
    page = client.get("/").content.decode()
    assert school.get_absolute_url() in page
    assert other_school.get_absolute_url() in page


def test_nobody_adds_an_address_to_an_account(office_client):
    assert office_client.post("/accounts/email/", {"email": "else@x.example", "action_add": ""}).status_code == 404


def test_an_address_without_an_account_gets_no_mail(client, office, mailoutbox):
    client.post("/accounts/password/reset/", {"email": "stranger@x.example"})
    assert not mailoutbox
    client.post("/accounts/password/reset/", {"email": office.user.email})
    assert [mail.to for mail in mailoutbox] == [[office.user.email]]
