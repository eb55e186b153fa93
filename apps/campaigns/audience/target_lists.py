"""Who is on the target lists of a mailing and in its own file, and who is left out for them, in SQL."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from apps.recipients.models import Person
from apps.targetlists.conditions import check, leaves, people_meeting
from apps.targetlists.members import people_on
from apps.targetlists.models import TargetList

from ..models import AudienceEntry, Mailing
from .chosen import ChosenAs

# The fields of a filter that say who is at the school.
_OF_LEAVING = {"active", "left_on", "children"}


@dataclass
class ListedPeople:
    """Pieces of SQL, each a whole SELECT, and their named parameters. No pieces: no list has anybody of that sort."""

    people: list[tuple[str, ChosenAs]] = field(default_factory=list)  # person_id
    addresses: list[str] = field(default_factory=list)  # address, normalized, name, row_id
    excluded_people: list[str] = field(default_factory=list)  # person_id
    excluded_addresses: list[str] = field(default_factory=list)  # normalized
    parameters: dict[str, Any] = field(default_factory=dict)
    have_students: bool = False  # chosen, not excluded

    @property
    def excludes(self) -> bool:
        """Whether anybody may be left out."""
        return bool(self.excluded_people or self.excluded_addresses)


def listed_people(mailing: Mailing) -> ListedPeople:
    """The pieces for every target list that `mailing` chooses or leaves out, and for its own file.

    One query for the lists, and one for each whether there are students on it.
    """
    found = ListedPeople()
    entries = AudienceEntry.objects.filter(mailing=mailing, target_list__isnull=False).select_related("target_list")
    chosen = [entry.target_list for entry in entries if not entry.is_excluded]
    excluded = [entry.target_list for entry in entries if entry.is_excluded]
    found.people = [(sql, ChosenAs.ON_LIST) for sql in _static_people(chosen)]
    for chosen_as, lists in _by_their_word(chosen).items():
        found.people += [(sql, chosen_as) for sql in _filtered_people(lists, "chosen", found.parameters)]
    found.addresses = [*_static_addresses(chosen), *_rows_of_lists(chosen), *_rows([mailing.uploaded_list_id])]
    found.excluded_people = [*_static_people(excluded), *_filtered_people(excluded, "excluded", found.parameters)]
    found.excluded_addresses = [
        f"SELECT normalized FROM ({piece}) listed"
        for piece in (*_static_addresses(excluded), *_rows_of_lists(excluded))
    ]
    found.have_students = any(people_on(each).filter(kind=Person.Kind.STUDENT).order_by().exists() for each in chosen)
    return found


def uploaded_lists(mailing: Mailing) -> list[int]:
    """The ids of the uploaded lists from which the mailing has addresses: those it chooses, and its own."""
    entries = AudienceEntry.objects.filter(mailing=mailing, is_excluded=False, target_list__uploaded__isnull=False)
    ids = set(entries.values_list("target_list__uploaded_id", flat=True))
    return sorted(ids | ({mailing.uploaded_list_id} if mailing.uploaded_list_id else set()))


def unusable_lists(mailing: Mailing) -> list[TargetList]:
    """The lists, chosen or left out, whose filter has something wrong in it: nobody can say who is on them."""
    entries = AudienceEntry.objects.filter(mailing=mailing, target_list__kind=TargetList.Kind.FILTER)
    lists = [entry.target_list for entry in entries.select_related("target_list").order_by("pk")]
    return [each for each in lists if each is not None and check(each.condition)]


def _by_their_word(lists: Iterable[TargetList]) -> dict[ChosenAs, list[TargetList]]:
    """A filter that says itself who is at the school is taken at its word; of others who has left stays left out."""
    by_word: dict[ChosenAs, list[TargetList]] = {ChosenAs.HIMSELF: [], ChosenAs.ON_LIST: []}
    for each in lists:
        says_so = any(leaf["field"] in _OF_LEAVING for leaf in leaves(each.condition))
        by_word[ChosenAs.HIMSELF if says_so else ChosenAs.ON_LIST].append(each)
    return by_word


def _filtered_people(lists: Iterable[TargetList], prefix: str, parameters: dict[str, Any]) -> list[str]:
    """The query of each filter, its places renamed so that all may stand in one statement."""
    pieces = []
    for each in lists:
        if each.kind == TargetList.Kind.FILTER:
            people = people_meeting(each.condition).order_by().values_list("id", flat=True)
            sql = _named(*people.query.sql_with_params(), f"{prefix}_{each.pk}", parameters)
            pieces.append(f"SELECT met.id AS person_id FROM ({sql}) met")
    return pieces


def _named(sql: str, values: Iterable[Any], prefix: str, parameters: dict[str, Any]) -> str:
    """`sql` of the ORM with %(names)s in place of %s; the values go into `parameters`."""
    named = {f"{prefix}_{number}": value for number, value in enumerate(values)}
    parameters.update(named)
    names = iter(named)
    return re.sub(r"%(%|s)", lambda found: "%%" if found[1] == "%" else f"%({next(names)})s", sql)


def _static_people(lists: Iterable[TargetList]) -> list[str]:
    ids = _ids(each.pk for each in lists if each.kind == TargetList.Kind.STATIC)
    people = f"""SELECT l.person_id FROM targetlists_targetlistmember l
    WHERE l.organization_id = %(organization)s AND l.list_id IN ({ids}) AND l.person_id IS NOT NULL"""
    return [people] if ids else []


def _static_addresses(lists: Iterable[TargetList]) -> list[str]:
    ids = _ids(each.pk for each in lists if each.kind == TargetList.Kind.STATIC)
    addresses = f"""SELECT l.address, l.normalized, l.name, CAST(NULL AS bigint) AS row_id
    FROM targetlists_targetlistmember l
    WHERE l.organization_id = %(organization)s AND l.list_id IN ({ids}) AND l.normalized <> ''"""
    return [addresses] if ids else []


def _rows_of_lists(lists: Iterable[TargetList]) -> list[str]:
    return _rows(each.uploaded_id for each in lists if each.kind == TargetList.Kind.UPLOADED)


def _rows(files: Iterable[int | None]) -> list[str]:
    """Of UploadedList ids."""
    ids = _ids(files)
    rows = f"""SELECT u.value AS address, u.normalized, u.name, u.id AS row_id FROM targetlists_uploadedrow u
    WHERE u.organization_id = %(organization)s AND u.list_id IN ({ids})"""
    return [rows] if ids else []


def _ids(ids: Iterable[int | None]) -> str:
    return ", ".join(str(int(each)) for each in ids if each)
