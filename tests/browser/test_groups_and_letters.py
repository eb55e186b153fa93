"""A new school year in a real browser, and the letters on paper for the families that no email reaches."""

import re

import pytest
from playwright.sync_api import Page, expect

from .test_the_first_mailing import log_in, press

pytestmark = [pytest.mark.browser, pytest.mark.server]

PEOPLE = "/o/almendral/people"


def add_the_next_year(page: Page, look) -> None:
    page.goto(f"{PEOPLE}/years/")
    look(page, "years")
    page.get_by_role("link", name="Add a school year").click()
    page.get_by_label("Name").fill("2040-41")
    page.get_by_label("Starts on").fill("2040-09-01")
    page.get_by_label("Ends on").fill("2040-06-30")
    press(page, "Save")
    expect(page.get_by_text("The year has to end after it starts.")).to_be_visible()
    look(page, "year-wrong")
    page.get_by_label("Ends on").fill("2041-06-30")
    press(page, "Save")
    expect(page.locator("tbody")).to_contain_text("2040-41")


def copy_groups_and_move_students_up(page: Page, look) -> None:
    page.get_by_role("link", name="Copy groups into it 2040-41").click()
    look(page, "year-copy")
    press(page, "Copy the groups")
    expect(page.get_by_label("Where 1º Primaria A goes")).to_contain_text("2º Primaria A")
    look(page, "year-move-up")
    press(page, "Move the students up")
    expect(page.get_by_text(re.compile(r"\d+ students are put in."))).to_be_visible()
    look(page, "groups")


def change_a_group(page: Page, look) -> None:
    page.get_by_role("link", name="2º Primaria A", exact=True).click()
    look(page, "group")
    number = int(page.locator(".num").first.inner_text())
    page.locator("tbody input").first.check()
    page.get_by_label("Group").select_option(index=1)
    press(page, "Move there")
    expect(page.locator(".num").first).to_have_text(str(number - 1))
    page.get_by_role("link", name="Add students").click()
    page.get_by_label("Find by name").fill("GARCIA")
    press(page, "Find")
    look(page, "group-add")
    expect(page.locator("tbody")).to_contain_text("García")
    page.locator("tbody input").first.check()
    press(page, "Put in those ticked")
    page.get_by_role("link", name="Back to the group").click()
    expect(page.locator(".num").first).to_have_text(str(number))
    press(page, "Write to this group")
    expect(page.get_by_role("region", name="Chosen groups")).to_contain_text("2º Primaria A")


def look_at_the_rest(page: Page, look) -> None:
    page.goto(f"{PEOPLE}/units/")
    look(page, "units")
    page.get_by_role("link", name="Delete Infantil").click()
    look(page, "unit-delete")
    page.goto(f"{PEOPLE}/groups/")
    page.get_by_role("link", name="Office and support").click()
    look(page, "group-of-staff")
    page.get_by_role("link", name="Edit").click()
    look(page, "group-edit")
    page.get_by_role("link", name="Delete").click()
    look(page, "group-delete")


def test_a_new_year_gets_its_groups_and_students(page, demo, look):
    log_in(page, demo)
    add_the_next_year(page, look)
    copy_groups_and_move_students_up(page, look)
    change_a_group(page, look)
    look_at_the_rest(page, look)


@pytest.mark.feature("B14")
def test_every_letter_is_one_page_of_paper(page, demo, look):
    log_in(page, demo)
    page.goto(f"{PEOPLE}/unreachable/")
    look(page, "unreachable")
    number = page.locator("tbody input").count()
    page.get_by_role("link", name=f"Print {number} letters").click()
    look(page, "letters")
    page.get_by_label("Text of all letters").fill("Come to the office.\n\n" + "We are there until five. " * 50)
    press(page, "Keep the text")
    expect(page.locator(".familyletter").first).to_contain_text("Come to the office.")
    page.emulate_media(media="print")
    expect(page.get_by_label("Text of all letters")).to_be_hidden()
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == number
