"""Find people by any part of a name, address or number, by a document, or by their number in the school's system.

Made for a million people: PostgreSQL answers each way of finding from an index of its own (see migration 0003). What
finds few is asked for first, way by way; what finds many is read in the order of the list: its first page is near.
"""

import re
from functools import reduce
from operator import and_

from django.db.models import Exists, OuterRef, Q, QuerySet

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
        _of_name(plain),
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


def _of_name(plain: str) -> Q:
    condition = Q()
    for word in plain.split():
        parts = [part for part in _SIGNS.split(word) if part]
        if len(parts) > 1:  # o'brien, whatever sign stands in the name between the two
            condition &= reduce(and_, (Q(search_name__contains=part) for part in parts))
        elif parts and len(parts[0]) >= _LETTERS:
            condition &= Q(search_name__contains=parts[0])
        elif parts:
            condition &= Q(search_name__startswith=parts[0]) | Q(search_name__contains=f" {parts[0]}")
    return condition


def _of_address(plain: str) -> Q:
    whole = plain.replace(" ", "")
    lookup = "contains" if len(whole) >= _LETTERS else "startswith"
    condition = Q(**{f"normalized__{lookup}": whole})
    digits = "".join(character for character in plain if character.isascii() and character.isdigit())
    if len(digits) >= _LETTERS and not any(character.isalpha() for character in plain):
        # Numbers are kept as +34612555018; people write 612 55 50 18, 0034 612 ... or, in some countries, 0612 ...
        condition |= Q(channel=ContactPoint.Channel.PHONE, normalized__contains=digits.lstrip("0") or digits)
    return condition
