"""A browser for one file of tests, ended with it (the loop of playwright must not outlive it), and the demo as new."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.servers.running import program

from .looking import Looker

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)


@pytest.fixture(scope="module")
def browser():
    path = program("chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=10_000)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo(browser, demo):
    """The demo as it ships: a school of more than six hundred families, which nobody has changed yet."""
    demo.begin_anew()
    return demo


@pytest.fixture(scope="module")
def look():
    """Looks at pages; with a folder SCREENSHOTS in the environment it leaves a picture of each there."""
    folder = Path(os.environ["SCREENSHOTS"]) if os.environ.get("SCREENSHOTS") else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    return Looker(folder)


@pytest.fixture
def context(browser, demo, look):
    """A browser nobody has used yet; whatever its console complains about fails the test."""
    context = browser.new_context(base_url=demo.url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(10_000)
    look.listen(context)
    yield context
    context.close()
    complaints, look.complaints = look.complaints, []
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(context):
    return context.new_page()
