"""Makes up the people of a demo school: families, staff, how to reach them. Nothing here touches the database."""

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from apps.core.normalizing import without_accents
from apps.recipients.models import ContactPoint, Person

from .names import FIRST_NAMES, LAST_NAMES, MEN, WOMEN

OWN, COMMUNICATION = ContactPoint.Purpose.OWN, ContactPoint.Purpose.COMMUNICATION
MAIL_DOMAINS = ("mail.example", "correo.example", "posta.example")
NEWCOMERS = ("pl", "sv", "it", "es")
# Why no email reaches some families.
HARD_CASES = ("nobody on record", "no address", "came back", "restricted")


@dataclass(frozen=True)
class Address:
    person: Person
    value: str
    purpose: str = OWN
    failed: bool = False


@dataclass(frozen=True)
class Ward:
    """That `guardian` looks after `student`."""

    student: Person
    guardian: Person
    relation: str
    restricted: bool


@dataclass
class Population:
    """Everybody of one school. `courses` holds the students of each course of this year, `former` those who left."""

    students: list[Person] = field(default_factory=list)
    guardians: list[Person] = field(default_factory=list)
    staff: list[Person] = field(default_factory=list)
    former: list[Person] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    wards: list[Ward] = field(default_factory=list)
    courses: list[list[Person]] = field(default_factory=list)
    consents: list[tuple[Person, bool]] = field(default_factory=list)

    @property
    def people(self) -> list[Person]:
        return [*self.students, *self.guardians, *self.staff, *self.former]


class Maker:
    """Fills a Population of about `size` people, the same ones for the same seed."""

    def __init__(self, slug: str, language: str, courses: int, seed: int):
        self.chance = random.Random(seed)
        self.slug, self.language = slug, language
        self.population = Population(courses=[[] for _ in range(courses)])
        self._taken: Counter[str] = Counter()
        self._numbers: Counter[str] = Counter()

    def make(self, size: int) -> Population:
        """About `size` people in all: families until they are enough, staff, some who left, some out of reach."""
        self._staff(max(12, size // 28))
        while sum(map(len, (self.population.students, self.population.guardians))) < size * 0.91:
            self._family(self._pick_course)
        while len(self.population.former) < max(4, size // 60):
            self._family(lambda: None)
        for number in range(max(len(HARD_CASES), size // 150)):
            self._hard_to_reach(HARD_CASES[number % len(HARD_CASES)])
        for student in self.population.students[40::150]:
            student.active = False
        return self.population

    def _pick_course(self) -> int:
        return self.chance.randrange(len(self.population.courses))

    def _likely(self, share: float) -> bool:
        return self.chance.random() < share

    def _family(self, pick_course: Callable[[], int | None]) -> None:
        """One to three children and their guardians; `pick_course` says where a child is, None for one who left."""
        newcomers = self._likely(0.06)
        language = self.chance.choice([each for each in NEWCOMERS if each != self.language]) if newcomers else ""
        surnames = self.chance.choices(LAST_NAMES[language or self.language], k=2)
        guardians = self._guardians(surnames, language)
        for _ in range(self.chance.choices((1, 2, 3), (55, 35, 10))[0]):
            self._child(surnames, language, guardians, pick_course())

    def _hard_to_reach(self, case: str) -> None:
        """A child whose family gets a letter on paper."""
        surname = self.chance.choice(LAST_NAMES[self.language])
        child = self._person("student", "S", surname, "")
        self.population.students.append(child)
        self.population.courses[self._pick_course()].append(child)
        if case == "nobody on record":
            return
        guardian = self._person("guardian", "G", surname, "", WOMEN)
        self.population.guardians.append(guardian)
        self.population.wards.append(Ward(child, guardian, "mother", restricted=case == "restricted"))
        if case != "no address":
            address = Address(guardian, self._free_address(guardian), failed=case == "came back")
            self.population.addresses.append(address)

    def _guardians(self, surnames: list[str], language: str) -> dict[str, Person]:
        """The parents, or one of them, by what they are to the children, who have the father's name first."""
        both = [("father", surnames[0], MEN), ("mother", surnames[1], WOMEN)]
        here = [self.chance.choice(both)] if self._likely(0.15) else both
        made = {relation: self._person("guardian", "G", surname, language, names) for relation, surname, names in here}
        self.population.guardians += made.values()
        shared = self._free_address(next(iter(made.values()))) if self._likely(0.1) else ""
        for guardian in made.values():
            self._guardian_address(guardian, shared)
            if self._likely(0.38):
                self.population.consents.append((guardian, self._likely(0.87)))
        return made

    def _guardian_address(self, guardian: Person, shared: str) -> None:
        """Most have an address that works; a few none, one known as failed, or one that the catcher will refuse."""
        kind = self.chance.choices(("works", "none", "failed", "unknown"), (93, 3, 2.5, 1.5))[0]
        if kind == "none":
            return
        value = shared or self._free_address(guardian)
        if kind == "unknown":
            value = f"unknown@{self._free_name(_plain(guardian.last_name))}.example"
        self.population.addresses.append(Address(guardian, value, failed=kind == "failed"))

    def _child(self, surnames: list[str], language: str, guardians: dict[str, Person], course: int | None) -> None:
        surname = " ".join(surnames) if self.language == "es" and not language else surnames[0]
        child = self._person("student", "S", surname, language)
        if course is None:
            child.active = False
            self.population.former.append(child)
        else:
            self.population.students.append(child)
            self.population.courses[course].append(child)
        self._child_addresses(child, course)
        for relation, guardian in guardians.items():
            self.population.wards.append(Ward(child, guardian, relation, restricted=self._likely(0.012)))

    def _child_addresses(self, child: Person, course: int | None) -> None:
        """The older ones have an own address at the school; some records hold a grandparent's or a carer's address."""
        if course is not None and course * 2 > len(self.population.courses) and self._likely(0.7):
            own = Address(child, self._free_address(child, f"students.{self.slug}.example"))
            self.population.addresses.append(own)
        if self._likely(0.14):
            carer = self.chance.choice(FIRST_NAMES[self.language])
            local = self._free_name(f"{_plain(carer)}.{_plain(child.last_name)}")
            address = Address(child, f"{local}@{self.chance.choice(MAIL_DOMAINS)}", COMMUNICATION)
            self.population.addresses.append(address)

    def _staff(self, count: int) -> None:
        for _ in range(count):
            surname = self.chance.choice(LAST_NAMES[self.language])
            member = self._person("staff", "T", surname, "")
            self.population.staff.append(member)
            self.population.addresses.append(Address(member, self._free_address(member, f"{self.slug}.example")))

    def _person(self, kind: str, letter: str, last_name: str, language: str, first_names=FIRST_NAMES) -> Person:
        first_name = self.chance.choice(first_names[language or self.language])
        self._numbers[letter] += 1
        return Person(
            kind=kind,
            first_name=first_name,
            last_name=last_name,
            language=language,
            external_id=f"{letter}{self._numbers[letter]:06d}",
            # Written in sets, which do not call save().
            search_name=Person.make_search_name(first_name, last_name),
        )

    def _free_address(self, person: Person, domain: str = "") -> str:
        local = self._free_name(f"{_plain(person.first_name)}.{_plain(person.last_name.split()[0])}")
        return f"{local}@{domain or self.chance.choice(MAIL_DOMAINS)}"

    def _free_name(self, wanted: str) -> str:
        self._taken[wanted] += 1
        return wanted if self._taken[wanted] == 1 else f"{wanted}{self._taken[wanted]}"


def _plain(name: str) -> str:
    """`name` as it may stand in an address: lower case letters of ASCII alone."""
    return re.sub(r"[^a-z]", "", without_accents(name).replace("ł", "l")) or "family"
