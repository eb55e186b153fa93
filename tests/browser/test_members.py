"""Members and roles in a real browser: a new member is let in, sets a password, and is told who he is on record."""

import re

import pytest
from playwright.sync_api import Page, expect

from .test_the_first_mailing import log_in, press

pytestmark = [pytest.mark.browser, pytest.mark.server]

MEMBERS = "/o/almendral/settings/members"
LOGIN = "nuria.ortega@almendral.example"
PASSWORD = "una contraseña larga"


def make_a_role(page: Page, look) -> None:
    page.goto(f"{MEMBERS}/roles/")
    look(page, "roles")
    page.get_by_role("link", name="Administrator", exact=True).click()
    look(page, "role-shipped")
    page.goto(f"{MEMBERS}/roles/add/")
    press(page, "Save the role")
    expect(page.get_by_text("Tick at least one.")).to_be_visible()
    look(page, "role-wrong")
    page.get_by_label("Name").fill("Support staff")
    page.get_by_label("Write to teaching and support staff").check()
    press(page, "Save the role")
    expect(page.get_by_role("row", name="Support staff")).to_contain_text("teaching and support staff")
    look(page, "roles-with-own")


def add_a_member(page: Page, look) -> None:
    page.goto(f"{MEMBERS}/")
    look(page, "members")
    page.get_by_role("link", name="Add a member").click()
    page.get_by_label("Email").fill("nobody")
    press(page, "Add the member")
    look(page, "member-wrong")
    page.get_by_label("Email").fill(LOGIN)
    page.get_by_label("Name").fill("Núria Ortega")
    page.get_by_label("Role").select_option(label="Teacher")
    press(page, "Add the member")
    expect(page.get_by_text(f"A mail to {LOGIN} says how to log in.")).to_be_visible()
    look(page, "member")


def say_who_it_is(page: Page, look) -> None:
    page.get_by_role("link", name="Choose from the staff").click()
    look(page, "member-person")
    page.get_by_role("button", name=re.compile("^Choose ")).first.click()
    expect(page.get_by_text("Núria Ortega is ")).to_be_visible()
    look(page, "member-tied")


def set_the_password(page: Page, demo, look) -> None:
    page.goto(f"{demo.catcher_url}/?q={LOGIN}")
    page.get_by_role("link", name="Your access to Almendral Schools").click()
    link = re.search(r"http\S+/accounts/password/reset/key/[\w-]+/?", page.content())
    page.goto(link[0])
    look(page, "member-password")
    page.get_by_label("New Password", exact=True).fill(PASSWORD)
    page.get_by_label("New Password (again)").fill(PASSWORD)
    press(page, "Keep this password")
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(LOGIN)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    page.wait_for_url("**/o/almendral/")


def give_up_the_own_role(page: Page, look) -> None:
    page.goto(f"{MEMBERS}/")
    page.get_by_role("link", name=re.compile("Administrator of")).click()
    look(page, "member-own")
    page.get_by_label("Role").select_option(label="Office")
    press(page, "Save the role")
    expect(page.get_by_role("heading", name="Give yourself the role Office?")).to_be_visible()
    look(page, "member-confirm")
    press(page, "Change my role")
    expect(page.get_by_text("Nobody else who can log in is an administrator.")).to_be_visible()
    look(page, "member-last-administrator")


def end_a_membership(page: Page, look) -> None:
    page.goto(f"{MEMBERS}/")
    page.get_by_role("link", name="Núria Ortega").click()
    page.get_by_role("link", name="End the membership").click()
    look(page, "member-end")
    press(page, "End the membership")
    expect(page.get_by_text("Núria Ortega is no member any more.")).to_be_visible()


@pytest.mark.feature("S0.2")
def test_an_administrator_lets_a_teacher_in_and_ends_it(page, browser, demo, look):
    log_in(page, demo, "administrator")
    make_a_role(page, look)
    add_a_member(page, look)
    say_who_it_is(page, look)
    with browser.new_context(base_url=demo.url) as other:
        set_the_password(other.new_page(), demo, look)
    give_up_the_own_role(page, look)
    end_a_membership(page, look)
