"""Numbers in the school's own system by which a person was known before a merge, and still is to imports."""

from .models import FormerNumber, Person


def take_over_numbers(kept: Person, gone: Person, number: str) -> None:
    """Have `kept`, whose number becomes `number`, known by every other number that either of the two has had."""
    FormerNumber.objects.filter(person=gone).update(person=kept)
    _remember(
        [FormerNumber(person=kept, external_id=each.external_id, known_as=_known_as(each)) for each in (kept, gone)]
    )
    FormerNumber.objects.filter(person=kept, external_id=number).delete()


def choose_number(person: Person, number: str) -> None:
    """One of a person's former numbers becomes hers again, the present one a former: she stays known by both.

    Her name stays as it is, and is pinned where imports know another under this number. `person` is not saved. Any
    other number simply takes the place of the present one.
    """
    chosen = FormerNumber.objects.filter(person=person, external_id=number).first()
    if chosen is None:
        return
    before = Person.objects.get(pk=person.pk)
    chosen.delete()
    _remember([FormerNumber(person=person, external_id=before.external_id, known_as=_known_as(before))])
    name = Person.make_search_name(person.first_name, person.last_name)
    if chosen.known_as != name or person.imported_name:
        person.imported_name = chosen.known_as


def holder_of(number: str, other_than: Person) -> Person | None:
    """Who had this number before a merge."""
    others = FormerNumber.objects.exclude(person=other_than.pk)
    found = others.filter(external_id=number).select_related("person").first() if number else None
    return found.person if found else None


def _known_as(person: Person) -> str:
    return person.imported_name or person.search_name


def _remember(numbers: list[FormerNumber]) -> None:
    FormerNumber.objects.bulk_create([each for each in numbers if each.external_id], ignore_conflicts=True)
