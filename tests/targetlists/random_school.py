"""A small school made by chance, and a plain evaluation of conditions over it, person by person, in Python."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from apps.deliveries.models import Delivery, DeliveryAbout
from apps.organizations.models import Unit
from apps.recipients.models import AcademicYear, Consent, ContactPoint, Enrolment, Group, Guardianship, Person
from apps.surveys.models import Answer, Question
from apps.targetlists.models import OptOut, TargetList, TargetListMember
from tests import people

NAMES = ("Aina Puig", "Núria Ortega", "Marc Ferrer", "Íñigo Gil", "Leila Haddad", "Piotr Puig")


@dataclass
class School:
    """Every row, read once; conditions are asked of these alone."""

    units: list[Unit] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    years: list[AcademicYear] = field(default_factory=list)
    lists: list[TargetList] = field(default_factory=list)
    mailings: list = field(default_factory=list)

    def read(self) -> "School":
        self.people = list(Person.objects.all())
        self.enrolments = list(Enrolment.objects.select_related("group"))
        self.pairs = list(Guardianship.objects.select_related("student"))
        self.points = list(ContactPoint.objects.all())
        self.consents = list(Consent.objects.all())
        self.opt_outs = list(OptOut.objects.all())
        self.members = list(TargetListMember.objects.all())
        self.deliveries = list(Delivery.objects.select_related("mailing"))
        self.abouts = list(DeliveryAbout.objects.all())
        self.answers = list(Answer.objects.all())
        self.years = list(AcademicYear.objects.all())
        return self

    def meeting(self, condition: dict) -> set[int]:
        return {person.pk for person in self.people if self.meets(person, condition)}

    def meets(self, person: Person, condition: dict) -> bool:
        if "all" in condition:
            return all(self.meets(person, part) for part in condition["all"])
        if "any" in condition:
            return any(self.meets(person, part) for part in condition["any"])
        if "not" in condition:
            return not self.meets(person, condition["not"])
        operator, value = condition["operator"], condition["value"]
        found = getattr(self, f"_{condition['field']}")(person, operator, value)
        is_negative = operator in ("is_not", "not_contains", "has_not") or (operator == "no" and value is None)
        return not found if is_negative else found

    def _kind(self, person: Person, operator: str, value: Any) -> bool:
        return person.kind in value

    def _name(self, person: Person, operator: str, value: Any) -> bool:
        return value in person.search_name

    def _language(self, person: Person, operator: str, value: Any) -> bool:
        return (person.language or "none") in value

    def _unit(self, person: Person, operator: str, value: Any) -> bool:
        return str(person.unit_id or "none") in value

    def _active(self, person: Person, operator: str, value: Any) -> bool:
        return person.active

    def _email(self, person: Person, operator: str, value: Any) -> bool:
        healths = [point.health for point in self._points_of(person) if point.channel == "email"]
        return {
            "has": bool(healths),
            "has_not": bool(healths),
            "works": any(health != "failed" for health in healths),
            "failed": "failed" in healths,
        }[operator]

    def _opted_out(self, person: Person, operator: str, value: Any) -> bool:
        own = {point.normalized for point in self._points_of(person)}
        return any(each.normalized in own and each.scope in value for each in self.opt_outs)

    def _commercial(self, person: Person, operator: str, value: Any) -> bool:
        states = [consent.granted for consent in self.consents if consent.person_id == person.pk]
        return ("never" if not states else "accepted" if states[0] else "refused") in value

    def _group(self, person: Person, operator: str, value: Any) -> bool:
        return any(str(each.group_id) in value for each in self._enrolments_of(person))

    def _year(self, person: Person, operator: str, value: Any) -> bool:
        return any(str(each.group.year_id) in value for each in self._enrolments_of(person))

    def _role(self, person: Person, operator: str, value: Any) -> bool:
        return any(each.role in value and each.group.kind != "staff" for each in self._enrolments_of(person))

    def _teaches(self, person: Person, operator: str, value: Any) -> bool:
        return any(str(each.group_id) in value and each.role == "teacher" for each in self._enrolments_of(person))

    def _guardian_group(self, person: Person, operator: str, value: Any) -> bool:
        students = [pair.student for pair in self.pairs if pair.guardian_id == person.pk and not pair.restricted]
        return any(
            str(each.group_id) in value and each.role == "student"
            for student in students
            if student.active
            for each in self._enrolments_of(student)
        )

    def _children(self, person: Person, operator: str, value: Any) -> bool:
        number = sum(1 for pair in self.pairs if pair.guardian_id == person.pk and pair.student.active)
        return {"at_least": number >= value, "at_most": number <= value, "exactly": number == value}[operator]

    def _restricted(self, person: Person, operator: str, value: Any) -> bool:
        return any(pair.guardian_id == person.pk and pair.restricted for pair in self.pairs)

    def _list(self, person: Person, operator: str, value: Any) -> bool:
        own = {point.normalized for point in self._points_of(person) if point.channel == "email"}
        chosen = [each for each in self.lists if str(each.pk) in value]
        on_static = any(
            member.list_id == each.pk and (member.person_id == person.pk or member.normalized in own)
            for each in chosen
            for member in self.members
        )
        return on_static or any(each.kind == "filter" and self.meets(person, each.condition) for each in chosen)

    def _message_received(self, person: Person, operator: str, value: Any) -> bool:
        return any(self._arrived(delivery) for delivery in self._deliveries_of(person, value))

    def _message_missed(self, person: Person, operator: str, value: Any) -> bool:
        return any(self._is_missed(self._deliveries_of(person, [mailing])) for mailing in value)

    def _is_missed(self, deliveries: list[Delivery]) -> bool:
        states = {delivery.state for delivery in deliveries}
        return bool(states & {"skipped", "bounced", "failed", "uncertain"}) and not any(map(self._arrived, deliveries))

    def _arrived(self, delivery: Delivery) -> bool:
        copies = [delivery]
        if delivery.reason == "same_address":
            same = (delivery.mailing_id, delivery.normalized)
            copies = [each for each in self.deliveries if (each.mailing_id, each.normalized) == same]
        return any(each.state in ("sent", "delivered") for each in copies)

    def _answer(self, person: Person, operator: str, value: Any) -> bool:
        if operator == "none":
            return self._is_awaited(person, value)
        questions = {each.question_id for each in self.mailings if str(each.pk) in value}
        given = [answer for answer in self.answers if answer.question_id in questions]
        last = {}
        for answer in sorted(given, key=lambda answer: (answer.at, answer.pk)):
            last[answer.question_id, answer.about_id] = answer.value
        about = [last.get((question, person.pk)) for question in questions]
        return operator in about or operator in [each.value for each in given if each.by_person_id == person.pk]

    def _is_awaited(self, person: Person, mailings: list[str]) -> bool:
        answered = {(answer.question_id, answer.about_id or answer.by_address) for answer in self.answers}
        for delivery in self.deliveries:
            if str(delivery.mailing_id) in mailings and not delivery.reason:
                abouts = [each.person_id for each in self.abouts if each.delivery_id == delivery.pk]
                asked = abouts or [delivery.normalized]
                waiting = [each for each in asked if (delivery.mailing.question_id, each) not in answered]
                if waiting and (delivery.person_id == person.pk or person.pk in waiting):
                    return True
        return False

    def _points_of(self, person: Person) -> list[ContactPoint]:
        return [point for point in self.points if point.person_id == person.pk]

    def _enrolments_of(self, person: Person) -> list[Enrolment]:
        return [each for each in self.enrolments if each.person_id == person.pk]

    def _deliveries_of(self, person: Person, mailings: list[str]) -> list[Delivery]:
        about = {each.delivery_id for each in self.abouts if each.person_id == person.pk}
        of_person = [each for each in self.deliveries if each.person_id == person.pk or each.pk in about]
        return [each for each in of_person if str(each.mailing_id) in mailings]


def make_school(seed: int = 1) -> School:
    """Thirty people with families, groups, addresses, consents, lists, and two messages that were sent."""
    chance, school = Random(seed), School()
    school.units = [Unit.objects.create(name=name) for name in ("Infants", "Primary")]
    school.groups = [people.group("5º A"), people.group("5º B", kind="subject"), people.group("Board", kind="staff")]
    persons = [_person(chance, number, school) for number in range(30)]
    students = [person for person in persons if person.kind == "student"]
    for person in persons:
        _details(chance, person, students, school)
    for number in (1, 4, 7):
        OptOut.objects.create(normalized=f"p{number}@x.example", scope="all")
    school.lists = _lists(chance, persons)
    school.mailings = [_mailing(chance, persons, students) for _number in range(2)]
    return school.read()


def _person(chance: Random, number: int, school: School) -> Person:
    made = people.person(
        chance.choice(NAMES),
        f"p{number}@x.example" if chance.random() < 0.7 else "",
        chance.choice(["student", "student", "guardian", "guardian", "staff", "contact", "lead", "account"]),
        language=chance.choice(["", "es", "it"]),
        active=chance.random() < 0.8,
        unit=chance.choice([None, *school.units]),
    )
    made.contact_points.update(health=chance.choice(["good", "good", "failed"]))
    return made


def _details(chance: Random, person: Person, students: list[Person], school: School) -> None:
    for group in school.groups:
        if chance.random() < 0.3:
            Enrolment.objects.create(person=person, group=group, role=chance.choice(["student", "teacher"]))
    if person.kind == "guardian":
        for student in chance.sample(students, chance.randrange(4)):
            Guardianship.objects.create(student=student, guardian=person, restricted=chance.random() < 0.2)
    if chance.random() < 0.6:
        Consent.objects.create(person=person, granted=chance.random() < 0.5)


def _lists(chance: Random, persons: list[Person]) -> list[TargetList]:
    static = TargetList.objects.create(name="By hand")
    for person in chance.sample(persons, 6):
        TargetListMember.objects.create(list=static, person=person)
    TargetListMember.objects.create(list=static, address="p2@x.example", normalized="p2@x.example")
    condition = {"field": "kind", "operator": "is", "value": ["lead", "contact"]}
    return [static, TargetList.objects.create(name="Filter", kind="filter", condition=condition)]


def _mailing(chance: Random, persons: list[Person], students: list[Person]):
    sent = people.mailing(state="done", question=Question.objects.create(text="Will you come?"))
    for person in chance.sample(persons, 12):
        state, address = (
            chance.choice(["sent", "delivered", "failed", "bounced", "skipped"]),
            f"to{person.pk}@x.example",
        )
        reason = "no_address" if state == "skipped" else ""
        delivery = Delivery.objects.create(
            mailing=sent, person=person, address=address, normalized=address, state=state, reason=reason
        )
        if state != "skipped" and chance.random() < 0.3:
            other = chance.choice(persons)
            Delivery.objects.create(
                mailing=sent, person=other, address=address, normalized=address, state="skipped", reason="same_address"
            )
        about = chance.choice([None, *students])
        if about:
            DeliveryAbout.objects.create(delivery=delivery, person=about)
        if chance.random() < 0.5:
            value = chance.choice(["yes", "no"])
            Answer.objects.create(
                question=sent.question, about=about, by_person=person, by_address=address, value=value
            )
    return sent
