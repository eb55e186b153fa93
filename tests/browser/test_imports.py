"""Imports in a real browser: a file with a mistake step by step, once more, and what a person decides."""

import re

import pytest
from playwright.sync_api import Page, expect

from .roster import roster
from .test_the_first_mailing import log_in, press

pytestmark = [pytest.mark.browser, pytest.mark.server]

IMPORT = "/o/almendral/people/import/"
MENDED = "nuria@colegio.example"


def look_before_anything_is_loaded(page: Page, look) -> None:
    for name in ("conflicts", "sources", "past"):
        page.goto(f"{IMPORT}{name}/")
        look(page, f"imports-{name}-empty")
    page.get_by_role("link", name="New import").click()
    expect(page.get_by_text("OneRoster 1.1 and 1.2", exact=True)).to_be_visible()
    look(page, "imports-file")


def upload(page: Page, content: bytes, name: str, source: str = "") -> None:
    page.goto(IMPORT)
    page.get_by_label("File", exact=True).set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    if source:
        page.get_by_label("Read it as").select_option(source)
    press(page, "Read the file")


def step(page: Page, name: str):
    return page.get_by_role("list", name="Four steps").get_by_role("link", name=name)


def say_what_the_columns_are(page: Page, look) -> None:
    expect(page).to_have_url(re.compile(r"/columns/$"))
    expect(page.locator(".mapping__bad")).to_contain_text(
        "marta(at)familia.example: “marta(at)familia.example” has no @"
    )
    expect(page.get_by_text("Read so, it says")).to_contain_text("“Íñigo”")
    page.get_by_text("They do not look right").click()
    look(page, "imports-columns")
    page.get_by_label("Windows, Central Europe (1250)").check()
    page.get_by_role("group", name="Letters").locator("xpath=ancestor::details").get_by_role("button").click()
    expect(page.get_by_text("Read so, it says")).to_contain_text("“Íńigo”")
    page.get_by_text("They do not look right").click()
    page.get_by_label("Windows, Western Europe (1252)").check()
    page.get_by_label("Meaning of Teléfono tutor 1").select_option("(leave out)")


def mend_one_cell(page: Page, look) -> None:
    page.get_by_label("Mend row 8, Correo tutor 1").fill("marta@familia.example")
    press(page, "Read it with what is mended")
    expect(page.get_by_role("heading", name="Mended here")).to_be_visible()
    expect(page.locator(".mapping__bad")).to_have_count(0)
    look(page, "imports-columns-mended")
    page.get_by_label("Mend row 8, Correo tutor 1").fill("marta(at)familia.example")
    press(page, "Next: see the changes")


def go_back_and_on(page: Page) -> None:
    """Each step has its address: it can be reloaded, and back is back."""
    expect(page).to_have_url(re.compile(r"/changes/$"))
    page.reload()
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    step(page, "Columns").click()
    expect(page.get_by_label("Meaning of Teléfono tutor 1")).to_have_value("")
    page.go_back()
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()


def load_it(page: Page, look) -> None:
    look(page, "imports-changes")
    page.get_by_role("link", name=re.compile("^See them.*New people$")).click()
    look(page, "imports-change-rows")
    page.get_by_role("link", name="Back to all changes").click()
    page.get_by_label("Leave what is mistaken out").check()
    page.get_by_role("button", name=re.compile(r"^Load \d+ people$")).click()
    expect(page).to_have_url(re.compile(r"/load/$"))
    expect(page.get_by_text("Loaded.")).to_be_visible(timeout=30_000)
    look(page, "imports-loaded")


def look_back(page: Page, look) -> None:
    """What was decided stands there, and cannot be changed any more."""
    step(page, "Columns").click()
    expect(page.get_by_role("heading", name="How the columns were read")).to_be_visible()
    expect(page.locator(".mapping__as")).to_contain_text("(leave out)")
    expect(page.locator("main select")).to_have_count(0)
    look(page, "imports-columns-past")
    step(page, "Changes").click()
    expect(page.get_by_text("What is mistaken was left out.")).to_be_visible()
    look(page, "imports-changes-past")
    step(page, "File").click()
    look(page, "imports-file-past")
    step(page, "Load").click()


def keep_it_for_the_next(page: Page, look) -> None:
    page.get_by_label("Name", exact=True).fill("School program")
    press(page, "Keep it for the next file")
    page.goto(f"{IMPORT}sources/")
    look(page, "imports-sources")
    page.get_by_role("link", name="School program", exact=True).click()
    look(page, "imports-source")


def mend_an_address_by_hand(page: Page) -> None:
    page.goto("/o/almendral/people/find/")
    page.get_by_role("searchbox").fill("nuria.vidal@familia.example")
    press(page, "Find")
    page.get_by_role("link", name="Vidal, Núria").click()
    page.get_by_label("Actions for nuria.vidal@familia.example").click()
    page.get_by_role("link", name="Correct", exact=True).click()
    page.get_by_label("Address or number").fill(MENDED)
    press(page, "Save")


def read_the_next_file_in_the_same_way(page: Page, look) -> None:
    upload(page, roster(), "clases-2.csv")
    page.get_by_label("Use the mapping of").select_option("School program")
    press(page, "Use it")
    expect(page.get_by_text("11 columns are read as in “School program”.")).to_be_visible()
    expect(page.get_by_label("Meaning of Teléfono tutor 1")).to_have_value("")
    look(page, "imports-columns-taken")
    upload(page, roster(), "clases-3.csv", "School program")
    page.get_by_label("Leave what is mistaken out").check()
    page.get_by_role("button", name=re.compile(r"^Load \d+ people$")).click()
    expect(page.get_by_text("Loaded.")).to_be_visible(timeout=30_000)


def decide(page: Page, look) -> None:
    page.reload()
    rail = page.get_by_role("navigation", name="Bedel", exact=True)
    expect(rail.get_by_role("link", name=re.compile(r"^Import\s+1\s+to decide$"))).to_be_visible()
    page.get_by_role("link", name="Decide where the file differs").click()
    row = page.get_by_role("row").filter(has_text="Vidal, Núria")
    expect(row).to_contain_text(MENDED)
    look(page, "imports-conflicts")
    row.get_by_role("button", name="Keep ours").click()
    expect(page.get_by_text("1 is decided.")).to_be_visible()
    expect(rail.get_by_role("link", name="Import", exact=True)).to_be_visible()


def read_what_was(page: Page, look) -> None:
    page.get_by_role("link", name="Past imports").click()
    rows = page.get_by_role("row")
    expect(rows.filter(has_text="clases-3.csv")).to_contain_text("School program")
    look(page, "imports-past")
    with page.expect_download() as download:
        rows.filter(has_text="clases-3.csv").get_by_role("link", name="mistakes of clases-3.csv, as Excel").click()
    assert re.fullmatch(r"mistakes-\d+\.xlsx", download.value.suggested_filename)


@pytest.mark.feature("B8")
def test_a_file_is_loaded_step_by_step_and_what_differs_is_decided(page, demo, look):
    log_in(page, demo)
    look_before_anything_is_loaded(page, look)
    upload(page, roster(), "clases.csv")
    say_what_the_columns_are(page, look)
    mend_one_cell(page, look)
    go_back_and_on(page)
    load_it(page, look)
    look_back(page, look)
    keep_it_for_the_next(page, look)
    mend_an_address_by_hand(page)
    read_the_next_file_in_the_same_way(page, look)
    decide(page, look)
    read_what_was(page, look)
