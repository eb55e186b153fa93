"""Writes the two demo schools into the database, in sets; a second call finds them and leaves them as they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.organizations.models import Membership, Organization, Role, Unit
from apps.organizations.permissions import RoleName
from apps.organizations.scoping import OrganizationModel, in_organization
from apps.recipients.models import AcademicYear, Consent, ContactPoint, Enrolment, Group, Guardianship, Person
from apps.senders.models import Sender, SenderAccount

from .logins import PASSWORD, ROLES, SCHOOL_NAMES, login
from .population import Address, Maker, Population

ACCOUNT_NAME = "Catcher of the demo"
CLASS_SIZE = 25
GROUPS_OF_THE_DEMO_TEACHER = 4


@dataclass(frozen=True)
class Stage:
    """A unit of a school: its courses, and the subjects that have groups of their own."""

    name: str
    courses: tuple[str, ...]
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class SchoolPlan:
    slug: str
    name: str
    language: str
    names: str
    time_zone: str
    country: str
    seed: int
    share: float
    stages: tuple[Stage, ...]

    @property
    def courses(self) -> list[tuple[Stage, str]]:
        return [(stage, course) for stage in self.stages for course in stage.courses]


ALMENDRAL = SchoolPlan(
    slug="almendral",
    name=SCHOOL_NAMES["almendral"],
    language="en",
    names="es",
    time_zone="Europe/Madrid",
    country="ES",
    seed=2026,
    share=1,
    stages=(
        Stage("Infantil", ("I3", "I4", "I5")),
        Stage("Primaria", tuple(f"{number}º Primaria" for number in range(1, 7)), ("Inglés", "Música")),
        Stage("Secundaria", tuple(f"{number}º ESO" for number in range(1, 5)), ("Matemáticas", "Inglés", "Biología")),
    ),
)
BOLOGNA = SchoolPlan(
    slug="bologna",
    name=SCHOOL_NAMES["bologna"],
    language="it",
    names="it",
    time_zone="Europe/Rome",
    country="IT",
    seed=1088,
    share=0.15,
    stages=(Stage("Secondaria", ("Prima", "Seconda", "Terza"), ("Matematica", "Inglese")),),
)
SCHOOLS = (ALMENDRAL, BOLOGNA)


def load_demo(people: int, smtp_port: int) -> list[Organization]:
    """Make the demo schools where they are missing, the first with about `people` people; return those made now.

    The sender accounts of both lead to the catcher on `smtp_port`, whether the schools are new or not.
    """
    made = [_load(plan, people) for plan in SCHOOLS if not Organization.objects.filter(slug=plan.slug).exists()]
    for organization in Organization.objects.filter(slug__in=[plan.slug for plan in SCHOOLS]):
        with in_organization(organization):
            SenderAccount.objects.filter(name=ACCOUNT_NAME).update(host="127.0.0.1", port=smtp_port)
    return made


@transaction.atomic
def _load(plan: SchoolPlan, people: int) -> Organization:
    organization = Organization.objects.create(
        slug=plan.slug,
        name=plan.name,
        language=plan.language,
        time_zone=plan.time_zone,
        country=plan.country,
        # The catcher is on the same machine, and is nobody's server but ours.
        packet_size=500,
        packet_interval=0,
    )
    with in_organization(organization):
        Role.ship()
        memberships = {role: _membership(plan, role) for role in ROLES}
        _sender(plan)
        maker = Maker(plan.slug, plan.names, len(plan.courses), plan.seed)
        _Writer(plan, organization, maker.make(max(60, int(people * plan.share)))).write(memberships[RoleName.TEACHER])
    return organization


def _membership(plan: SchoolPlan, role: str) -> Membership:
    name = f"{RoleName(role).name.title()} of {plan.name}"
    user = User.objects.create_user(login(plan.slug, role), PASSWORD, name=name)
    return Membership.objects.create(user=user, role=Role.objects.get(name=role))


def _sender(plan: SchoolPlan) -> None:
    account = SenderAccount.objects.create(
        name=ACCOUNT_NAME, host="127.0.0.1", port=8025, security="none", max_connections=4
    )
    Sender.objects.create(name=plan.name, address=f"office@{plan.slug}.example", account=account, is_default=True)


class _Writer:
    """Turns a Population into rows: one set per table."""

    def __init__(self, plan: SchoolPlan, organization: Organization, population: Population):
        self.plan, self.organization, self.population = plan, organization, population
        self.enrolments: list[Enrolment] = []
        self.units = {stage.name: Unit.objects.create(name=stage.name) for stage in plan.stages}
        begins = _school_year_begins()
        self.this_year, self.last_year = (_year(start) for start in (begins, begins - 1))
        # Teachers take their groups in turn; the first of them is the one with a login.
        self._turn = 0

    def write(self, teacher_login: Membership) -> None:
        self.population.staff[0].membership = teacher_login
        self._place_students()
        self._say_since_when()
        _write(Person, self.population.people)
        self._write_classes()
        self._write_staff_groups()
        self._write_former()
        _write(Enrolment, self.enrolments)
        failed = {address.value.lower() for address in self.population.addresses if address.failed}
        _write(ContactPoint, (_contact_point(address, failed) for address in self.population.addresses))
        _write(Guardianship, self._guardianships())
        _write(Consent, (Consent(person_id=who.pk, granted=yes) for who, yes in self.population.consents))

    def _place_students(self) -> None:
        for (stage, _course), students in zip(self.plan.courses, self.population.courses, strict=True):
            for student in students:
                student.unit_id = self.units[stage.name].pk

    def _say_since_when(self) -> None:
        """Some left at the end of the last year, some of this year's students have just left."""
        for student in self.population.former:
            student.left_on = self.last_year.ends_on
        for student in self.population.students:
            student.left_on = None if student.active else timezone.localdate()

    def _write_classes(self) -> None:
        """The classes and subjects of this year, and the classes of the last, one course lower."""
        courses = self.plan.courses
        for position, ((stage, course), students) in enumerate(zip(courses, self.population.courses, strict=True)):
            for line, start in enumerate(range(0, len(students), CLASS_SIZE)):
                pupils = students[start : start + CLASS_SIZE]
                name = f"{course} {_line_name(line)}"
                self._group(stage, self.this_year, name, pupils)
                for subject in stage.subjects:
                    self._group(stage, self.this_year, f"{subject} {name}", pupils, Group.Kind.SUBJECT)
                if position:
                    lower_stage, lower_course = courses[position - 1]
                    self._group(lower_stage, self.last_year, f"{lower_course} {_line_name(line)}", pupils)

    def _write_former(self) -> None:
        """Those who left were in the last course of the last year."""
        stage, course = self.plan.courses[-1]
        for line, start in enumerate(range(0, len(self.population.former), CLASS_SIZE)):
            pupils = self.population.former[start : start + CLASS_SIZE]
            self._group(stage, self.last_year, f"{course} {_line_name(line)}", pupils)

    def _group(self, stage: Stage, year: AcademicYear, name: str, pupils: list[Person], kind=Group.Kind.CLASS) -> None:
        group = Group.objects.create(kind=kind, name=name, unit=self.units[stage.name], year=year)
        self.enrolments += [Enrolment(person_id=pupil.pk, group_id=group.pk) for pupil in pupils]
        teacher = self._next_teacher()
        self.enrolments.append(Enrolment(person_id=teacher.pk, group_id=group.pk, role=Enrolment.Role.TEACHER))

    def _next_teacher(self) -> Person:
        self._turn += 1
        staff = self.population.staff
        if self._turn <= GROUPS_OF_THE_DEMO_TEACHER * 5:
            return staff[0] if self._turn % 5 == 1 else staff[self._turn % len(staff)]
        return staff[1 + self._turn % (len(staff) - 1)]

    def _write_staff_groups(self) -> None:
        staff = self.population.staff
        offices = max(2, len(staff) // 8)
        for name, members in (("Teachers", staff[:-offices]), ("Office and support", staff[-offices:])):
            group = Group.objects.create(kind=Group.Kind.STAFF, name=name)
            self.enrolments += [Enrolment(person_id=member.pk, group_id=group.pk) for member in members]

    def _guardianships(self) -> Iterable[Guardianship]:
        for ward in self.population.wards:
            yield Guardianship(
                student_id=ward.student.pk,
                guardian_id=ward.guardian.pk,
                relation=ward.relation,
                restricted=ward.restricted,
            )


def _write(model: type[OrganizationModel], rows: Iterable[OrganizationModel]) -> None:
    model.objects.bulk_create(list(rows), batch_size=2000)


def _contact_point(address: Address, failed: set[str]) -> ContactPoint:
    point = ContactPoint(
        person_id=address.person.pk,
        value=address.value,
        normalized=address.value.lower(),
        purpose=address.purpose,
        is_primary=address.purpose == ContactPoint.Purpose.OWN,
        source=ContactPoint.Source.IMPORT,
    )
    if point.normalized in failed:
        point.health, point.health_since = ContactPoint.Health.FAILED, timezone.now()
        point.health_reason = "mailbox does not exist"
    return point


def _school_year_begins() -> int:
    """The calendar year in which the school year of today began, in September."""
    today = timezone.localdate()
    return today.year if today.month >= 9 else today.year - 1


def _year(start: int) -> AcademicYear:
    name = f"{start}-{(start + 1) % 100:02d}"
    return AcademicYear.objects.create(name=name, starts_on=date(start, 9, 1), ends_on=date(start + 1, 6, 30))


def _line_name(number: int) -> str:
    """A, B, ... Z, then 27, 28, ..."""
    return chr(ord("A") + number) if number < 26 else str(number + 1)
