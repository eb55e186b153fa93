"""Guess what the columns of a school's file hold, from their headings in six languages and from what is in them.

A wrong guess costs more than none: who looks at the page mends what is marked as unknown, and passes over the rest.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from apps.core.normalizing import without_accents

from .columns import ASKED_FIRST, ASKED_OF_A_GUARDIAN, ASKED_OF_WHOM_THE_ROW_IS, GUARDIANS
from .vocabulary import one_of, words

# From so many rows a column is guessed.
SAMPLE = 20


def _word(section: str, *keys: str) -> str:
    return rf"\b{one_of(section, *keys)}\b"


_MOTHER, _FATHER, _GUARDIAN = _word("whose", "mother"), _word("whose", "father"), _word("whose", "guardian")
# Also where a word begins so.
_FIRST_OF_TWO, _SECOND_OF_TWO = rf"\b{one_of('whose', 'first')}", rf"\b{one_of('whose', 'second')}"
_LINKING = _word("whose", "linking")
_WHOSE = rf"{_MOTHER}|{_FATHER}|(?:{_FIRST_OF_TWO}|{_SECOND_OF_TWO}|\b[1-4])? ?{_GUARDIAN}(?: ?[1-4]\b)?|{_LINKING}"
# Whose row it is. It says nothing on what stands in the column, where there is another word: codigo del alumno.
_STUDENT = rf"{_word('whose', 'student')}|{_LINKING}"
_STUDENT_ALONE = rf"^{one_of('whose', 'student_alone')}$"
# A family's address is nobody's own; with a number it is that of one guardian.
_OF_FAMILY = _word("whose", "family")
_SECRET, _NOT_KEPT = _word("unread", "secret"), _word("unread", "not_kept")
_NUMBER_SIGNS = words("unread", "number_sign")
_WHOLE_YEAR = _word("columns", "whole_year")
_ONE_LAST_NAME = one_of("columns", "one_last_name")
# For whatever is not one word of the field by itself.
_COMPOSED = {
    "year": rf"{_word('columns', 'year')}|^{one_of('columns', 'year_alone')}$",
    "last_name_2": rf"{_SECOND_OF_TWO} {_ONE_LAST_NAME}\b|\b{_ONE_LAST_NAME} 2\b|{_word('columns', 'last_name_2')}",
    "external_id": _word("columns", "external_id", "external_id_of_student"),
}


def _patterns(fields: Sequence[str], composed: Mapping[str, str] = _COMPOSED) -> list[tuple[str, str]]:
    return [(field, composed.get(field) or _word("columns", field)) for field in fields]


_FIRST, _OF_STUDENT = _patterns(ASKED_FIRST), _patterns(ASKED_OF_WHOM_THE_ROW_IS)
_OF_GUARDIAN = _patterns(ASKED_OF_A_GUARDIAN, {**_COMPOSED, "external_id": _word("columns", "external_id")})
_EMAIL, _PHONE, _DOCUMENT = _word("columns", "email"), _word("columns", "phone"), _word("columns", "document")
_SEVERAL = ("email", "phone", "communication")
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
    return next((name for name, pattern in fields if re.search(pattern, text)), "")


def _of_student(text: str) -> str:
    if re.search(_STUDENT_ALONE, text):
        return "full_name"
    rest = _without_student(text)
    if rest in _NUMBER_SIGNS:
        # Alone, or of something else (Nº lista), they count rows, and the next file counts otherwise.
        return "external_id" if rest != text else ""
    return _first_of(_OF_STUDENT, rest)


def _without_student(text: str) -> str:
    """`text` without the words that say whose the column is."""
    rest = " ".join(re.sub(_STUDENT, " ", text).split())
    return rest or text


def _which_guardian(text: str) -> str:
    if re.search(_GUARDIAN, text):
        if found := re.search(rf"{_GUARDIAN} ?([1-4])\b", text) or re.search(rf"\b([1-4]) {_GUARDIAN}", text):
            return f"guardian{found[1]}"
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
    return bool(re.search(_word("columns", "beside_first_name", "first_name_of_guardian"), rest))


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
    free = [name for name in GUARDIANS if name not in numbered and name not in parents]
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
        said = set(heading.split())
        is_whole = bool(said & words("columns", "name")) and not said & words("columns", "beside_first_name")
        mended.append(f"{prefix}full_name" if is_alone and is_whole else field)
    return mended
