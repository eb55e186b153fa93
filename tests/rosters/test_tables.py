"""Whatever a school's program writes is read as it was meant, or refused with a sentence; never loaded wrongly."""

import csv
import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from apps.rosters.refusing import FileRefused
from tests.rosters.rosters import table_of

CELL = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)
LETTERS = {"utf-8": "ąßñé", "cp1252": "ñéüç", "cp1250": "łąęś"}


def written(rows: list[list[str]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def excel(rows: list[list]) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


@pytest.mark.feature("S0.14")
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=3, max_size=10), delimiter=st.sampled_from(",;\t"))
def test_every_table_comes_back_as_it_was_written(rows, delimiter):
    header = ["Name", "Address", "Class"]
    table = table_of(written([header, *map(list, rows)], delimiter), "utf-8", delimiter)
    assert table.header == header
    assert [tuple(cells) for cells in table.rows if cells] == list(rows)


@pytest.mark.feature("S0.14")
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separator_and_encoding_are_found_out(delimiter, encoding):
    rows = [["Nombre", "Dirección"], ["Íñigo, hijo", "calle Almendro; 3"], ["Núria", "plaça Ñ"]]
    table = table_of(written(rows, delimiter, encoding))
    assert [table.header, *table.rows] == rows


@pytest.mark.feature("S0.14")
def test_polish_letters_are_told_from_spanish_ones():
    polish = [["Imię", "Nazwisko"], ["Łukasz", "Wiśniewski"], ["Małgorzata", "Zając"]]
    table = table_of(written(polish, ";", "cp1250"))
    assert (table.encoding, table.rows) == ("cp1250", polish[1:])
    spanish = [["Año", "¿Acepta?"], ["Ibáñez", "sí"]]
    assert table_of(written(spanish, ";", "cp1252")).rows == spanish[1:]


def test_excel_numbers_and_days_read_as_in_the_spreadsheet():
    table = table_of(excel([["Phone", "Day"], [600123456, date(2026, 9, 1)], [612.5, None]]))
    assert table.rows == [["600123456", "2026-09-01"], ["612.5", ""]]


def test_rows_are_numbered_as_the_spreadsheet_counts_them():
    content = b'Name,Note\r\nA,"two\r\nlines"\r\n\r\nB,x\r\n'
    assert [number for number, _cells in table_of(content).numbered_rows] == [2, 5]


def test_a_table_may_begin_further_down_the_sheet():
    table = table_of(excel([[None, None], [None, None], ["Name", "Class"], ["Aina", "5A"]]))
    assert (table.header, list(table.numbered_rows)) == (["Name", "Class"], [(4, ["Aina", "5A"])])


def test_the_line_by_which_excel_names_the_separator_is_no_heading():
    table = table_of(b"sep=;\r\nName;Note\r\nAina;a,b\r\n")
    assert (table.header, list(table.numbered_rows)) == (["Name", "Note"], [(3, ["Aina", "a,b"])])


def bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    return content.getvalue()


def far_cell(cell: bytes = b'<c r="XFD1048576"><v>1</v></c>') -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<x><row>" + cell + b"</row></x>")
    return content.getvalue()


def plain_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", b"x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"  \r\n ", "empty"),
        (b"%PDF-1.7\n...", "not a spreadsheet"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not a spreadsheet"),
        (b"Name,Class\r\nA\0ina,5A\r\n", "not a spreadsheet"),
        (plain_zip(), "not a spreadsheet"),
        (b"PK\x03\x04 broken", "cannot be opened"),
        (bomb(), "unpacks to far more"),
        (far_cell(), "cells far out"),
        (far_cell(b"<c r = 'xfd400000'><v>1</v></c>"), "cells far out"),
        (far_cell(b'<c r="BXX499000"><is/></c>'), "cells far out"),
        (b"\xff\xd8\xff\xe0" + bytes(range(1, 32)) * 4, "not a spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b'Name,Class\r\n"Aina,5A\r\nPau,5B\r\n', "Row 2: a quotation mark"),
        (b",,\r\na,b,c\r\n", "first row must name"),
        (",".join(f"c{n}" for n in range(200)).encode() + b"\r\n", "200 columns"),
        (b"Name\r\n" + b"x" * 50_000_001, "larger than 50 MB"),
        (b"Name,Note\r\nA," + b"x" * 200_000 + b"\r\n", "130,000 characters"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.feature("S0.14")
def test_what_cannot_be_read_rightly_is_refused_with_a_sentence(content, sentence):
    with pytest.raises(FileRefused, match=sentence):
        table_of(content)


@pytest.mark.feature("S0.14")
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "Name;Email\nJosé;a@x.example\nNúria;b@x.example\n".encode() + "Iñigo;c@x.example\n".encode("cp1252"),
            "Row 4 has",
        ),
        (b"Name;Email\nJo\0se;a@x.example\n" + b"Aina;b@x.example\n" * 100, "Row 2 holds a character"),
        (b"<html><table><tr><td>Name</td></tr></table></html>", "web page"),
        (b"Jose;a@x.example\nAina;b@x.example\n", "must name the columns"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "has a password"),
    ],
    ids=["mixed letters", "nul", "web page", "no headings", "encrypted"],
)
def test_what_is_wrong_with_a_file_is_named(content, sentence):
    with pytest.raises(FileRefused, match=sentence):
        table_of(content)


def test_letters_of_two_bytes_are_read_without_their_mark_too():
    table = table_of("Name;Email\r\nJosé;a@x.example\r\n".encode("utf-16-le"))
    assert (table.header, table.rows) == (["Name", "Email"], [["José", "a@x.example"]])


def test_a_file_of_one_old_encoding_is_no_mixture():
    table = table_of("Name;Email\nJosé;a@x.example\nNúria;b@x.example\n".encode("cp1252"))
    assert (table.encoding, table.rows[0][0]) == ("cp1252", "José")
