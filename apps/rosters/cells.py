"""What single cells of a roster say: addresses, numbers, days, kinds, yes and no. Wrong ones become Mistakes."""

import re
from datetime import date
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.core.normalizing import normalize_document, normalize_email, normalize_phone, without_accents, without_unseen

from .facts import Mistake, Remark, Staged, StagedContact
from .vocabulary import meanings

NAME_LENGTH = 200
DOCUMENT_LENGTH = 40
_SEVERAL = re.compile(r"[,;\n]")
_SEVERAL_NUMBERS = re.compile(r"[,;/|\n]")
# 6.13E+08, 6,13E+08, 613000000.0: a number that went through a spreadsheet as a quantity.
_QUANTITY = re.compile(r"([0-9])(?:[.,]([0-9]+))?E\+?([0-9]{1,2})", re.ASCII | re.IGNORECASE).fullmatch
_WHOLE_QUANTITY = re.compile(r"\+?[0-9]{5,15}[.,]0", re.ASCII).fullmatch
_ISO_DAY = re.compile(r"([12][0-9]{3})-([0-9]{1,2})-([0-9]{1,2})(?:[T ].*)?", re.ASCII | re.DOTALL).fullmatch
_WRITTEN_DAY = re.compile(
    r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([12][0-9]{3}|[0-9]{2})(?: .*)?", re.ASCII | re.DOTALL
).fullmatch


class RowFacts:
    """The facts of the row at hand, and what is wrong in it. A reader hands them on, and begins the next row."""

    def __init__(self, country: str, file: str = ""):
        self.country = country
        self.file = file
        self.row = 0
        self.facts: list[Staged] = []

    def begin(self, row: int) -> None:
        self.row = row
        self.facts = []

    def mistake(self, column: str, message: str, value: str = "", *, is_fatal: bool = False) -> None:
        fact = Mistake(self.row, column[:255], message[:500], self.file, value[:300], is_fatal)
        if is_fatal:
            # Of a row that is left out nothing is kept but what is wrong in it.
            self.facts = [each for each in self.facts if type(each) is Mistake]
        self.facts.append(fact)

    def remark(self, column: str, message: str) -> None:
        self.facts.append(Remark(self.row, column[:255], message[:500], self.file))

    def is_left_out(self) -> bool:
        return any(type(each) is Mistake and each.is_fatal for each in self.facts)

    def add_emails(self, person_key: str, column: str, text: str, purpose: str = "own") -> int:
        """Add each address of a cell; returns how many are right."""
        added = 0
        for part in _parts(text, _SEVERAL):
            try:
                self.facts.append(StagedContact(person_key, "email", purpose, part, normalize_email(part)))
                added += 1
            except ValidationError as error:
                self.mistake(column, error.messages[0], part)
        return added

    def add_phones(self, person_key: str, column: str, text: str) -> int:
        """Add each number of a cell; returns how many are right."""
        added = 0
        whole = uncut_number(text)
        if not whole:
            self.mistake(column, _("The spreadsheet has cut this number. Format the column as text."), text)
            return 0
        for part in _parts(whole, _SEVERAL_NUMBERS):
            try:
                normalized = normalize_phone(part, self.country)
                self.facts.append(StagedContact(person_key, "phone", "own", part[:254], normalized))
                added += 1
            except ValidationError as error:
                self.mistake(column, error.messages[0], part)
        return added

    def name(self, column: str, text: str) -> str:
        """A name or title without line ends and double spaces; too long or invisible: the row is left out."""
        if text.isprintable() and len(text) <= NAME_LENGTH and "  " not in text:
            return text
        text = without_unseen(text)
        if len(text) > NAME_LENGTH:
            number = {"number": len(text)}
            self.mistake(
                column, _("The text has %(number)s characters; 200 are the most.") % number, text, is_fatal=True
            )
        elif any(ord(character) < 32 or ord(character) == 127 for character in text):
            self.mistake(column, _("The text has invisible characters in it."), is_fatal=True)
        return text

    def document(self, column: str, text: str) -> str:
        found = normalize_document(text)
        if text and not 4 <= len(found) <= DOCUMENT_LENGTH:
            self.mistake(column, _("“%(text)s” is not the number of a document.") % {"text": text[:40]}, text)
            return ""
        return found

    def choice(self, column: str, text: str, choose) -> str:
        """What `choose` makes of a word; not understood: a mistake, and ""."""
        found = choose(text)
        if text and not found:
            self.mistake(column, _("“%(text)s” is not understood here.") % {"text": text[:40]}, text)
        return found

    def yes_or_no(self, column: str, text: str) -> bool | None:
        found = read_yes_or_no(text)
        if found is None and text:
            self.mistake(column, _("“%(text)s” is neither yes nor no.") % {"text": text[:40]}, text)
        return found


def _parts(text: str, separator: re.Pattern[str]) -> list[str]:
    if not separator.search(text):
        return [text] if text else []
    return [part for part in map(str.strip, separator.split(text)) if part]


def uncut_number(text: str) -> str:
    """A number as it was before a spreadsheet took it for a quantity (6.00123456E8); "" when digits were lost."""
    if _WHOLE_QUANTITY(text):
        return text[:-2]
    found = _QUANTITY(text)
    if not found:
        return text
    digits = found[1] + (found[2] or "")
    return digits if len(digits) == int(found[3]) + 1 else ""


@lru_cache(maxsize=1000)
def read_kind(text: str) -> str:
    """The value of Person.Kind for a word in one of six languages; "" when it is none."""
    return meanings("kinds").get(without_accents(text), "")


@lru_cache(maxsize=1000)
def read_language(text: str) -> str:
    """The code of a language named in one of six languages; "" when it is none of those of the portal."""
    folded = without_accents(text)
    return _language_of(folded) or _language_of(re.split(r"[-_/ ]", folded)[0])


def _language_of(word: str) -> str:
    """For the name or the code of a language."""
    named = meanings("languages")
    return named.get(word) or (word if word in named.values() else "")


@lru_cache(maxsize=1000)
def read_yes_or_no(text: str) -> bool | None:
    folded = without_accents(text)
    said = meanings("yes_or_no").get(folded)
    return None if said is None else said == "yes"


@lru_cache(maxsize=5000)
def read_day(text: str, month_first: bool = False) -> date | None:
    """A day written as 2026-09-01, 1/9/2026, 1.9.26 or, where it cannot be else, 9/30/2026; None when it is no day.

    `month_first`: of two ways to read 1/9/2026 take the American one.
    """
    if found := _ISO_DAY(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _WRITTEN_DAY(text):
        day, month, year = (int(part) for part in found.groups())
        if month > 12 or (month_first and day <= 12):
            day, month = month, day
        year = year + 2000 if year < 100 else year
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def is_month_first(text: str) -> bool:
    """Whether a day can only be read with the month first: 6/30/2026."""
    found = _WRITTEN_DAY(text)
    return found is not None and int(found[2]) > 12 >= int(found[1])
