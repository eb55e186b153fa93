"""Guess what the columns of a school's file hold, from their headings in six languages and from what is in them.

A wrong guess costs more than none: who looks at the page mends what is marked as unknown, and passes over the rest.
"""

import re
from collections.abc import Iterable, Sequence

from apps.core.normalizing import without_accents

# From so many rows a column is guessed.
SAMPLE = 20

# Words without accents and case, as they stand in headings of school programs.
_MOTHER = r"\b(mother|madre|mare|matka|matki|mor|mamma|mama)\b"
_FATHER = r"\b(father|padre|pare|ojciec|ojca|far|pappa|papa)\b"
_GUARDIAN = (
    r"\b(guardian|parent|tutor(a|e|es)?|tutrice|responsable|genitore|rodzic|rodzica|opiekun|opiekuna|"
    r"vardnadshavare|contact|contacto|contacte|contatto|familiar)\b"
)
_FIRST_OF_TWO = r"\b(primer|primera|primo|prima|first|1r|1er|1o|1a|1st|pierwszy|forsta)"
_SECOND_OF_TWO = r"\b(segundo|segunda|segon|segona|secondo|seconda|second|2n|2o|2a|2nd|drugi|andra)"
_WHOSE = (
    rf"{_MOTHER}|{_FATHER}|({_FIRST_OF_TWO}|{_SECOND_OF_TWO}|\b[1-4])? ?{_GUARDIAN}( ?[1-4]\b)?|"
    r"\b(legal|del?|la|el|d|l)\b"
)
# Whose row it is. It says nothing on what stands in the column, where there is another word: codigo del alumno.
_STUDENT = (
    r"\b(students?|pupils?|alumn[oae]s?( as?)?|estudiantes?|estudiants?|student[ei]|alunn[oaie]|ucz(en|nia|niowie)|"
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
_EMAIL = r"\b(e ?mails?|e ?post(adress)?|mejl|mail|mailadress|correo|correu|posta|electronic[oa]?|adres e( mail)?)\b"
_PHONE = (
    r"\b(phone|mobile|cell|tel|telefono|telefon|movil|mobil|cellulare|komorka|telephone|sms|telefonnummer|"
    r"mobilnummer)\b"
)
# What Bedel does not keep. Their words stand beside those of other columns: fecha de matricula, sexo del tutor.
_NOT_KEPT = (
    r"\b(birth|birthday|nacimiento|naixement|nascita|urodzenia|fodelse\w*|dob|sex|sexo|sexe|sesso|gender|genero|genere|plec|"
    r"kon|age|edad|edat|eta|wiek|estado|estat|status|stato|fecha|date|data|datum|direccion|domicilio|adreca|domicili|"
    r"indirizzo|adres|adress|address|gatuadress|street|calle|carrer|via|ulica|postal|postcode|zip|cap|cp|localidad|"
    r"localitat|city|town|municipio|municipi|comune|miejscowosc|ort|postort|provincia|country|pais|nationality|nacionalidad|"
    r"nacionalitat|cittadinanza|obywatelstwo|observaciones|observacions|notes?|profesion|professio|professione|zawod|"
    r"urgencias?|emergency|urgenza|photo url|middle name|second name|segundo nombre|segon nom|secondo nome|drugie imie|"
    r"mellannamn|preferred( first)? name|preferred forename|chosen name|nickname)\b"
)
_DOCUMENT = (
    r"\b(dni|nie|nif|passport|pasaporte|passaport|documento|documento identita|document d? ?identitat|"
    r"identity document|dokument|codice fiscale|pesel|personnummer)\b"
)
_FULL_NAME = (
    r"\b(full name|fullname|nombre completo|nom complet|nome completo|namn|apellidos (y )?nombre|"
    r"nombre (y )?apellidos?|cognoms? i nom|nom i cognoms?|cognome e nome|nome e cognome|"
    r"imie i nazwisko|nazwisko i imie|name and surname|surname and name)\b"
)
_WHOSE_NAME = r"^(alumn[oae]( a)?|estudiante|estudiant|student|pupil|alunn[oa]|uczen|elev)$"
_NAMES = {"name", "nombre", "nom", "nome"}
# What is asked before anything else, for its words stand beside those of other columns.
_FIRST = [
    (
        "left",
        r"\b(left on|left|leaving date|date left|fecha (de )?baja|baja|data (de )?baixa|baixa|withdrawn|ritirato)\b",
    ),
    (
        "photographs",
        r"\b(photographs?|photos?|fotos?|fotografias?|imagenes|imatges|immagini|zdjecia|wizerunek|bilder)\b",
    ),
    (
        "commercial",
        r"\b(commercial|comercial|commerciale|marketing|handlowe|reklam|publicidad|publicitat|newsletter)\b",
    ),
]
_LAST_NAME_2 = (
    rf"({_SECOND_OF_TWO} (apellido|cognom|surname|last name)|\b(apellido|cognom|surname|last name) 2|drugie nazwisko)\b"
)
_NAMES_OF_PEOPLE = [
    ("last_name_2", _LAST_NAME_2),
    (
        "last_name",
        r"\b(last name|lastname|surname|family name|familyname|apellidos?|cognoms?|cognome|nazwisko|efternamn)\b",
    ),
    ("first_name", r"\b(first name|firstname|given name|givenname|forename|nombre|nom|nome|imie|fornamn|name)\b"),
]
_LANGUAGE = ("language", r"\b(language|idioma|llengua|lingua|jezyk|sprak)\b")
_OF_ANYBODY = [("email", _EMAIL), ("phone", _PHONE), ("document", _DOCUMENT), ("full_name", _FULL_NAME)]
_OF_GUARDIAN = [
    *_OF_ANYBODY,
    ("relation", r"\b(relation|relationship|relacion|parentesco|relacio|parentela|relazione|pokrewienstwo)\b"),
    *_NAMES_OF_PEOPLE,
    _LANGUAGE,
    ("external_id", r"\b(id|codigo|codi|codice|identificador|sourcedid|nia)\b"),
]
_OF_STUDENT = [
    ("communication", r"\b(communication|comunicacion|comunicacio|comunicazioni|komunikacja|kommunikation)\b"),
    *_OF_ANYBODY,
    *_NAMES_OF_PEOPLE[:2],
    (
        "external_id",
        r"\b(id|upn|number|numero|num|nia|codigo|codi|codice|matricola|matricula|numer|ewidencyjny|expediente|expedient|"
        r"exp|identificador|identificatore|identifier|identyfikator|sourcedid)\b",
    ),
    (
        "group",
        r"\b(class|group|grupo|grup|curso|curs|clase|classe|sezione|seccion|seccio|section|linea|unidad|klasa|oddzial|"
        r"klass|form|homeroom)\b",
    ),
    ("unit", r"\b(unit|school|centro|centre|etapa|scuola|plesso|szkola|skola|stage)\b"),
    _LANGUAGE,
    ("kind", r"\b(kind|type|role|tipo|rol|ruolo|tipus|rola|typ|roll)\b"),
    _NAMES_OF_PEOPLE[2],
]
# A family's address is nobody's own; with a number it is that of one guardian.
_OF_FAMILY = r"\b(famil(y|ia|iar|ies)|famiglia|rodziny|rodzinny|familj(en)?|contact|contacto|contacte|contatto)\b"
# The whole year, of which there are several classes.
_WHOLE_YEAR = r"\b(curso|curs|year group|grade|nivel|nivell)\b"
_GUARDIANS = ("guardian1", "guardian2", "guardian3", "guardian4")
_SEVERAL = ("email", "phone", "communication")
# Alone, or of something else (Nº lista), they count rows, and the next file counts otherwise.
_NUMBER_SIGNS = ("no", "nr", "n")
_SCHOOL_YEAR = re.compile(r"(19|20)[0-9]{2} ?[-/–] ?((19|20)?[0-9]{2})", re.ASCII)
_LETTER = re.compile(r"[^\W\d_]{1,2}")
_MAY_BE_YEARS = ("year", "group", "")


def guess_mapping(header: list[str], rows: Iterable[Sequence[str]] = ()) -> list[str]:
    """For each heading the field it most likely holds (a key of columns.FIELDS, "" when unknown).

    `rows`: cells of some rows; a column of school years alone is the year of the classes, be it called "Curso", and
    one of single letters is not the class where there is another for it. No field stands twice but addresses and
    numbers, of which a person may have several.
    """
    plain = [_plain(heading) for heading in header]
    guesses = _parents_apart([_guess(heading) for heading in plain], plain)
    guesses = _seen_in_cells(guesses, plain, list(rows))
    taken: set[str] = set()
    mapping = []
    for heading, guess in zip(plain, guesses, strict=True):
        field = _free(guess, heading, taken)
        taken.add(field)
        mapping.append(field)
    return _with_whole_names(mapping, plain)


def is_secret(heading: str) -> bool:
    """Whether a column holds passwords: nobody is asked what it means, and no page shows it."""
    return bool(re.search(_SECRET, _plain(heading)))


def _plain(heading: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", heading)
    return " ".join(re.sub(r"[\W_]+", " ", without_accents(spaced)).split())


def _guess(text: str) -> str:
    """What a plain heading says by itself."""
    if re.search(_SECRET, text):
        return ""
    if re.search(_YEAR, text):
        return "year"
    if field := _first_of(_FIRST, text):
        return field
    is_address = re.search(_EMAIL, text) or re.search(_PHONE, text)
    if re.search(_NOT_KEPT, text) and not (re.search(_EMAIL, text) or re.search(_DOCUMENT, text)):
        return ""
    if is_address and re.search(_OF_FAMILY, text) and not re.search(r"[1-4]", text):
        return "communication" if re.search(_EMAIL, text) else "phone"
    guardian = _which_guardian(text)
    return _of_guardian(guardian, text) if guardian else _of_student(text)


def _first_of(fields: list[tuple[str, str]], text: str) -> str:
    return next((name for name, words in fields if re.search(words, text)), "")


def _of_student(text: str) -> str:
    if re.search(_WHOSE_NAME, text):
        return "full_name"
    rest = _without_student(text)
    if rest in _NUMBER_SIGNS:
        return "external_id" if rest != text else ""
    return _first_of(_OF_STUDENT, rest)


def _without_student(text: str) -> str:
    """`text` without the words that say whose the column is."""
    rest = " ".join(re.sub(_STUDENT, " ", text).split())
    return rest or text


def _which_guardian(text: str) -> str:
    if re.search(_GUARDIAN, text):
        if found := re.search(rf"{_GUARDIAN} ?([1-4])\b", text) or re.search(rf"\b([1-4]) {_GUARDIAN}", text):
            return f"guardian{next(part for part in found.groups() if part and part.isdigit())}"
        if re.search(rf"{_SECOND_OF_TWO} {_GUARDIAN}", text):
            return "guardian2"
        number = None if re.search(rf"{_FIRST_OF_TWO} {_GUARDIAN}", text) else re.search(r"\b[1-4]\b", text)
        return f"guardian{number[0]}" if number else "guardian1"
    if re.search(_FATHER, text):
        return "guardian2"
    return "guardian1" if re.search(_MOTHER, text) else ""


def _of_guardian(guardian: str, text: str) -> str:
    """The name, where nothing but the guardian stands there."""
    rest = " ".join(re.sub(_WHOSE, " ", text).split())
    part = _first_of(_OF_GUARDIAN, rest)
    if not rest.strip("1234") or (part == "first_name" and not _names_first(rest)):
        part = "full_name"
    return f"{guardian}_{part}" if part else ""


def _names_first(rest: str) -> bool:
    """Whether "name" of a guardian means the first name: "nombre", but not "name" or "nom" alone with nothing else."""
    return bool(re.search(r"\b(first|given|firstname|forename|nombre|imie|fornamn)\b", rest))


def _parents_apart(guesses: list[str], plain: list[str]) -> list[str]:
    """Where some guardians are numbered and a parent is named besides, the parent gets a number that is free."""
    is_numbered = [
        guess.startswith("guardian") and bool(re.search(_GUARDIAN, text))
        for guess, text in zip(guesses, plain, strict=True)
    ]
    numbered = {guess[:9] for guess, numbers in zip(guesses, is_numbered, strict=True) if numbers}
    parents = dict.fromkeys(
        guess[:9]
        for guess, numbers in zip(guesses, is_numbered, strict=True)
        if guess.startswith("guardian") and not numbers
    )
    free = [name for name in _GUARDIANS if name not in numbered and name not in parents]
    moved = {parent: free.pop(0) if free else "" for parent in parents if parent in numbered}
    return [
        guess if numbers or guess[:9] not in moved else moved[guess[:9]] and moved[guess[:9]] + guess[9:]
        for guess, numbers in zip(guesses, is_numbered, strict=True)
    ]


def _seen_in_cells(guesses: list[str], plain: list[str], rows: list[Sequence[str]]) -> list[str]:
    """What the headings say, mended by what stands below them, and by each other."""

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
    elif len([place for place in classes if not re.search(_WHOLE_YEAR, plain[place])]) == 1:
        # The class, not the whole year beside it.
        for place in classes:
            mended[place] = "" if re.search(_WHOLE_YEAR, plain[place]) else "group"
    return mended


def _free(field: str, plain: str, taken: set[str]) -> str:
    """The field itself; the same of the next guardian, or none, where it is taken."""
    if field not in taken or field in _SEVERAL:
        return field
    guardian, _line, part = field.partition("_")
    if not guardian.startswith("guardian"):
        return ""
    if re.search(rf"{_MOTHER}|{_FATHER}|[1-4]|{_FIRST_OF_TWO}|{_SECOND_OF_TWO}", plain):
        return field if part in _SEVERAL else ""
    others = (f"guardian{number}_{part}" for number in range(int(guardian[-1]) + 1, 5))
    return next((other for other in others if other not in taken), "")


def _with_whole_names(mapping: list[str], plain: list[str]) -> list[str]:
    """ "Name" with no other name beside it is the whole name."""
    taken = set(mapping)
    mended = []
    for field, heading in zip(mapping, plain, strict=True):
        prefix = field.removesuffix("first_name")
        is_alone = field.endswith("first_name") and not taken & {f"{prefix}last_name", f"{prefix}full_name"}
        words = set(heading.split())
        is_whole = bool(words & _NAMES) and not words & {"first", "given"}
        mended.append(f"{prefix}full_name" if is_alone and is_whole else field)
    return mended
