"""The whole story in a real browser: a roster comes in, a message goes out, families answer, the office reads it."""

import re

import pytest
from playwright.sync_api import Page, expect

from .roster import roster

pytestmark = [pytest.mark.browser, pytest.mark.server]

SUBJECT = "Excursión al río"
QUESTION = "May your child come to the river?"
TYPED = "delegada@barrio.example"
TESTER = "direccion@almendral.example"


def log_in(page: Page, demo, role: str = "office") -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(demo.login(role))
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/o/almendral/")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state()


def import_the_roster(page: Page, look) -> None:
    page.goto("/o/almendral/people/import/")
    look(page, "import")
    page.get_by_label("File").set_input_files({"name": "clases.csv", "mimeType": "text/csv", "buffer": roster()})
    press(page, "Read the file")
    expect(page.get_by_text("Núñez").first).to_be_visible()
    expect(page.locator("tr", has_text="marta(at)familia.example").first).to_contain_text("8")
    look(page, "import-preview")
    press(page, "Next: see the changes")
    look(page, "import-changes")
    page.get_by_label("Leave what is mistaken out").check()
    page.get_by_role("button", name=re.compile(r"^Load \d+ people$")).click()
    expect(page.get_by_text("Loaded.")).to_be_visible(timeout=30_000)
    look(page, "import-done")


def see_the_students(page: Page, look) -> None:
    page.get_by_role("link", name="See the students").click()
    page.get_by_label("Find by name, address or number").fill("peña nuñez")
    press(page, "Find")
    for student in ("Peña Núñez, Zoé", "Peña Núñez, Íñigo"):
        expect(page.locator("tbody")).to_contain_text(student)
    expect(page.locator("tbody")).to_contain_text("Begoña Núñez, Óscar Peña")
    look(page, "students")
    page.get_by_role("link", name="Peña Núñez, Zoé").click()
    expect(page.locator("main")).to_contain_text("oscar.pena@familia.example")
    look(page, "person")


def choose_recipients(page: Page, look) -> None:
    """The first class whole, two students of the second, one typed address."""
    pane, chosen = page.get_by_role("region", name="List of people"), page.get_by_role("region", name="Chosen groups")
    page.get_by_role("button", name=re.compile("^Girasoles")).click()
    expect(pane).to_contain_text("Castaño Ruiz, Leo")
    press(page, "Add all of Girasoles")
    expect(chosen).to_contain_text("Girasoles")
    page.get_by_role("button", name=re.compile("^Amapolas")).click()
    pane.get_by_label("Peña Núñez, Zoé").check()
    pane.get_by_label("Ferrer Mas, Ada").check()
    press(page, "Add the ticked")
    expect(chosen).to_contain_text("Ferrer Mas, Ada")
    expect(pane).not_to_contain_text("Ferrer Mas, Ada")
    expect(pane).to_contain_text("Coll Vidal, Martín")
    page.get_by_label("Any addresses, separated by commas").fill(TYPED)
    press(page, "Add these addresses")
    expect(page.locator(".addr")).to_contain_text(TYPED)
    expect(page.locator("#counted")).to_contain_text("5 get it · 1 will not")
    look(page, "step-1-recipients")
    press(page, "Next: message")


def write_the_message(page: Page, look) -> None:
    page.get_by_label("Subject").fill(SUBJECT)
    letter = page.frame_locator("iframe.tox-edit-area__iframe").locator("body")
    letter.click()
    page.keyboard.type("Dear ")
    press(page, "first name")
    page.keyboard.type(", we go to the river on Friday.")
    expect(letter).to_contain_text("Dear {{ first_name }}, we go to the river on Friday.")
    attachment = {"name": "camino.txt", "mimeType": "text/plain", "buffer": b"Salida a las nueve"}
    page.get_by_label("Add files").set_input_files(attachment)
    press(page, "Attach")
    expect(page.locator("#attachments")).to_contain_text("camino.txt")
    page.get_by_role("switch").first.check()
    page.get_by_label("Question", exact=True).fill(QUESTION)
    expect(letter).to_contain_text("Dear {{ first_name }}")
    look(page, "step-2-message")
    press(page, "Next: check")


def check_it(page: Page, look, demo) -> None:
    expect(page.locator(".reach")).to_contain_text("5 get it")
    expect(page.locator(".reach")).to_contain_text("1 will not")
    expect(page.locator("table")).to_contain_text("Pilar Ruiz")
    expect(page.locator(".copy__foot")).to_contain_text("camino.txt")
    letter = page.frame_locator("article.copy iframe").locator("body")
    expect(letter).to_contain_text("we go to the river on Friday.")
    expect(letter).to_contain_text(QUESTION)
    expect(letter).not_to_contain_text("{{")
    page.get_by_label("Send a test to").fill(TESTER)
    press(page, "Send test")
    expect(page.locator("#tests")).to_contain_text("Sent", timeout=20_000)
    assert [mail["recipient"] for mail in demo.mails(TESTER)] == [TESTER]
    look(page, "step-3-check")
    page.get_by_role("link", name="Next: send").click()


def send_it(page: Page, look) -> str:
    """Send, and watch until the page says by itself that it is done; return the page's address."""
    look(page, "step-4-send")
    page.locator(".sendcard__do").get_by_role("button").click()
    page.wait_for_url("**/log/")
    expect(page.locator("#progress .pill")).to_have_text("Done", timeout=30_000)
    page.reload()
    look(page, "log")
    return page.url


def row_of(page: Page, words: str):
    return page.locator("tbody tr", has_text=words)


def open_mail(page: Page, demo, recipient: str):
    """The page of the catcher with the mail that `recipient` got; returns the frame with its text."""
    page.goto(demo.catcher_url)
    page.get_by_label("Recipient or subject").fill(recipient)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=SUBJECT).click()
    return page.frame_locator("iframe")


def answer_as_a_family(page: Page, look, demo) -> None:
    mail = open_mail(page, demo, "begona.nunez@familia.example")
    expect(mail.locator("body")).to_contain_text("Dear Begoña, we go to the river on Friday.")
    with page.expect_popup() as popup:
        mail.get_by_role("link", name=re.compile("^Yes")).last.click()
    family = popup.value
    expect(family.get_by_text("Nothing is sent until you press the button.")).to_be_visible()
    look(family, "family-answer")
    press(family, "Send my answer: Yes")
    expect(family.get_by_role("status")).to_contain_text("The school has your answer.")
    look(family, "family-answered")
    family.close()


def unsubscribe_as_another_family(page: Page, look, demo) -> None:
    mail = open_mail(page, demo, "chus.gil@familia.example")
    with page.expect_popup() as popup:
        mail.get_by_role("link", name=re.compile("unsubscribe|no more", re.IGNORECASE)).last.click()
    family = popup.value
    look(family, "family-unsubscribe")
    press(family, "Unsubscribe")
    expect(family.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    look(family, "family-unsubscribed")
    family.close()


def read_the_answers(page: Page, look) -> None:
    """From the history to the answers: student, who answered, the addresses, when."""
    page.goto("/o/almendral/messages/history/")
    look(page, "history")
    page.locator("tr", has_text=SUBJECT).get_by_role("link", name=re.compile("answer")).click()
    row = row_of(page, "Peña Núñez, Zoé")
    for words in ("Yes", "Begoña Núñez", "begona.nunez@familia.example", "oscar.pena@familia.example", "today"):
        expect(row).to_contain_text(words)
    expect(row_of(page, "Peña Núñez, Íñigo")).to_contain_text("nobody")
    look(page, "answers")


@pytest.mark.feature("S0.3")
@pytest.mark.feature("S2.13")
def test_a_school_writes_its_first_message_and_a_family_answers(page, demo, look):
    page.goto("/accounts/login/")
    look(page, "login")
    log_in(page, demo)
    look(page, "home-first")
    import_the_roster(page, look)
    see_the_students(page, look)
    page.goto("/o/almendral/messages/new/")
    look(page, "new")
    page.locator("main form").get_by_role("button").click()
    choose_recipients(page, look)
    write_the_message(page, look)
    check_it(page, look, demo)
    log = send_it(page, look)
    expect(row_of(page, "Begoña Núñez")).to_contain_text("Sent")
    expect(row_of(page, "unknown@ferrer.example")).to_contain_text("Failed")
    expect(row_of(page, "Pilar Ruiz")).to_contain_text("Skipped")
    assert demo.count(SUBJECT) - len(demo.mails(TESTER)) == 4
    answer_as_a_family(page, look, demo)
    unsubscribe_as_another_family(page, look, demo)
    read_the_answers(page, look)
    page.goto(log)


def add_every_group(page: Page) -> None:
    """Take each group of the year whole, as the form's ">>" does; the panes themselves are another test's."""
    fields = {
        name: page.locator(f"[name={name}]").first.input_value() for name in ("csrfmiddlewaretoken", "sender", "year")
    }
    fields |= {"to_guardians": "on", "to_communication": "on", "do": "add_all"}
    for value in page.locator(".pick--group").evaluate_all("lines => lines.map(line => line.value)"):
        key = value.removeprefix("open:")
        if key.isdigit():
            assert page.request.post(page.url, form={**fields, "group": key}).ok
    page.reload()


def test_six_hundred_families_are_all_accounted_for(page, demo, look):
    """Every class of the school, an attachment and a question: the log and the catcher tell the same."""
    subject = "Calendario de la escuela"
    log_in(page, demo)
    page.goto("/o/almendral/messages/new/")
    page.locator("main form").get_by_role("button").click()
    add_every_group(page)
    press(page, "Next: message")
    page.get_by_label("Subject").fill(subject)
    page.frame_locator("iframe.tox-edit-area__iframe").locator("body").fill("The calendar is attached.")
    attachment = {"name": "calendario.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 " + b"x" * 20_000}
    page.get_by_label("Add files").set_input_files(attachment)
    page.get_by_role("switch").first.check()
    page.get_by_label("Question", exact=True).fill("Have you read it?")
    press(page, "Next: check")
    promised = int(page.locator(".reach .figure b").first.inner_text().replace(",", ""))
    assert promised > 600
    page.get_by_role("link", name="Next: send").click()
    page.locator(".sendcard__do").get_by_role("button").click()
    page.wait_for_url("**/log/")
    expect(page.locator("#progress .pill")).to_have_text("Done", timeout=90_000)
    page.reload()
    chips = page.locator(".chips").first.locator("a").all_inner_texts()
    numbers = {words.rsplit(maxsplit=1)[0]: int(words.rsplit(maxsplit=1)[1].replace(",", "")) for words in chips}
    assert set(numbers) == {"All", "Sent", "Failed", "Skipped"}
    assert numbers["Sent"] + numbers["Failed"] == promised
    assert numbers["All"] == promised + numbers["Skipped"]
    assert demo.count(subject) == numbers["Sent"]
