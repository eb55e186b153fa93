"""A delivery may be bytes, an open file, a path, a ZIP or a folder: what it says is the same, and memory stays flat."""

import io
import tempfile
import tracemalloc
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from apps.rosters import excel
from apps.rosters.facts import StagedContact, StagedPerson
from apps.rosters.readers import detect, look, read
from apps.rosters.refusing import FileRefused
from tests.rosters.rosters import facts_of, of, table_of, written, zipped

ROWS = [["ID", "Name", "Phone"], ["1", "Íñigo Puig", "600123456"], ["2", "Pau Soler", "600123457"]]


def sheet(rows: list[list], **archive) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


@pytest.mark.parametrize("content", [written(ROWS), sheet(ROWS)], ids=["csv", "xlsx"])
def test_every_kind_of_source_says_the_same(content, tmp_path):
    path = tmp_path / "roster"
    path.write_bytes(content)
    wanted = facts_of(content)
    with path.open("rb") as file, tempfile.SpooledTemporaryFile(max_size=10) as spooled:
        spooled.write(content)
        for source in (path, str(path), file, spooled, io.BytesIO(content), SimpleUploadedFile("roster", content)):
            assert facts_of(source) == wanted
        assert not file.closed
        assert not spooled.closed
    assert len(of(StagedContact, wanted)) == 2


def test_a_zip_in_an_open_file_reads_too():
    files = {"Student.csv": "SIS ID,First Name,Last Name\n1,Aina,Puig\n"}
    assert facts_of(io.BytesIO(zipped(files))) == facts_of(zipped(files))


def test_a_table_that_was_packed_is_a_table():
    assert facts_of(zipped({"export/people.csv": written(ROWS)})) == facts_of(written(ROWS))


def test_a_first_look_shows_columns_and_rows():
    seen = look(written([*ROWS, ["", "", ""]], ";", "cp1252"), "roster.csv", rows=1)
    assert (seen.format, seen.fields) == ("table", ["external_id", "full_name", "phone"])
    assert (seen.header, seen.rows) == (ROWS[0], [(2, ROWS[1])])
    assert seen.dialect == {"kind": "csv", "encoding": "cp1252", "delimiter": ";"}


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("/nowhere/roster.csv", "cannot be opened: No such file"),
        (b"PK\x03\x04 broken", "cannot be opened"),
        (zipped({"a.txt": "x"}), "not a spreadsheet"),
        (zipped({"users.csv": b"\0" * 1000}), "users.csv: This is not a spreadsheet"),
        (zipped({f"{number}.csv": "x" for number in range(300)}), "unpacks to far more"),
        (b"", "empty"),
    ],
)
def test_what_cannot_be_opened_is_refused(source, sentence):
    with pytest.raises(FileRefused, match=sentence):
        detect(source, "roster")


def test_two_tables_of_one_name_are_not_chosen_from():
    files = {"a/users.csv": "sourcedId\n1\n", "b/Users.csv": "sourcedId\n2\n"}
    with pytest.raises(FileRefused, match=r"a/users\.csv and b/Users\.csv are the same table"):
        detect(zipped(files), "roster.zip")


def test_a_copy_in_a_folder_further_down_is_not_the_one_that_is_meant():
    student = "SIS ID,First Name,Last Name\n{},Aina,Puig\n"
    files = {"Student.csv": student.format(1), "old/Student.csv": student.format(2)}
    assert facts_of(zipped(files)) == facts_of(zipped({"Student.csv": student.format(1)}))


def test_two_tables_of_one_name_in_a_folder_are_refused(tmp_path):
    (tmp_path / "users.csv").write_text("sourcedId\n1\n")
    (tmp_path / "Users.csv").write_text("sourcedId\n2\n")
    with pytest.raises(FileRefused, match="are the same table"):
        detect(tmp_path, "roster")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(FileRefused, match="no CSV file"):
        detect(tmp_path, "roster")


def test_a_damaged_entry_of_a_zip_is_refused():
    content = bytearray(zipped({"users.csv": "sourcedId,enabledUser\n" + "x,true\n" * 100}))
    content[60] ^= 0xFF
    with pytest.raises(FileRefused, match=r"ZIP cannot be opened|not a spreadsheet"):
        detect(bytes(content), "roster")


def with_sheet(xml: bytes) -> bytes:
    content = io.BytesIO(sheet([["Name"], ["Aina"]]))
    changed = io.BytesIO()
    with zipfile.ZipFile(content) as before, zipfile.ZipFile(changed, "w") as after:
        for entry in before.infolist():
            is_sheet = entry.filename == "xl/worksheets/sheet1.xml"
            after.writestr(entry.filename, xml if is_sheet else before.read(entry))
    return changed.getvalue()


FAR = b"XFD400000"
CELL = b'<c r="XFD400000"><v>1</v></c>'
SPREADSHEET = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@pytest.mark.parametrize(
    "xml",
    [
        b"<worksheet %s><sheetData><row>%s</row></sheetData></worksheet>" % (SPREADSHEET, CELL),
        b"<worksheet %s><sheetData><row><c\tr='XFD400000'><v>1</v></c></row></sheetData></worksheet>" % SPREADSHEET,
        b'<x:worksheet %s><x:sheetData><x:row><x:c r="%s"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>'
        % (SPREADSHEET.replace(b"xmlns", b"xmlns:x"), FAR),
        b'<!DOCTYPE a [<!ATTLIST c r CDATA "%s">]><worksheet %s><sheetData><row><c><v>1</v></c></row></sheetData>'
        b"</worksheet>" % (FAR, SPREADSHEET),
        b"<worksheet %s><sheetData>%s<row><c><v>1</v></c></row></sheetData></worksheet>"
        % (SPREADSHEET, b" " * (excel._PIECE - 120) + b"<row>" + CELL + b"</row>"),
        f"<worksheet {SPREADSHEET.decode()}><sheetData><row>{CELL.decode()}</row></sheetData></worksheet>".encode(
            "utf-16"
        ),
    ],
    ids=["plain", "other quotes", "prefix", "default", "between pieces", "wide"],
)
def test_a_far_cell_is_seen_however_it_is_written(xml):
    with pytest.raises(FileRefused, match="far out"):
        table_of(with_sheet(xml))


def test_formatted_cells_far_out_that_hold_nothing_do_not_matter():
    workbook = Workbook()
    workbook.active.append(["Name"])
    workbook.active.append(["Aina"])
    workbook.active["XFD900"].number_format = "0.00"
    content = io.BytesIO()
    workbook.save(content)
    assert table_of(content.getvalue()).rows[0][0] == "Aina"


def test_merged_cells_say_what_stands_in_their_first():
    workbook = Workbook()
    for row in [["Name", "Class"], ["Aina Puig", "5A"], ["Pau Puig", None]]:
        workbook.active.append(row)
    workbook.active.merge_cells("B2:B3")
    content = io.BytesIO()
    workbook.save(content)
    assert table_of(content.getvalue()).rows == [["Aina Puig", "5A"], ["Pau Puig", ""]]


@pytest.mark.feature("S0.14")
def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(people: int) -> int:
        path = tmp_path / f"{people}.csv"
        rows = ([f"{number}", f"Aina Puig{number}", f"a{number}@x.example"] for number in range(people))
        path.write_bytes(written([["ID", "Name", "Email"], *rows]))
        tracemalloc.start()
        fields = {"fields": ["external_id", "full_name", "email"]}
        facts = read(path, "x", format="table", mapping=fields, dialect={}, options={}, country="ES")
        count = sum(1 for fact in facts if type(fact) is StagedPerson)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == people
        return found

    # What grows are two integers for each number of a person.
    assert peak(40_000) - peak(2_000) < 38_000 * 250
