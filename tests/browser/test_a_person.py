"""The record of a person in a real browser: found, read, changed, and merged with a second record of the same."""

import pytest
from playwright.sync_api import Page, expect

from .test_the_first_mailing import log_in, press

pytestmark = [pytest.mark.browser, pytest.mark.server]

PEOPLE = "/o/almendral/people"


def find_anybody(page: Page, look) -> None:
    page.goto(f"{PEOPLE}/find/")
    look(page, "find-empty")
    page.get_by_role("searchbox").fill("garcia")
    press(page, "Find")
    expect(page.locator("tbody")).to_contain_text("García")
    look(page, "find")


def add_a_lead_twice(page: Page, look) -> None:
    for number in ("", "C-77"):
        page.goto(f"{PEOPLE}/leads/add/")
        page.get_by_label("First name").fill("Iria")
        page.get_by_label("Last name").fill("Vidal")
        page.get_by_label("Number in the school's own system").fill(number)
        press(page, "Save")
        page.get_by_role("link", name="Add an address or number").click()
        page.get_by_label("Address or number").fill("iria@correo.example")
        press(page, "Save")
    look(page, "lead")
    page.goto(f"{PEOPLE}/leads/")
    look(page, "leads")


def keep_a_note_and_a_consent(page: Page, look) -> None:
    page.goto(f"{PEOPLE}/leads/")
    page.get_by_role("link", name="Vidal, Iria").last.click()
    page.get_by_text("Add a note").click()
    page.get_by_label("Folder").fill("Contact log")
    page.get_by_label("Note", exact=True).fill("Wants to see the library.")
    press(page, "Keep this note")
    consent = page.get_by_role("listitem").filter(has_text="Photographs")
    consent.get_by_role("button", name="Record consent").click()
    consent.get_by_role("button", name="Withdraw the consent").click()
    consent.get_by_text("History").click()
    look(page, "person-with-note")


def merge_the_two(page: Page, look) -> None:
    page.goto(f"{PEOPLE}/duplicates/")
    row = page.get_by_role("row").filter(has_text="Vidal")
    expect(row).to_contain_text("the same name and email address")
    look(page, "duplicates")
    row.get_by_role("link", name="Compare").click()
    look(page, "merge")
    press(page, "Merge into one person")
    expect(page.get_by_text("Iria Vidal is one person now.")).to_be_visible()
    expect(page.get_by_text("C-77")).to_be_visible()
    expect(page.get_by_text("Wants to see the library.")).to_be_visible()
    look(page, "merged")


def read_a_family(page: Page, look) -> None:
    page.goto(f"{PEOPLE}/students/")
    page.locator("tbody a.name").first.click()
    look(page, "student")
    page.locator("tbody summary").first.click()
    look(page, "student-menu")
    page.get_by_role("link", name="Merge with somebody who is the same person").click()
    look(page, "merge-choose")


def test_the_record_of_a_person(page: Page, demo, look):
    log_in(page, demo)
    find_anybody(page, look)
    add_a_lead_twice(page, look)
    keep_a_note_and_a_consent(page, look)
    merge_the_two(page, look)
    read_a_family(page, look)
