"""What a column holds is guessed from what schools write above it, and from what stands in it."""

from pathlib import Path

import pytest

from apps.rosters.columns import FIELDS
from apps.rosters.guessing_columns import guess_mapping


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (["First name", "Last name", "Class", "Email"], ["first_name", "last_name", "group", "email"]),
        (["Nombre", "Apellido 1", "Apellido 2", "Curso"], ["first_name", "last_name", "last_name_2", "group"]),
        (["Imię", "Nazwisko", "Klasa", "Telefon"], ["first_name", "last_name", "group", "phone"]),
        (["Nome", "Cognome", "Classe", "Lingua"], ["first_name", "last_name", "group", "language"]),
        (["Förnamn", "Efternamn", "Klass", "E-post"], ["first_name", "last_name", "group", "email"]),
        (["Guardian 1 email", "Guardian 2 email"], ["guardian1_email", "guardian2_email"]),
        (["Correo madre", "Correo padre"], ["guardian1_email", "guardian2_email"]),
        (["Apellidos y nombre", "Curso escolar", "Nº exp."], ["full_name", "year", "external_id"]),
        (["Imię i nazwisko"], ["full_name"]),
        (["Namn"], ["full_name"]),
        (["Alumno Nº", "Apellidos", "Nombre"], ["external_id", "last_name", "first_name"]),
        (["Código del alumno", "Nombre del alumno"], ["external_id", "full_name"]),
        (["Alumno/a", "Email alumno/a", "Nº matrícula"], ["full_name", "email", "external_id"]),
        (["Student", "Student ID", "Student's email"], ["full_name", "external_id", "email"]),
        (["Student name", "Student number"], ["full_name", "external_id"]),
        (["Nº", "Nº lista", "Shoe size"], ["", "", ""]),
    ],
)
def test_the_meaning_of_columns_is_guessed_from_their_headings(header, fields):
    assert guess_mapping(header) == fields


@pytest.mark.parametrize(
    ("years", "fields"),
    [
        (["2026-27", "2026/2027", ""], ["full_name", "year", "group"]),
        (["2026-27", "1º ESO", ""], ["full_name", "", "group"]),
        (["1º ESO", ""], ["full_name", "", "group"]),
        (["", ""], ["full_name", "", "group"]),
    ],
)
def test_a_column_of_school_years_is_that_of_the_class_and_that_of_whole_years_no_class(years, fields):
    rows = [["Aina Puig", year, "5º A"] for year in years]
    assert guess_mapping(["Alumno", "Curso", "Grupo"], rows) == fields


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (["Guardian 3 email", "Tutor 4 teléfono"], ["guardian3_email", "guardian4_phone"]),
        (["Parent name", "Parent name"], ["guardian1_full_name", "guardian2_full_name"]),
        (["Teléfono madre", "Móvil madre"], ["guardian1_phone", "guardian1_phone"]),
        (["Madre DNI", "Padre DNI", "DNI"], ["guardian1_document", "guardian2_document", "document"]),
        (["Password", "Fecha de nacimiento", "Fecha baja"], ["", "", "left"]),
        (["Contraseña", "Contraseña del correo", "Clave", "Email password"], ["", "", "", ""]),
        (["Guardian 1 password", "Contraseña padre", "Hasło rodzica"], ["", "", ""]),
        (["School year", "Class"], ["year", "group"]),
        (["Curso académico", "Curso"], ["year", "group"]),
        (["Anno scolastico", "Classe"], ["year", "group"]),
        (["Year", "Year group", "Any escolar"], ["year", "group", ""]),
        (["Madre apellido 1", "Madre apellido 2"], ["guardian1_last_name", "guardian1_last_name_2"]),
    ],
)
def test_columns_of_families_are_guessed(header, fields):
    assert guess_mapping(header) == fields
    assert set(fields) <= set(FIELDS)


# Headings of programs that schools use, as their exports have them.
@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "Alumno/a|Estado Matrícula|Nº Id. Escolar|DNI/Pasaporte|Código postal|Teléfono|Teléfono de urgencia|"
            "Correo electrónico|Curso|Unidad|Primer apellido|Segundo apellido|Nombre|DNI/Pasaporte Primer tutor|"
            "Primer apellido Primer tutor|Segundo apellido Primer tutor|Nombre Primer tutor|Sexo Primer tutor|"
            "Correo Electrónico Primer tutor|Primer apellido Segundo tutor|Nombre Segundo tutor|Sexo Segundo tutor|"
            "Teléfono Segundo tutor|Fecha de matrícula",
            "full_name||external_id|document||phone||email||group|last_name|last_name_2|first_name|guardian1_document|"
            "guardian1_last_name|guardian1_last_name_2|guardian1_first_name||guardian1_email|guardian2_last_name|"
            "guardian2_first_name||guardian2_phone|",
        ),
        (
            "Identificador de l'alumne/a|Nom|Primer cognom|Segon cognom|Grup classe|Nivell|Tutor 1 - nom|"
            "Tutor 1 - 1r cognom|Tutor 1 - 2n cognom|Tutor 1 - correu|Tutor 2 - nom|Tutor 2 - 1r cognom",
            "external_id|first_name|last_name|last_name_2|group||guardian1_full_name|guardian1_last_name|"
            "guardian1_last_name_2|guardian1_email|guardian2_full_name|guardian2_last_name",
        ),
        (
            "Codice fiscale|Cognome|Nome|Classe|Data di nascita|Cognome padre|Nome padre|Cell. padre|"
            "Codice fiscale padre|E-mail madre|Indirizzo madre",
            "document|last_name|first_name|group||guardian2_last_name|guardian2_full_name|guardian2_phone|"
            "guardian2_document|guardian1_email|",
        ),
        (
            "Lp.|Nazwisko i imię|Klasa|Nr ewidencyjny|Opiekun 1 imię i nazwisko|Opiekun 1 telefon|Imię matki",
            "|full_name|group|external_id|guardian1_full_name|guardian1_phone|guardian2_first_name",
        ),
        (
            "Förnamn|Efternamn|Klass|Personnummer|Mobil elev|Vårdnadshavare 1 förnamn|Vårdnadshavare 2 namn|"
            "Vårdnadshavare 2 e-postadress",
            "first_name|last_name|group|document|phone|guardian1_first_name|guardian2_full_name|guardian2_email",
        ),
        (
            "UPN|Legal forename|Legal surname|Preferred name|Year group|Reg group|Parent 1 forename|"
            "Parent 1 relationship|Parent 2 name|Parent 2 email",
            "external_id|first_name|last_name|||group|guardian1_first_name|guardian1_relation|guardian2_full_name|"
            "guardian2_email",
        ),
        (
            "Apellido1|Apellido2|Nombre|Curso|Grupo|Nombre completo padre|Profesión padre|Móvil madre|"
            "Nombre de la madre",
            "last_name|last_name_2|first_name||group|guardian2_full_name||guardian1_phone|guardian1_full_name",
        ),
        (
            "Genitore 1 nome|Genitore 1 email|Madre nome|Madre cognome|Madre email|Correo alumno",
            "guardian1_full_name|guardian1_email|guardian2_full_name|guardian2_last_name|guardian2_email|email",
        ),
        (
            "Alunno|Tutore 1 cognome|Tutore 1 nome|Tutore 1 cellulare|Tutore 2 email|Padre correo",
            "full_name|guardian1_last_name|guardian1_full_name|guardian1_phone|guardian2_email|guardian3_email",
        ),
        (
            "Nombre y apellidos|Clase|Correo de contacto|Teléfono de contacto|Correo familia|Familiar 1 email",
            "full_name|group|communication|phone|communication|guardian1_email",
        ),
    ],
)
def test_the_exports_of_the_programs_of_schools_are_understood(header, fields):
    assert dict(zip(header.split("|"), guess_mapping(header.split("|")), strict=True)) == dict(
        zip(header.split("|"), fields.split("|"), strict=True)
    )
    assert set(fields.split("|")) <= set(FIELDS)


def test_the_section_of_a_class_is_its_letter():
    header = ["Alunno", "Classe", "Sezione"]
    assert guess_mapping(header, [["Puig Aina", "1", "A"], ["Gil Pau", "2", "B"]]) == [
        "full_name",
        "group",
        "group_letter",
    ]


def test_no_heading_that_was_known_once_is_guessed_otherwise():
    """Each word by itself, and those of fields beside words for whose they are (guesses.tsv: a heading, its field)."""
    lines = (Path(__file__).parent / "guesses.tsv").read_text(encoding="utf-8").splitlines()
    known = dict(line.split("\t") for line in lines)
    assert {heading: guess_mapping([heading])[0] for heading in known} == known
