"""Find people by any part of a name, address or number, by a document, or by their number in the school's system.

Made for a million people: PostgreSQL answers each way of finding from an index of its own (see migration 0003). What
finds few is asked for first, way by way; what finds many is read in the order of the list: its first page is near.
"""

import re
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.channels import PHONE
from apps.core.normalizing import normalize_document, without_accents

from .models import ContactPoint, FormerNumber, Guardianship, Person

# Up to here people are counted and sorted; beyond it a page says "more than".
MOST = 5_000
# The index knows groups of three letters. Shorter words have to begin a word of the name, or the address.
_LETTERS = 3
_PASTED = re.compile(r"<([^<>]+@[^<>]+)>").search  # Aina Puig <aina@x.example>
_SIGNS = re.compile(r"[\W_]+")
# A document without its last letters: 12345678 of 12345678Z. Fewer signs find too many.
_SIGNS_OF_DOCUMENT = 5


def narrowed(people: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Those of `people` whom `text` finds.

    Either all its words stand in the name, in any order; or the whole is part of an address or number of theirs or of
    a guardian's; or their identity document begins with it; or it is their number in the school's system, be it one
    from before a merge. Case, accents, and the commas and apostrophes of names are ignored.
    """
    ways = _ways(text)
    found = [set(people.filter(way).order_by().values_list("pk", flat=True)[: MOST + 1]) for way in ways]
    few: set[int] = set().union(*(ids for ids in found if len(ids) <= MOST))
    many = [way for way, ids in zip(ways, found, strict=True) if len(ids) > MOST]
    condition = Q(pk__any_of=sorted(few))
    for way in many:
        condition |= way
    return people.filter(condition)


class PartOfName(NamedTuple):
    """What has to stand in a folded name (`search_name`): anywhere, or where a word of it begins."""

    text: str
    begins_word: bool


def parts_of_name(text: str) -> list[PartOfName]:
    """What of `text`, as somebody types it, has to stand in a name: its words without accents, case, commas.

    A word with a sign in it (o'brien, gal.la) is taken apart: whatever sign stands in the name between the two.
    What has an @ in it is no name: it has no parts.
    """
    if "@" in text:
        return []
    found = []
    for word in without_accents(text.replace("\0", "")).split():
        parts = [part for part in _SIGNS.split(word) if part]
        found += [PartOfName(part, len(parts) == 1 and len(part) < _LETTERS) for part in parts]
    return found


def of_name(text: str, name: str = "search_name") -> Q:
    """All parts of `text` stand in the folded name that the lookup `name` leads to. A text of signs is in no name."""
    parts = parts_of_name(text)
    condition = Q() if parts else Q(pk=None)
    for part in parts:
        within = Q(**{f"{name}__contains": f" {part.text}" if part.begins_word else part.text})
        condition &= within | Q(**{f"{name}__startswith": part.text}) if part.begins_word else within
    return condition


def number_up_to_most(people: QuerySet[Person]) -> int:
    """How many they are; MOST + 1 for more than MOST."""
    return people.order_by()[: MOST + 1].count()


def _ways(text: str) -> list[Q]:
    pasted = _PASTED(text)
    text = (pasted[1] if pasted else text).replace("\0", "").strip()
    plain = without_accents(text)
    if not any(character.isalnum() for character in plain):
        return []
    points = ContactPoint.objects.filter(_of_address(plain))
    of_guardian = Exists(points.filter(person=OuterRef("guardian")))
    return [
        of_name(text),
        Q(Exists(points.filter(person=OuterRef("pk")))),
        Q(Exists(Guardianship.objects.filter(of_guardian, student=OuterRef("pk")))),
        _of_document(normalize_document(text)) | Q(external_id__in=_cases(text)),
        Q(pk__in=FormerNumber.objects.filter(external_id__in=_cases(text)).values("person")),
    ]


def _cases(number: str) -> list[str]:
    """As it is typed, in capitals, and in small letters: by these an index finds it."""
    return [number, number.upper(), number.lower()]


def _of_document(document: str) -> Q:
    if len(document) < _SIGNS_OF_DOCUMENT:
        return Q(document=document) & ~Q(document="")
    # The two bounds are for the index, which a beginning alone does not use in every collation.
    return Q(document__startswith=document, document__gte=document, document__lte=f"{document}ZZZZ")


def _of_address(plain: str) -> Q:
    whole = plain.replace(" ", "")
    lookup = "contains" if len(whole) >= _LETTERS else "startswith"
    condition = Q(**{f"normalized__{lookup}": whole})
    digits = "".join(character for character in plain if character.isascii() and character.isdigit())
    if len(digits) >= _LETTERS and not any(character.isalpha() for character in plain):
        # Numbers are kept as +34612555018; people write 612 55 50 18, 0034 612 ... or, in some countries, 0612 ...
        condition |= Q(channel=PHONE, normalized__contains=digits.lstrip("0") or digits)
    return condition
