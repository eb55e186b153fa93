"""Guess what the columns of a school's file hold, from their headings in six languages."""

import re

from django.utils.translation import gettext_lazy as _

from apps.core.normalizing import without_accents

# Field -> label on the page. "" means: the column is left alone.
FIELDS = {
    "": _("(leave out)"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "last_name_2": _("Second last name"),
    "full_name": _("Full name"),
    "external_id": _("Number in the school's own system"),
    "kind": _("Student, staff or contact"),
    "email": _("Own email"),
    "phone": _("Own telephone"),
    "communication": _("Communication email"),
    "group": _("Class"),
    "unit": _("Unit"),
    "language": _("Language"),
    "commercial": _("Accepts commercial mail"),
    "guardian1_first_name": _("Guardian 1: first name"),
    "guardian1_last_name": _("Guardian 1: last name"),
    "guardian1_full_name": _("Guardian 1: full name"),
    "guardian1_email": _("Guardian 1: email"),
    "guardian1_phone": _("Guardian 1: telephone"),
    "guardian1_relation": _("Guardian 1: relation"),
    "guardian2_first_name": _("Guardian 2: first name"),
    "guardian2_last_name": _("Guardian 2: last name"),
    "guardian2_full_name": _("Guardian 2: full name"),
    "guardian2_email": _("Guardian 2: email"),
    "guardian2_phone": _("Guardian 2: telephone"),
    "guardian2_relation": _("Guardian 2: relation"),
}

# Words without accents and case, as they stand in headings of school programs.
_MOTHER = r"\b(mother|madre|mare|matka|matki|mor|mamma|mama)\b"
_FATHER = r"\b(father|padre|pare|ojciec|ojca|far|pappa|papa)\b"
_GUARDIAN = (
    r"\b(guardian|parent|tutor|tutora|tutor legal|responsable|genitore|rodzic|rodzica|opiekun|opiekuna|"
    r"vardnadshavare|contact|contacto|familiar)\b"
)
_PARTS = [
    ("email", r"\b(e ?mail|e ?post|mail|correo|correu|posta|electronic[oa]?|adres e)\b"),
    ("phone", r"\b(phone|mobile|cell|tel|telefono|telefon|movil|mobil|cellulare|komorka|telephone|sms)\b"),
    ("relation", r"\b(relation|relationship|relacion|parentesco|relacio|parentela|relazione|pokrewienstwo|relation)\b"),
    ("last_name_2", r"\b(apellido 2|segundo apellido|2o apellido|cognom 2|segon cognom|second last name)\b"),
    (
        "last_name",
        r"\b(last name|lastname|surname|family name|familyname|apellidos?|cognoms?|cognome|nazwisko|efternamn)\b",
    ),
    ("first_name", r"\b(first name|firstname|given name|givenname|forename|nombre|nom|nome|imie|fornamn|name)\b"),
]
_OWN = [
    ("communication", r"\b(communication|comunicacion|comunicacio|comunicazioni|komunikacja|kommunikation)\b"),
    (
        "full_name",
        r"\b(full name|fullname|nombre completo|nom complet|nome completo|alumno|alumna|alumne|student name|namn|"
        r"apellidos (y )?nombre|nombre (y )?apellidos|cognoms i nom|nom i cognoms|cognome e nome|nome e cognome|"
        r"imie i nazwisko|nazwisko i imie)\b",
    ),
    (
        "external_id",
        r"\b(id|student id|number|numero|num|nia|codigo|codi|codice|matricola|numer|expediente|exp|sourcedid)\b",
    ),
    ("group", r"\b(class|group|grupo|grup|curso|curs|clase|classe|sezione|klasa|oddzial|klass|form|homeroom)\b"),
    ("unit", r"\b(unit|school|centro|centre|etapa|scuola|plesso|szkola|skola|stage)\b"),
    ("language", r"\b(language|idioma|llengua|lingua|jezyk|sprak)\b"),
    ("commercial", r"\b(commercial|comercial|commerciale|marketing|handlowe|reklam)\b"),
    ("kind", r"\b(kind|type|role|tipo|rol|ruolo|tipus|rola|typ|roll)\b"),
]


def guess_mapping(header: list[str]) -> list[str]:
    """For each heading the field it most likely holds (a key of FIELDS, '' when unknown); no field twice."""
    taken: set[str] = set()
    mapping = []
    for heading in header:
        field = _guess(_plain(heading))
        if field in taken and field.startswith("guardian1_"):
            field = field.replace("guardian1_", "guardian2_")
        if field in taken and field != "communication":
            field = ""
        taken.add(field)
        mapping.append(field)
    return mapping


def _plain(heading: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    return " ".join(re.sub(r"[\W_]+", " ", without_accents(spaced)).split())


def _guess(text: str) -> str:
    if re.search(r"\b(curso escolar|any escolar|ano escolar|anno scolastico|school year|rok szkolny|lasar)\b", text):
        return ""
    guardian = _which_guardian(text)
    if guardian:
        rest = re.sub(f"{_MOTHER}|{_FATHER}|{_GUARDIAN}", " ", text)
        part = next((name for name, words in _PARTS if re.search(words, rest)), "full_name")
        part = "last_name" if part == "last_name_2" else part
        return f"{guardian}_{part if part != 'first_name' or _names_first(rest) else 'full_name'}"
    for name, words in [*_OWN[:2], *_PARTS[:2], *_PARTS[3:5]]:
        if re.search(words, text):
            return name
    return next((name for name, words in [*_OWN[2:], _PARTS[5]] if re.search(words, text)), "")


def _which_guardian(text: str) -> str:
    if re.search(_FATHER, text) or (re.search(_GUARDIAN, text) and re.search(r"\b2\b", text)):
        return "guardian2"
    return "guardian1" if re.search(f"{_MOTHER}|{_GUARDIAN}", text) else ""


def _names_first(rest: str) -> bool:
    """Whether "name" of a guardian means the first name: "nombre", but not "name" or "nom" alone with nothing else."""
    return bool(re.search(r"\b(first|given|firstname|forename|nombre|imie|fornamn)\b", rest))
