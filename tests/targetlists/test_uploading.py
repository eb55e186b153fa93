"""Addresses from a file: read whole or refused with the place; further columns become tags."""

import io
from datetime import datetime, time

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.campaigns.content.tags import known_tags
from apps.organizations.scoping import in_organization
from apps.targetlists.file_mistakes import FileHasMistakes
from apps.targetlists.models import UploadedList
from apps.targetlists.uploading import FileRefused, upload_list
from tests import people
from tests.campaigns.drafts import fresh, post_recipients, text, url

pytestmark = pytest.mark.django_db


def csv_file(content: str | bytes, name: str = "coaches.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def xlsx_file(*rows: tuple) -> SimpleUploadedFile:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(stream)
    return SimpleUploadedFile("coaches.xlsx", stream.getvalue())


def rows_of(uploaded: UploadedList) -> list[tuple]:
    return [(row.row, row.normalized, row.name, row.variables) for row in uploaded.rows.all()]


@pytest.mark.feature("S0.12")
def test_excel_and_csv_give_the_same_list(scoped):
    expected = [(2, "ana@x.example", "Ana Gil", {"seat": "12"}), (4, "leo@x.example", "", {"seat": ""})]
    csv = upload_list(csv_file("Email,Name,Seat\nAna@x.example,Ana Gil,12\n\nleo@x.example\n"), None)
    excel = upload_list(
        xlsx_file(("Email", "Name", "Seat"), ("Ana@x.example", "Ana Gil", 12), (), ("leo@x.example",)), None
    )
    assert rows_of(csv) == rows_of(excel) == expected
    assert csv.variables == excel.variables == ["seat"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separator_and_encoding_are_found_out(scoped, separator, encoding):
    content = f"Email{separator}Nombre\na@x.example{separator}Íñigo Núñez\n".encode(encoding)
    (row,) = upload_list(csv_file(content), None).rows.all()
    assert row.name == "Íñigo Núñez"


@pytest.mark.feature("S3.5")
def test_days_times_and_numbers_of_a_sheet_read_as_in_a_letter(school, scoped):
    school.language = "es"
    day = datetime(2026, 12, 1)
    head = ("Email", "Name", "Day", "Moment", "Time", "Fee", "Number", "Paid")
    row = ("a@x.example", "", day, day.replace(hour=9, minute=30), time(9, 5), 12.5, 3, True)
    (found,) = upload_list(xlsx_file(head, row), None).rows.all()
    assert [found.variables[name.lower()] for name in head[2:]] == [
        "1 de diciembre de 2026",
        "1 de diciembre de 2026, 09:30",
        "09:05",
        "12,5",
        "3",
        "Sí",
    ]


def test_a_column_called_as_that_of_the_addresses_is_no_tag(scoped):
    with pytest.raises(FileHasMistakes, match=r"Row 1, column 3: the name “Email” stands twice"):
        upload_list(csv_file("email,name,Email\na@x.example,Ana,b@x.example\n"), None)


def test_an_address_that_stands_twice_is_taken_once(scoped):
    uploaded = upload_list(csv_file("Email\na@x.example\nA@X.example\n"), None)
    assert uploaded.rows_total == uploaded.rows.count() == 1
    assert uploaded.about_repeated == "1 row repeats an address, and is passed over with its values: row 3."
    assert upload_list(csv_file("Email\na@x.example\n"), None).about_repeated == ""


@pytest.mark.feature("S0.13")
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("Email,Name\na@x.example,A\nnonsense,B\n", "Row 3, column 1: “nonsense” has no @ in it."),
        ("Name,Email\nAna,a@x.example\n", "Row 2, column 1: “Ana” has no @ in it."),
        ("Email,Name\na@x.example," + "n" * 201, "Row 2, column 2: the text is too long."),
        ("a@x.example,Ana\nb@x.example,Leo\n", "Row 1 must name the columns"),
        ("Email,Name,First name\na@x.example,Ana,Ana\n", "Row 1, column 3: the name “First name” is taken already."),
        ("Email,Name,Seat,seat\na@x.example,Ana,1,2\n", "Row 1, column 4: the name “seat” stands twice."),
        ("Email,Name\n", "no addresses below its first row"),
        ("", "The file is empty."),
        ("Email,Name\na@x.example,A,3\n", "Row 2 has more cells"),
        ('Email,Name\na@x.example,"A\n', "quotation mark"),
    ],
)
def test_a_file_that_does_not_match_is_refused_whole_with_its_place(scoped, content, sentence):
    with pytest.raises(FileRefused, match=sentence.replace("(", r"\(")):
        upload_list(csv_file(content), None)
    assert not UploadedList.objects.exists()


@pytest.mark.feature("S0.13")
def test_all_mistakes_of_a_file_are_named_at_once(scoped):
    long = "n" * 201
    content = f"Email,Name,Today,Seat,seat\nnonsense,{long},1\na@x.example,Ana\nb@x,Leo,1,2,3,4\n,Eva\n"
    with pytest.raises(FileHasMistakes) as refused:
        upload_list(csv_file(content), None)
    assert refused.value.shown == [
        "Row 1, column 3: the name “Today” is taken already. Give the column another name.",
        "Row 1, column 5: the name “seat” stands twice. Give the column another name.",
        "Row 2, column 1: “nonsense” has no @ in it.",
        f"Row 2, column 2: the text is too long. It begins “{'n' * 40}”.",
        "Row 4, column 1: “b@x” has no ending such as .es.",
        "Row 4 has more cells than the first row has names: “4” in column 6. Is the separator right?",
        "Row 5, column 1: The address is empty.",
    ]
    assert (refused.value.number, refused.value.more) == (7, 0)
    assert not UploadedList.objects.exists()


@pytest.mark.parametrize("good", [0, 2_500])
def test_of_many_mistakes_the_first_twenty_are_named_and_the_others_counted(scoped, good):
    rows = [f"a{number}@x.example" for number in range(good)] + [f"nobody {number}" for number in range(2_500)]
    with pytest.raises(FileHasMistakes) as refused:
        upload_list(csv_file("Email\n" + "\n".join(rows)), None)
    assert refused.value.shown[-1] == f"Row {good + 21}, column 1: “nobody 19” has no @ in it."
    assert (len(refused.value.shown), refused.value.more) == (20, 2_480)
    assert not UploadedList.objects.exists()


def test_where_the_file_breaks_off_is_named_after_its_other_mistakes(scoped):
    with pytest.raises(FileHasMistakes) as refused:
        upload_list(csv_file('Email,Name\nnonsense,A\na@x.example,"A\n'), None)
    assert [sentence[:5] for sentence in refused.value.shown] == ["Row 2", "Row 3"]


def test_what_is_no_spreadsheet_is_refused(scoped):
    for content in (b"%PDF-1.4 x", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old", b"a\0b"):
        with pytest.raises(FileRefused):
            upload_list(csv_file(content), None)


@pytest.fixture
def draft(school, office):
    with in_organization(school):
        return people.mailing(by=office)


def upload(client, draft, content) -> str:
    response = client.post(url(draft, "upload"), {"file": csv_file(content)})
    return text(response if response.status_code == 200 else client.get(response.url))


@pytest.mark.feature("S0.12")
def test_the_list_of_a_message_is_put_in_replaced_and_taken_out(draft, office_client):
    shown = upload(office_client, draft, "Email,Name,Seat\na@x.example,Ana,1\n")
    assert "<b>coaches.csv</b>: 1 address." in " ".join(shown.split())
    with in_organization(draft.organization):
        assert "seat" in known_tags(fresh(draft))
    upload(office_client, draft, "Email,Name,Bus\nb@x.example,Leo,2\n")
    with in_organization(draft.organization):
        assert UploadedList.objects.get().variables == ["bus"]
    post_recipients(office_client, draft, "drop_list")
    assert fresh(draft).uploaded_list is None
    with in_organization(draft.organization):
        assert not UploadedList.objects.exists()


@pytest.mark.feature("S0.13")
def test_the_page_lists_the_columns_and_a_refused_file_changes_nothing(draft, office_client):
    shown = text(office_client.get(url(draft)))
    assert "Column 1: email address. Column 2: name." in shown
    upload(office_client, draft, "Email\na@x.example\n")
    assert "Row 2, column 1" in upload(office_client, draft, "Email\nnonsense\n")
    assert fresh(draft).uploaded_list.rows_total == 1
    shown = upload(office_client, draft, "Email\n" + "nobody\n" * 25)
    assert "The file has 25 mistakes, and was not taken." in shown
    assert shown.count("column 1: “nobody” has no @ in it.") == 20
    assert "And 5 more." in shown
    assert fresh(draft).uploaded_list.rows_total == 1


@pytest.mark.feature("S0.14")
def test_a_separator_that_is_wrong_never_loads_wrongly(draft, office_client):
    shown = upload(office_client, draft, "Email:Name\na@x.example:Ana\n")
    assert "Row 2, column 1" in shown
    assert fresh(draft).uploaded_list is None


def test_a_teacher_cannot_take_addresses_from_a_file(school, teacher, client):
    with in_organization(school):
        draft = people.mailing(by=teacher)
    client.force_login(teacher.user)
    assert "people of your own groups only" in upload(client, draft, "Email\na@x.example\n")
    assert fresh(draft).uploaded_list is None


def test_no_file_and_a_file_of_sixty_megabytes_get_a_sentence(draft, office_client):
    response = office_client.post(url(draft, "upload"), {})
    assert "Choose a file first." in text(office_client.get(response.url))
    assert "larger than 50 MB" in upload(office_client, draft, b"x" * 60_000_000)


def test_headings_in_other_scripts_are_told_apart_by_their_place(scoped):
    uploaded = upload_list(csv_file("email,name,Цена,価格\na@x.example,A,10,20\n"), None)
    assert uploaded.variables == ["column_3", "column_4"]
