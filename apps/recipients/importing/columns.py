"""Guess what the columns of a school's file hold, from their headings in six languages, and from what is in them."""

import re
from collections.abc import Iterable, Sequence

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.core.normalizing import without_accents

# Field -> label on the page. "" means: the column is left alone.
FIELDS: dict[str, Promise] = {
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
    "group_letter": _("Letter of the class"),
    "year": _("School year of the class"),
    "unit": _("Unit"),
    "language": _("Language"),
    "commercial": _("Accepts commercial mail"),
    "photographs": _("Accepts photographs"),
    "document": _("Identity document"),
    "left": _("Left on, or has left"),
}
_OF_A_GUARDIAN = {
    "first_name": _("Guardian {number}: first name"),
    "last_name": _("Guardian {number}: last name"),
    "last_name_2": _("Guardian {number}: second last name"),
    "full_name": _("Guardian {number}: full name"),
    "email": _("Guardian {number}: email"),
    "phone": _("Guardian {number}: telephone"),
    "relation": _("Guardian {number}: relation"),
    "document": _("Guardian {number}: identity document"),
    "language": _("Guardian {number}: language"),
    "external_id": _("Guardian {number}: number in the school's own system"),
}
FIELDS |= {
    f"guardian{number}_{part}": format_lazy(label, number=number)
    for number in range(1, 5)
    for part, label in _OF_A_GUARDIAN.items()
}

# From so many rows a column is guessed.
SAMPLE = 20

# Words without accents and case, as they stand in headings of school programs.
_MOTHER = r"\b(mother|madre|mare|matka|matki|mor|mamma|mama)\b"
_FATHER = r"\b(father|padre|pare|ojciec|ojca|far|pappa|papa)\b"
_GUARDIAN = (
    r"\b(guardian|parent|tutor|tutora|tutor legal|responsable|genitore|rodzic|rodzica|opiekun|opiekuna|"
    r"vardnadshavare|contact|contacto|familiar)\b"
)
# Whose row it is. It says nothing on what stands in the column, where there is another word: código del alumno.
_STUDENT = (
    r"\b(students?|alumn[oae]s?( as?)?|estudiantes?|estudiants?|student[ei]|studente|alunn[oaie]|ucz(en|nia|niowie)|"
    r"elev(en|er|ens)?|del?|dell?|of|the|d|l|la|el)\b"
)
# Never read, whosever it is.
_SECRET = (
    r"\b(passwords?|passwd|passcode|pwd|contrasenas?|contrasenyes|contrasenya|clave|clau d acces|parola d ordine|"
    r"has[lł][ao]|losenord)\b"
)
_YEAR = (
    r"\b(school ?year|academic ?year|(curso|ano|any|curs) (escolar|academico|academic|lectivo|lectiu)|"
    r"anno (scolastico|accademico)|rok szkolny|lasar)\b|^(year|ano|any|anno|rok)$"
)
# What is asked before anything else, for its words stand beside those of other columns.
_FIRST = [
    ("", r"\b(birth ?date|date of birth|nacimiento|naixement)\b"),
    (
        "document",
        r"\b(dni|nie|nif|passport|pasaporte|passaport|documento|documento identita|identity document|dokument|"
        r"codice fiscale|pesel|personnummer)\b",
    ),
    (
        "photographs",
        r"\b(photographs?|photos?|fotos?|fotografias?|imagenes|imatges|immagini|zdjecia|wizerunek|bilder)\b",
    ),
    (
        "left",
        r"\b(left on|left|leaving date|date left|fecha (de )?baja|baja|data (de )?baixa|baixa|withdrawn|ritirato)\b",
    ),
    (
        "commercial",
        r"\b(commercial|comercial|commerciale|marketing|handlowe|reklam|publicidad|publicitat|newsletter)\b",
    ),
]
_OF_GUARDIANS = [
    ("language", r"\b(language|idioma|llengua|lingua|jezyk|sprak)\b"),
    ("external_id", r"\b(id|codigo|codi|codice|sourcedid|nia)\b"),
]
_WHOLE_NAMES = {"name", "nombre", "nom", "nome"}
# Alone, or of something else (Nº lista), they count rows, and the next file counts otherwise.
_NUMBER_SIGNS = ("no", "nr", "n")
_SCHOOL_YEAR = re.compile(r"(19|20)[0-9]{2} ?[-/–] ?((19|20)?[0-9]{2})", re.ASCII)
_LETTER = re.compile(r"[^\W\d_]{1,2}")
_MAY_BE_YEARS = ("year", "group", "")
_SEVERAL = ("email", "phone", "communication")
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
        r"\b(full name|fullname|nombre completo|nom complet|nome completo|namn|"
        r"apellidos (y )?nombre|nombre (y )?apellidos|cognoms i nom|nom i cognoms|cognome e nome|nome e cognome|"
        r"imie i nazwisko|nazwisko i imie|alumn[oae]( a)?|estudiante|estudiant|student|alunn[oa]|uczen|elev)\b",
    ),
    (
        "external_id",
        r"\b(id|number|numero|num|nia|codigo|codi|codice|matricola|matricula|numer|expediente|expedient|exp|"
        r"sourcedid)\b",
    ),
    (
        "group",
        r"\b(class|group|grupo|grup|curso|curs|clase|classe|sezione|seccion|seccio|section|linea|klasa|oddzial|klass|form|homeroom)\b",
    ),
    ("unit", r"\b(unit|school|centro|centre|etapa|scuola|plesso|szkola|skola|stage)\b"),
    ("language", r"\b(language|idioma|llengua|lingua|jezyk|sprak)\b"),
    ("kind", r"\b(kind|type|role|tipo|rol|ruolo|tipus|rola|typ|roll)\b"),
]


def guess_mapping(header: list[str], rows: Iterable[Sequence[str]] = ()) -> list[str]:
    """For each heading the field it most likely holds (a key of FIELDS, '' when unknown).

    `rows`: cells of some rows; a column of school years alone is the year of the classes, be it called "Curso", and
    one of single letters is not the class where there is another for it. No field stands twice but addresses and
    numbers, of which a person may have several.
    """
    taken: set[str] = set()
    mapping = []
    guesses = _seen_in_cells([_guess(_plain(heading)) for heading in header], list(rows))
    for heading, guess in zip(header, guesses, strict=True):
        field = _free(guess, _plain(heading), taken)
        taken.add(field)
        mapping.append(field)
    if "first_name" in taken and not taken & {"last_name", "full_name"}:
        place = mapping.index("first_name")
        # "Name" with no other name beside it is the whole name.
        mapping[place] = "full_name" if _without_student(_plain(header[place])) in _WHOLE_NAMES else "first_name"
    return mapping


def _seen_in_cells(guesses: list[str], rows: list[Sequence[str]]) -> list[str]:
    """What the headings say, mended by what stands below them."""

    def hold(place: int, what: re.Pattern[str]) -> bool:
        cells = [row[place].strip() for row in rows if place < len(row)]
        return any(cells) and all(what.fullmatch(cell) for cell in cells if cell)

    mended = [
        "year" if guess in _MAY_BE_YEARS and hold(place, _SCHOOL_YEAR) else guess for place, guess in enumerate(guesses)
    ]
    classes = [place for place, guess in enumerate(mended) if guess == "group"]
    letters = [place for place in classes if hold(place, _LETTER)]
    if len(letters) == 1 and len(classes) > 1:
        mended[letters[0]] = "group_letter"
    return mended


def is_secret(heading: str) -> bool:
    """Whether a column holds passwords: nobody is asked what it means, and no page shows it."""
    return bool(re.search(_SECRET, _plain(heading)))


def _free(field: str, plain: str, taken: set[str]) -> str:
    """The field itself; the same of the next guardian, or none, where it is taken."""
    if field not in taken or field in _SEVERAL:
        return field
    guardian, _line, part = field.partition("_")
    if not guardian.startswith("guardian"):
        return ""
    if part in _SEVERAL and re.search(rf"{_MOTHER}|{_FATHER}|\b[1-4]\b", plain):
        return field
    others = (f"guardian{number}_{part}" for number in range(int(guardian[-1]) + 1, 5))
    return next((other for other in others if other not in taken), "")


def _plain(heading: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    return " ".join(re.sub(r"[\W_]+", " ", without_accents(spaced)).split())


def _guess(text: str) -> str:
    if re.search(_SECRET, text):
        return ""
    if re.search(_YEAR, text):
        return "year"
    guardian = _which_guardian(text)
    if guardian:
        return f"{guardian}_{_part_of_guardian(text)}"
    for name, words in _FIRST:
        if re.search(words, text):
            return name
    whole, text = text, _without_student(text)
    if text in _NUMBER_SIGNS and text != whole:
        return "external_id"
    for name, words in [*_OWN[:2], *_PARTS[:2], *_PARTS[3:5]]:
        if re.search(words, text):
            return name
    return next((name for name, words in [*_OWN[2:], _PARTS[5]] if re.search(words, text)), "")


def _without_student(text: str) -> str:
    """`text` without the words that say whose the column is; itself where nothing is left: "Alumno" is the name."""
    if not re.search(_STUDENT, text):
        return text
    rest = " ".join(re.sub(_STUDENT, " ", text).split())
    return rest or text


def _part_of_guardian(text: str) -> str:
    rest = re.sub(f"{_MOTHER}|{_FATHER}|{_GUARDIAN}", " ", text)
    known = [_FIRST[1], *_PARTS, *_OF_GUARDIANS]
    part = next((name for name, words in known if re.search(words, rest)), "full_name")
    return "full_name" if part == "first_name" and not _names_first(rest) else part


def _which_guardian(text: str) -> str:
    number = re.search(r"\b[1-4]\b", text)
    if number and re.search(_GUARDIAN, text):
        return f"guardian{number[0]}"
    if re.search(_FATHER, text):
        return "guardian2"
    return "guardian1" if re.search(f"{_MOTHER}|{_GUARDIAN}", text) else ""


def _names_first(rest: str) -> bool:
    """Whether "name" of a guardian means the first name: "nombre", but not "name" or "nom" alone with nothing else."""
    return bool(re.search(r"\b(first|given|firstname|forename|nombre|imie|fornamn)\b", rest))
