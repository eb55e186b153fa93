"""Records of people into the database, in sets: a chunk of records costs a handful of statements, whatever its size.

Nobody is deleted. Who is on record already is found again: by the school's number; else by name together with an own
address, a number, or a class; guardians by name with an address or number, or by name at the same student.
What was typed by hand is not overwritten.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import islice

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from apps.organizations.models import Unit

from ..models import AcademicYear, Consent, ContactPoint, Enrolment, Group, Guardianship, Person
from .reading import FileRefused
from .records import Membership, PersonRecord, YearDates

CHUNK = 500
_CHANGING = ("first_name", "last_name", "language", "unit_id")


class Loader:
    """Loads one file. Call load() inside a transaction; `counts` then says what happened."""

    def __init__(self, years: Iterable[YearDates] = ()):
        self.counts: Counter[str] = Counter()
        self._year_dates = {year.name: year for year in years}
        self._units = {unit.name: unit for unit in Unit.objects.all()}
        self._years = {year.name: year for year in AcademicYear.objects.all()}
        self._groups: dict[tuple, Group] = {
            (group.name, group.unit_id, group.year_id, group.kind): group for group in Group.objects.all()
        }

    def load(self, records: Iterable[PersonRecord], progress: Callable[[int], None] = lambda done: None) -> None:
        """Write all records, chunk by chunk; `progress` is told how many are done."""
        done = 0
        for chunk in _chunks(records):
            self._load_chunk(chunk)
            done += len(chunk)
            progress(done)

    def _load_chunk(self, chunk: list[PersonRecord]) -> None:
        people = self._save_people(chunk, _Known(chunk))
        guardians = [guardian for record in chunk for guardian in record.guardians]
        guardian_people = self._save_people(guardians, _Known(guardians, self._wards(chunk, people)))
        self._save_contacts([*zip(chunk, people, strict=True), *zip(guardians, guardian_people, strict=True)])
        self._save_consents(zip(chunk, people, strict=True))
        self._enrol(zip(chunk, people, strict=True))
        students = [person for record, person in zip(chunk, people, strict=True) for _g in record.guardians]
        self._pair(zip(students, guardian_people, guardians, strict=True))

    def _wards(self, chunk: list[PersonRecord], people: list[Person]) -> dict[int, int]:
        """id() of a guardian's record -> pk of its student."""
        pairs = zip(chunk, people, strict=True)
        return {id(guardian): person.pk for record, person in pairs for guardian in record.guardians}

    def _save_people(self, records: list[PersonRecord], known: "_Known") -> list[Person]:
        """The person of each record, in their order; new ones are created, changed ones updated."""
        people: list[Person] = []
        new: list[Person] = []
        changed: dict[int, Person] = {}
        for record in records:
            person = known.find(record)
            if person is None:
                person = self._new_person(record)
                known.remember(record, person)
                new.append(person)
            elif person.pk and self._take_over(person, record):
                changed[person.pk] = person
            people.append(person)
        created = Person.objects.bulk_create(new)
        Person.objects.bulk_update(changed.values(), [*_CHANGING, "search_name"], batch_size=200)
        self.counts["created"] += len(created)
        self.counts["changed"] += len(changed)
        self.counts["unchanged"] += len({id(person) for person in people}) - len(created) - len(changed)
        return people

    def _new_person(self, record: PersonRecord) -> Person:
        unit = self._unit(record.unit)
        return Person(
            kind=record.kind,
            first_name=record.first_name,
            last_name=record.last_name,
            external_id=record.external_id,
            language=record.language,
            unit=unit,
            search_name=Person.make_search_name(record.first_name, record.last_name),
        )

    def _take_over(self, person: Person, record: PersonRecord) -> bool:
        """Put what the file says on a person that is on record; True when something was different."""
        _check_same_person(person, record)
        unit = self._unit(record.unit)
        wanted = {
            "first_name": record.first_name or person.first_name,
            "last_name": record.last_name or person.last_name,
            "language": record.language or person.language,
            "unit_id": unit.pk if unit else person.unit_id,
        }
        different = {name: value for name, value in wanted.items() if getattr(person, name) != value}
        for name, value in different.items():
            setattr(person, name, value)
        person.search_name = Person.make_search_name(person.first_name, person.last_name)
        return bool(different)

    def _save_contacts(self, pairs: list[tuple[PersonRecord, Person]]) -> None:
        existing: dict[tuple, list[ContactPoint]] = defaultdict(list)
        for point in ContactPoint.objects.filter(person__in={person.pk for _record, person in pairs}):
            existing[point.person_id, point.channel, point.purpose].append(point)
        new, changed = [], []
        for record, person in pairs:
            for channel, purpose, wanted in (
                ("email", "own", record.emails),
                ("phone", "own", record.phones),
                ("email", "communication", record.communication),
            ):
                points = existing[person.pk, channel, purpose]
                for value, normalized in wanted:
                    point = self._contact(points, person, channel, purpose, (value, normalized), wanted)
                    if point and point.pk:
                        changed.append(point)
                    elif point:
                        points.append(point)
                        new.append(point)
        ContactPoint.objects.bulk_create(new, ignore_conflicts=True)
        ContactPoint.objects.bulk_update(
            changed, ["value", "normalized", "health", "health_reason", "health_since"], batch_size=200
        )
        self.counts["addresses"] += len(new) + len(changed)

    def _contact(
        self,
        points: list[ContactPoint],
        person: Person,
        channel: str,
        purpose: str,
        address: tuple[str, str],
        wanted: list[tuple[str, str]],
    ) -> ContactPoint | None:
        """The contact point to write for one address of those `wanted`, or None when nothing is to be done."""
        value, normalized = address
        if any(point.normalized == normalized for point in points):
            return None
        primary = next((point for point in points if point.is_primary), None) if purpose == "own" else None
        still_given = primary is not None and primary.normalized in [kept for _value, kept in wanted]
        if primary and primary.pk and primary.source == ContactPoint.Source.IMPORT and not still_given:
            # The school's own system has another address now: it takes the place of the one it gave before.
            primary.value, primary.normalized = value, normalized
            primary.health, primary.health_reason, primary.health_since = ContactPoint.Health.GOOD, "", None
            return primary
        if primary and primary.source == ContactPoint.Source.HAND:
            return None
        return ContactPoint(
            person=person,
            channel=channel,
            purpose=purpose,
            value=value,
            normalized=normalized,
            is_primary=purpose == "own" and primary is None,
            source=ContactPoint.Source.IMPORT,
        )

    def _save_consents(self, pairs: Iterable[tuple[PersonRecord, Person]]) -> None:
        """The file's word on commercial mail holds for the student and for the guardians in the same row."""
        said = {person.pk: record.commercial for record, person in pairs if record.commercial is not None}
        existing = {consent.person_id: consent for consent in Consent.objects.filter(person__in=said)}
        now, source = timezone.now(), ContactPoint.Source.IMPORT
        new = [
            Consent(person_id=pk, granted=granted, at=now, source=source)
            for pk, granted in said.items()
            if pk not in existing
        ]
        changed = []
        for pk, consent in existing.items():
            if consent.source == source and consent.granted != said[pk]:
                consent.granted, consent.at = bool(said[pk]), now
                changed.append(consent)
        Consent.objects.bulk_create(new, ignore_conflicts=True)
        Consent.objects.bulk_update(changed, ["granted", "at"])

    def _enrol(self, pairs: Iterable[tuple[PersonRecord, Person]]) -> None:
        wanted = {
            (person.pk, self._group(membership).pk, membership.role)
            for record, person in pairs
            for membership in record.memberships
        }
        known = Enrolment.objects.filter(person__in={pk for pk, _g, _r in wanted})
        missing = wanted - set(known.values_list("person_id", "group_id", "role"))
        rows = [Enrolment(person_id=person, group_id=group, role=role) for person, group, role in missing]
        Enrolment.objects.bulk_create(rows, ignore_conflicts=True)
        self.counts["enrolments"] += len(rows)

    def _pair(self, triples: Iterable[tuple[Person, Person, PersonRecord]]) -> None:
        wanted = {(student.pk, guardian.pk): record.relation for student, guardian, record in triples}
        wanted = {pair: relation for pair, relation in wanted.items() if pair[0] != pair[1]}
        known = Guardianship.objects.filter(student__in={student for student, _guardian in wanted})
        for pair in known.values_list("student_id", "guardian_id"):
            wanted.pop(pair, None)
        rows = [Guardianship(student_id=s, guardian_id=g, relation=relation) for (s, g), relation in wanted.items()]
        Guardianship.objects.bulk_create(rows, ignore_conflicts=True)
        self.counts["guardianships"] += len(rows)

    def _unit(self, name: str) -> Unit | None:
        if not name:
            return None
        if name not in self._units:
            self._units[name] = Unit.objects.create(name=name)
        return self._units[name]

    def _group(self, membership: Membership) -> Group:
        unit, year = self._unit(membership.unit), self._year(membership.year)
        key = (membership.name, unit.pk if unit else None, year.pk, membership.kind)
        if key not in self._groups:
            self._groups[key] = Group.objects.create(name=membership.name, unit=unit, year=year, kind=membership.kind)
            self.counts["groups"] += 1
        return self._groups[key]

    def _year(self, name: str) -> AcademicYear:
        name = name or school_year_of(timezone.localdate())
        if name not in self._years:
            dates = self._year_dates.get(name, YearDates(name))
            first = int(name[:4]) if re.match(r"[12][0-9]{3}", name) else timezone.localdate().year
            self._years[name] = AcademicYear.objects.create(
                name=name,
                starts_on=_date(dates.starts_on) or date(first, 9, 1),
                ends_on=_date(dates.ends_on) or date(first + 1, 6, 30),
            )
        return self._years[name]


class _Known:
    """Who of a chunk is on record: a few queries for all, then look-ups; new people of the chunk join by remember()."""

    def __init__(self, records: list[PersonRecord], wards: dict[int, int] | None = None):
        self._wards = wards or {}
        self._by_number: dict[str, Person] = {}
        self._by_contact: dict[tuple[str, str, str], Person] = {}
        self._by_group: dict[tuple[str, str, str], Person] = {}
        self._by_ward: dict[tuple[int, str], Person] = {}
        self._find_numbers({record.external_id for record in records if record.external_id})
        names = {Person.make_search_name(record.first_name, record.last_name) for record in records}
        self._find_contacts(names, records)
        self._find_groups(names)
        self._find_wards(names)

    def find(self, record: PersonRecord) -> Person | None:
        name = Person.make_search_name(record.first_name, record.last_name)
        if record.external_id and record.external_id in self._by_number:
            return self._by_number[record.external_id]
        for contact in self._contacts(record):
            found = self._by_contact.get((record.kind, name, contact))
            if found and self._numbers_agree(found, record):
                return found
        ward = self._wards.get(id(record))
        found = self._by_ward.get((ward, name)) if ward else None
        groups = [self._by_group.get((record.kind, name, each.name)) for each in record.memberships]
        for candidate in filter(None, [found, *groups]):
            if self._numbers_agree(candidate, record):
                return candidate
        return None

    def remember(self, record: PersonRecord, person: Person) -> None:
        name = Person.make_search_name(record.first_name, record.last_name)
        if record.external_id:
            self._by_number[record.external_id] = person
        for contact in self._contacts(record):
            self._by_contact[record.kind, name, contact] = person
        ward = self._wards.get(id(record))
        if ward:
            self._by_ward[ward, name] = person

    @staticmethod
    def _numbers_agree(person: Person, record: PersonRecord) -> bool:
        return not person.external_id or not record.external_id or person.external_id == record.external_id

    @staticmethod
    def _contacts(record: PersonRecord) -> list[str]:
        return [normalized for _value, normalized in (*record.emails, *record.phones)]

    def _find_numbers(self, numbers: set[str]) -> None:
        for person in Person.objects.filter(external_id__in=numbers):
            self._by_number[person.external_id] = person

    def _find_contacts(self, names: set[str], records: list[PersonRecord]) -> None:
        contacts = {contact for record in records for contact in self._contacts(record)}
        points = ContactPoint.objects.filter(normalized__in=contacts, purpose="own", person__search_name__in=names)
        for point in points.select_related("person"):
            person = self._same(point.person)
            self._by_contact[person.kind, person.search_name, point.normalized] = person

    def _find_groups(self, names: set[str]) -> None:
        enrolments = Enrolment.objects.filter(person__search_name__in=names).select_related("person", "group")
        for enrolment in enrolments:
            person = self._same(enrolment.person)
            self._by_group[person.kind, person.search_name, enrolment.group.name] = person

    def _find_wards(self, names: set[str]) -> None:
        pairs = Guardianship.objects.filter(student__in=set(self._wards.values()), guardian__search_name__in=names)
        for pair in pairs.select_related("guardian"):
            self._by_ward[pair.student_id, pair.guardian.search_name] = self._same(pair.guardian)

    def _same(self, person: Person) -> Person:
        """One object per row, so that a change is seen wherever the person is found."""
        self._objects: dict[int, Person] = getattr(
            self, "_objects", {each.pk: each for each in self._by_number.values()}
        )
        return self._objects.setdefault(person.pk, person)


def _check_same_person(person: Person, record: PersonRecord) -> None:
    """Stop the whole load when a number in the file belongs to somebody with quite another name."""
    before = set(person.search_name.split())
    now = set(Person.make_search_name(record.first_name, record.last_name).split())
    if before and now and not before & now:
        names = {"row": record.row, "number": record.external_id, "old": person.full_name}
        names["new"] = f"{record.first_name} {record.last_name}".strip()
        raise FileRefused(
            _("Row %(row)s: the number %(number)s belongs to %(old)s, and here to %(new)s. Mend one of them.") % names
        )


def school_year_of(day: date) -> str:
    """The name of the school year of a day: 2026-27 from August 2026 to July 2027."""
    first = day.year if day.month >= 8 else day.year - 1
    return f"{first}-{(first + 1) % 100:02d}"


def _chunks(records: Iterable[PersonRecord]) -> Iterator[list[PersonRecord]]:
    iterator = iter(records)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def _date(text: str) -> date | None:
    try:
        return parse_date(text) if text else None
    except ValueError:
        return None
