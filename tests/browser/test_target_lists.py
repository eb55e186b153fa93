"""Target lists in a real browser: a filter that is built with its count beside it, and people added by a search."""

import re

import pytest
from playwright.sync_api import Page, expect

from .test_the_first_mailing import log_in, press

pytestmark = [pytest.mark.browser, pytest.mark.server]

LISTS = "/o/almendral/people/lists/"


def new_list(page: Page, name: str, way: str) -> None:
    page.goto(f"{LISTS}new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label(way).check()
    press(page, "Make the list")


def found(page: Page) -> int:
    figure = page.locator("#found .figure b")
    expect(figure).to_be_visible()
    return int(figure.inner_text().replace(",", ""))


def settle(page: Page, path: str) -> None:
    """Wait for the row, and until what htmx has put into the page listens."""
    expect(page.locator(f"select[name='field:{path}']")).to_be_visible()
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)


def choose(page: Page, path: str, field: str) -> None:
    """Choose what to filter by in one row, and wait until the row asks for its value."""
    settle(page, path)
    page.locator(f"select[name='field:{path}']").select_option(label=field)
    expect(page.locator(f"select[name='operator:{path}']")).to_be_visible()


@pytest.mark.feature("S1.21")
def test_a_filter_is_built_with_the_count_beside_it(page, demo, look):
    log_in(page, demo)
    page.goto(LISTS)
    look(page, "lists-empty")
    page.get_by_role("link", name="Make the first list").click()
    look(page, "list-new")
    new_list(page, "Families of the first class", "By a filter that keeps it in step")
    look(page, "filter-new")
    choose(page, "0.0", "kind of person")
    page.get_by_label("Guardian", exact=True).check()
    everybody = found(page)
    press(page, "Add a condition")
    choose(page, "0.1", "guardian of a student in group")
    page.get_by_label("1º Primaria A", exact=True).first.check()
    expect(page.locator("#found .figure b")).not_to_have_text(f"{everybody:,}")
    of_class = found(page)
    assert 0 < of_class < everybody
    press(page, "Add a group")
    choose(page, "0.2.0", "name")
    page.locator("input[name='value:0.2.0']").fill("nobody is called this")
    choose(page, "0.2.1", "language")
    expect(page.locator("input[name='value:0.2.0']")).to_have_value("nobody is called this")
    page.locator("select[name='join:0.2']").select_option(label="none of these is true")
    page.get_by_label("Polish", exact=True).check()
    expect(page.locator("#found")).to_contain_text("and not (name contains “nobody is called this”, or language is")
    look(page, "filter-nested")
    press(page, "Keep the filter")
    expect(page.get_by_text(re.compile(rf"{found_in_head(page)} on it"))).to_be_visible()
    look(page, "filter-list")
    page.goto(LISTS)
    expect(page.locator("tbody .num")).to_have_text(re.compile(r"^\d+$"))
    look(page, "lists")


def found_in_head(page: Page) -> str:
    return page.locator(".lead b").inner_text().split()[0]


def test_without_scripts_the_builder_is_a_plain_form(browser, demo, look):
    context = browser.new_context(base_url=demo.url, java_script_enabled=False)
    page = context.new_page()
    log_in(page, demo)
    new_list(page, "Staff without scripts", "By a filter that keeps it in step")
    page.locator("select[name='field:0.0']").select_option(label="kind of person")
    press(page, "Go on")
    page.get_by_label("Staff", exact=True).check()
    page.locator("#found").get_by_role("button", name="Count").click()
    number = found(page)
    assert number > 0
    press(page, "Keep the filter")
    expect(page.locator(".lead")).to_contain_text(f"{number} on it")
    context.close()


@pytest.mark.feature("S1.20")
def test_all_that_a_search_finds_are_added_and_some_taken_off(page, demo, look):
    log_in(page, demo)
    new_list(page, "Garcías", "I pick people and type addresses")
    page.get_by_label("Find by name, address or number").fill("GARCIA")
    press(page, "Find")
    look(page, "list-add")
    button = page.get_by_role("button", name=re.compile(r"Add all \d+ found"))
    number = int(re.search(r"\d+", button.inner_text())[0])
    button.click()
    expect(page.get_by_text(f"{number} more are on the list.")).to_be_visible()
    page.get_by_text("Type addresses of people who are not in Bedel").click()
    page.get_by_label("Any addresses, separated by commas").fill("ampa@x.example, nobody")
    press(page, "Add these addresses")
    expect(page.get_by_text("“nobody” has no @ in it.")).to_be_visible()
    look(page, "list-add-wrong")
    page.get_by_role("link", name="See them").click()
    look(page, "list")
    page.locator("tbody input").first.check()
    press(page, "Take the ticked off")
    expect(page.locator(".lead")).to_contain_text(f"{number} on it")
    page.get_by_role("link", name=re.compile("Addresses")).click()
    expect(page.locator("tbody")).to_contain_text("ampa@x.example")
    look(page, "list-addresses")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Delete").click()
    look(page, "list-delete")
    press(page, "Delete the list")
    expect(page.get_by_text("The list “Garcías” is deleted.")).to_be_visible()
