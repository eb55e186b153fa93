"""The pages of imports: what changes is seen first, what is wrong can be taken away, and files come again."""

import html
import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.imports.pages.changes_views import FIELD_LABELS
from apps.imports.pages.load_button import button_of
from apps.imports.reconciling.expressions import PERSON_FIELDS
from apps.imports.sources import load_in_place
from apps.organizations.scoping import in_organization
from apps.recipients.models import ContactPoint, ImportConflict, ImportRun, ImportSource, Person
from tests.reading import one_line

pytestmark = pytest.mark.django_db

HEADER = "Student ID;First name;Last name;Class;Guardian 1 first name;Guardian 1 last name;Guardian 1 email\n"


def row(number: int, address: str = "") -> str:
    address = address or f"parent{number}@x.example"
    return f"S-{number};Child{number};Puig{number};5A;Parent{number};Roca{number};{address}\n"


def sheet(*rows: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("roster.csv", (HEADER + "".join(rows)).encode())


@pytest.fixture
def walk(office_client, school, django_capture_on_commit_callbacks):
    """A function that takes a file as far as its changes, and one that loads it."""

    class Walk:
        def compare(self, file, source: ImportSource | None = None) -> str:
            data = {"file": file} | ({"source": source.pk} if source else {})
            answer = office_client.post(school.url("imports:new"), data)
            with in_organization(school):
                self.run = ImportRun.objects.order_by("-pk").first()
            form = {"field": self.run.mapping["fields"], "year": "2026-27", "kind": "student", "do": "next"}
            if source is None:
                answer = office_client.post(self.url("columns", self.run.pk), form)
            return self.page(answer.url)

        def load(self, **fields) -> str:
            with django_capture_on_commit_callbacks(execute=True):
                answer = office_client.post(school.url("imports:confirm", self.run.pk), fields)
            return self.page(answer.url)

        def keep(self, name: str, **fields) -> ImportSource:
            data = {"name": name, "withdraws": "on", "most_withdrawn": "10"} | fields
            office_client.post(school.url("imports:source_save", self.run.pk), data)
            with in_organization(school):
                return ImportSource.objects.get(name=name)

        def page(self, path: str) -> str:
            return office_client.get(path, follow=True).content.decode()

        def url(self, name: str, *args) -> str:
            return school.url(f"imports:{name}", *args)

        def post(self, name: str, data: dict):
            return office_client.post(school.url(f"imports:{name}"), data, follow=True).content.decode()

    return Walk()


def test_what_would_change_is_seen_before_anything_is_loaded(walk, school):
    page = walk.compare(sheet(row(1), row(2)))
    assert "New people" in page
    assert "Load 4 people" in page
    with in_organization(school):
        assert not Person.objects.exists()
    assert "Child1 Puig1" in walk.page(walk.url("change_rows", walk.run.pk, "created"))
    assert "Loaded." in walk.load()
    page = walk.compare(sheet(row(1).replace("Child1", "Childe")))
    changed = walk.page(walk.url("change_rows", walk.run.pk, "changed"))
    assert "<s>Child1</s>" in changed
    assert "Childe" in changed


def test_rows_with_mistakes_are_named_downloaded_and_left_out_on_purpose(walk, school):
    page = walk.compare(sheet(row(1), row(2, "no address")))
    assert "has no @ in it" in page
    assert "Mend the file, or tick" in walk.load()
    answer = walk.page  # the sheet is no text
    with in_organization(school):
        assert not Person.objects.exists()
    assert "Loaded." in walk.load(leave_out="yes")
    assert answer(walk.url("run", walk.run.pk))


def test_of_many_mistakes_a_few_are_shown_first(walk, school):
    page = walk.compare(sheet(*[row(number, f"wrong{number}") for number in range(12)]))
    assert "10 of 12" in page
    assert "wrong11" not in page
    assert "wrong11" in walk.page(walk.url("changes", walk.run.pk) + "?mistakes=all")


def test_the_mistakes_come_as_a_sheet_with_their_reasons(walk, office_client):
    walk.compare(sheet(row(1), row(2, "=no address")))
    content = office_client.get(walk.url("mistakes", walk.run.pk)).content
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))
    assert rows[0] == ("File", "Row", "Column", "What stands there", "Why it cannot be")
    assert rows[1][1:4] == (3, "Guardian 1 email", "=no address")


def test_a_file_that_lacks_too_many_stops_until_a_person_says_so(walk, school):
    walk.compare(sheet(*[row(number) for number in range(1, 6)]))
    source = walk.keep("School program")
    walk.load()
    page = walk.compare(sheet(row(1)), source)
    assert "Safety stop." in page
    assert "Load it all the same: 8 people leave" in page
    assert "would leave: more than 10 %" in walk.load()
    with in_organization(school):
        assert Person.objects.filter(active=True).count() == 10
    assert "Loaded." in walk.load(allow_withdrawing="yes")
    with in_organization(school):
        assert Person.objects.filter(active=True).count() == 2


def test_the_button_says_what_the_load_does(walk, school):
    nothing = "Nothing to load: the file changes nothing."
    walk.compare(sheet(*[row(number) for number in range(1, 6)]))
    walk.load()
    page = walk.compare(sheet(*[row(number) for number in range(1, 6)]))
    assert nothing in page
    assert "button--main" not in page.partition('id="confirm"')[2]
    source = walk.keep("School program", most_withdrawn="100")
    page = walk.compare(sheet(*[row(number) for number in range(1, 6)]), source)
    assert "Load 10 people" in page, "the import keeps them in step from now on"
    walk.load()
    assert nothing in walk.compare(sheet(*[row(number) for number in range(1, 6)]), source)
    assert ">Withdraw 8 people<" in walk.compare(sheet(row(1)), source)
    assert ">Load 4 people, withdraw 8<" in walk.compare(sheet(row(1), row(6)), source)
    assert "Loaded." in walk.load(allow_withdrawing="yes")
    with in_organization(school):
        assert Person.objects.filter(active=True).count() == 4
    assert nothing in walk.compare(sheet(row(1), row(6)), source)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, ""),
        ({"unchanged": 3, "kept_away": 1, "mistakes": 2}, ""),
        ({"created": 1}, "Load 1 person"),
        ({"changed": 1000, "unchanged": 200}, "Load 1,200 people"),
        ({"unchanged": 2, "in_passing": 1}, "Load 2 people"),
        ({"unchanged": 2, "consents": 1}, "Load 2 people"),
        ({"withdrawn": 1, "unchanged": 7}, "Withdraw 1 person"),
        ({"withdrawn": 12, "enrolments_removed": 3}, "Withdraw 12 people"),
        ({"withdrawn": 2, "unchanged": 1, "addresses": 1}, "Load 1 person, withdraw 2"),
        ({"enrolments_removed": 3}, "Load the changes"),
    ],
)
def test_the_words_of_the_button(counts, words):
    assert button_of(counts) == words


def test_a_saved_import_is_listed_changed_and_deleted(walk, office_client, school):
    walk.compare(sheet(row(1)))
    walk.load()
    source = walk.keep("School program")
    assert "School program" in walk.page(walk.url("sources"))
    page = walk.page(walk.url("source", source.pk))
    assert f"import_people {school.slug} FILE" in page
    office_client.post(walk.url("source", source.pk), {"name": "Nightly", "most_withdrawn": "5"})
    with in_organization(school):
        source = ImportSource.objects.get()
    assert (source.name, source.withdraws, source.most_withdrawn) == ("Nightly", False, 5)
    office_client.post(walk.url("source_delete", source.pk))
    assert "Nothing is saved yet" in walk.page(walk.url("sources"))
    with in_organization(school):
        assert Person.objects.filter(active=True).count() == 2


@pytest.mark.feature("B8")
def test_a_detail_mended_by_hand_stays_until_a_person_decides(walk, school):
    walk.compare(sheet(row(1), row(2)))
    walk.load()
    with in_organization(school):
        for number in (1, 2):
            point = ContactPoint.objects.get(normalized=f"parent{number}@x.example")
            point.value, point.source = f"mended{number}@x.example", "hand"
            point.clean()
            point.save()
    page = walk.compare(sheet(row(1), row(2)))
    assert "To be decided" in page
    walk.load()
    queue = walk.page(walk.url("conflicts"))
    assert "mended1" in queue
    assert "parent1" in queue
    assert "2 addresses to decide about" in walk.page(school.url("organization:home"))
    with in_organization(school):
        first, second = ImportConflict.objects.order_by("pk")
    whose = school.url("recipients:person", first.person_id)
    assert first.value in walk.page(whose).replace("<wbr>", "")
    assert "1 is decided." in walk.post("decide", {"do": f"keep:{first.pk}"})
    assert first.value not in walk.page(whose).replace("<wbr>", "")
    assert "Nothing to decide" in walk.post("decide", {"do": "take", "conflict": [second.pk]})
    with in_organization(school):
        values = set(ContactPoint.objects.values_list("value", flat=True))
    assert values == {"mended1@x.example", "parent2@x.example"}
    walk.compare(sheet(row(1), row(2)))
    walk.load()
    assert "Nothing to decide" in walk.page(walk.url("conflicts"))


def test_every_step_has_an_address_that_tells_what_was_decided(walk, office_client, school):
    walk.compare(sheet(row(1), row(2, "no address")))
    for later in ("load", "run"):
        answer = office_client.get(walk.url(later, walk.run.pk), follow=True)
        assert answer.redirect_chain[-1][0] == walk.url("changes", walk.run.pk)
    assert "<select" in walk.page(walk.url("columns", walk.run.pk))
    walk.load(leave_out="yes")
    for past in ("file", "columns", "changes", "load"):
        assert office_client.get(walk.url(past, walk.run.pk)).status_code == 200
    columns = walk.page(walk.url("columns", walk.run.pk))
    assert "Guardian 1: email" in columns
    assert "<select" not in columns
    changes = walk.page(walk.url("changes", walk.run.pk))
    assert "What is mistaken was left out." in changes
    assert walk.url("confirm", walk.run.pk) not in changes


def test_columns_that_were_loaded_cannot_be_changed(walk, office_client, school):
    walk.compare(sheet(row(1)))
    walk.load()
    fields = [""] * len(walk.run.mapping["fields"])
    office_client.post(walk.url("columns", walk.run.pk), {"field": fields, "do": "next"})
    with in_organization(school):
        run = ImportRun.objects.get()
    assert (run.state, run.mapping) == ("done", walk.run.mapping)


def test_a_step_that_is_not_reached_leads_to_the_one_that_is(walk, office_client, school):
    office_client.post(walk.url("new"), {"file": sheet(row(1))})
    with in_organization(school):
        pk = ImportRun.objects.get().pk
    for later in ("changes", "load", "run"):
        answer = office_client.get(walk.url(later, pk), follow=True)
        assert answer.redirect_chain[-1][0] == walk.url("columns", pk)


def test_a_run_of_the_night_tells_how_it_was_read_without_its_file(walk, school, tmp_path):
    walk.compare(sheet(row(1)))
    walk.load()
    walk.keep("School program")
    path = tmp_path / "nightly.csv"
    path.write_text(HEADER + row(1) + row(2))
    with in_organization(school):
        run = load_in_place("School program", path)
    pages = {name: walk.page(walk.url(name, run.pk)) for name in ("file", "columns", "changes", "load")}
    assert "by the clock" in pages["file"]
    assert "The file itself is not kept." in pages["file"]
    assert "Guardian 1: email" in pages["columns"]
    assert "What changed" in pages["changes"]
    assert "Loaded." in pages["load"]


def test_a_file_of_the_night_that_was_refused_says_why_at_each_step(walk, school, tmp_path):
    with in_organization(school):
        run = load_in_place("Nobody knows", tmp_path / "none.csv")
    for name in ("file", "columns", "changes", "load"):
        page = walk.page(walk.url(name, run.pk))
        assert "none.csv" in page
        assert run.problem in html.unescape(page)
        assert "Try once more" not in page


def test_a_cell_is_mended_on_the_page_and_put_back(walk, office_client, school):
    office_client.post(walk.url("new"), {"file": sheet(row(1), row(2, "no address"))})
    with in_organization(school):
        run = ImportRun.objects.get()
    form = {"field": run.mapping["fields"], "year": "2026-27", "kind": "student"}

    def mend(was: str, now: str) -> str:
        mended = {"mended_row": "3", "mended_column": "Guardian 1 email", "mended_was": was, "mended_now": now}
        return office_client.post(walk.url("columns", run.pk), form | mended, follow=True).content.decode()

    assert "Mended here" not in mend("no address", "mended\0@x.example")
    page = mend("no address", "mended@x.example")
    assert "Mended here" in page
    assert "mistake" not in page
    page = mend("mended@x.example", "no address")
    assert "Mended here" not in page
    assert "1 mistake" in page
    mend("no address", "mended@x.example")
    office_client.post(walk.url("columns", run.pk), form | {"do": "next"})
    walk.run = run
    assert "Loaded." in walk.load()
    with in_organization(school):
        values = set(ContactPoint.objects.values_list("value", flat=True))
    assert values == {"parent1@x.example", "mended@x.example"}
    assert "<s>no address</s>" in walk.page(walk.url("columns", run.pk))
    assert "mended" not in walk.keep("School program").options


def test_a_bad_cell_stands_out_with_its_reason(walk, office_client):
    answer = office_client.post(walk.url("new"), {"file": sheet(row(1), row(2, "no address"))})
    page = walk.page(answer.url)
    bad = re.findall(r'<td class="mapping__bad">.*?</td>', page, re.DOTALL)
    assert len(bad) == 1
    assert "no address" in bad[0]
    assert "has no @ in it" in bad[0]


def test_the_first_rows_of_a_large_file_are_read_at_once(walk, office_client, monkeypatch):
    monkeypatch.setattr("apps.imports.runs.SMALL_BYTES", 100)
    answer = office_client.post(walk.url("new"), {"file": sheet(row(1, "no address"), *map(row, range(2, 40)))})
    page = walk.page(answer.url)
    assert "The first 8 rows" in page
    assert page.count('class="mapping__bad"') == 1


def test_the_letters_are_shown_in_words_and_can_be_chosen(walk, office_client, school):
    content = (HEADER + row(1).replace("Child1", "Iñaki")).encode("cp1252")
    answer = office_client.post(walk.url("new"), {"file": SimpleUploadedFile("roster.csv", content)})
    page = walk.page(answer.url)
    assert "<b>“Iñaki”</b>" in page
    assert '<span class="hint breakall">Ińaki</span>' in page
    with in_organization(school):
        run = ImportRun.objects.get()
    form = {"field": run.mapping["fields"], "encoding": "cp1250", "delimiter": ";"}
    assert "<b>“Ińaki”</b>" in office_client.post(walk.url("columns", run.pk), form, follow=True).content.decode()


def test_a_saved_mapping_is_taken_over_by_the_headings(walk, office_client, school):
    walk.compare(sheet(row(1)))
    fields = [*walk.run.mapping["fields"][:-1], ""]
    with in_organization(school):
        ImportRun.objects.update(mapping=walk.run.mapping | {"fields": fields})
    walk.load()
    source = walk.keep("School program")
    office_client.post(walk.url("new"), {"file": sheet(row(2))})
    with in_organization(school):
        run = ImportRun.objects.first()
    form = {"field": run.mapping["fields"], "do": "take", "saved": source.pk}
    page = office_client.post(walk.url("columns", run.pk), form, follow=True).content.decode()
    assert "7 columns are read as in “School program”." in page
    with in_organization(school):
        run.refresh_from_db()
    assert (run.mapping["fields"], run.source) == (fields, None)


def test_a_mapping_of_other_columns_changes_nothing(walk, office_client, school):
    walk.compare(sheet(row(1)))
    source = walk.keep("School program")
    other = SimpleUploadedFile("other.csv", b"Nombre;Apellidos\nAna;Gil\n")
    office_client.post(walk.url("new"), {"file": other})
    with in_organization(school):
        run = ImportRun.objects.first()
    form = {"field": run.mapping["fields"], "do": "take", "saved": source.pk}
    page = office_client.post(walk.url("columns", run.pk), form, follow=True).content.decode()
    assert "No column of this file is called as in “School program”." in page
    with in_organization(school):
        assert ImportRun.objects.first().mapping == run.mapping


def test_past_imports_tell_their_counts(walk, office):
    walk.compare(sheet(row(1), row(2, "no address")))
    walk.load(leave_out="yes")
    walk.keep("School program")
    text = re.sub(r"<[^>]+>", " ", walk.page(walk.url("past")))
    told = "roster.csv as “School program” .* Done 4 0 0 0 0 1"
    assert re.search(told, re.sub(r"\s+", " ", text))
    assert str(office.user) in text


@pytest.mark.feature("B8")
def test_the_number_to_decide_stands_beside_import(walk, school):
    walk.compare(sheet(row(1)))
    walk.load()
    students = school.url("recipients:list", "students")
    assert "to decide" not in walk.page(students)
    with in_organization(school):
        ContactPoint.objects.update(value="mended@x.example", normalized="mended@x.example", source="hand")
    walk.compare(sheet(row(1)))
    walk.load()
    assert '1<span class="unseen"> to decide</span>' in one_line(walk.page(students))


def test_people_are_counted_once_however_many_rows_name_them(walk):
    siblings = row(1).replace("S-1", "S-2").replace("Child1", "Childe")
    page = walk.compare(sheet(row(1), siblings, row(3, "no address")))
    assert "Load 5 people" in page
    assert "<b>3</b> rows can be read" in walk.page(walk.url("columns", walk.run.pk))
    assert "<span>mistake left out</span>" in walk.load(leave_out="yes")


def test_whatever_changes_of_a_person_has_a_name_on_the_page():
    assert FIELD_LABELS.keys() == {*PERSON_FIELDS, "unit", "role"}
