"""Writes schools, their people and their mailings into the database: the many in sets, the few by their models."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.accounts.models import User
from apps.campaigns.content.attachments import attach
from apps.campaigns.models import AudienceEntry, Mailing
from apps.core.normalizing import without_accents
from apps.organizations.models import Organization
from apps.organizations.permissions import RoleName
from apps.organizations.scoping import in_organization
from apps.portal.demo.names import FIRST_NAMES, LAST_NAMES
from apps.portal.installing import add_member, add_organization
from apps.recipients.models import AcademicYear, ContactPoint, Enrolment, Group, Guardianship, Person
from apps.senders.models import Sender, SenderAccount
from apps.surveys.models import Question
from apps.targetlists.models import OptOut
from bench.inserting import insert_numbered, settle, without_triggers
from bench.letter import BODY, QUESTION, SUBJECT, attachment

GROUP_SIZE = 500


@dataclass(frozen=True)
class School:
    """An organisation whose office may write to everybody, and the sender by whose account its mail leaves."""

    organization: Organization
    office: User
    sender: Sender

    def scope(self):
        return in_organization(self.organization)


def make_school(slug: str, port: int = 25, connections: int = 8, packet_size: int = 500) -> School:
    """A school without people; its packets follow each other without a pause."""
    name = f"Colegio {slug.title()}"
    organization = add_organization(slug=slug, name=name, packet_size=packet_size, packet_interval=0)
    office = User.objects.create_user(f"office@{slug}.example", None, name="Office")
    add_member(organization, office, RoleName.OFFICE)
    with in_organization(organization):
        server = {"host": "127.0.0.1", "port": port, "security": "none", "max_connections": connections}
        account = SenderAccount.objects.create(name="Mail server", **server)
        sender = Sender.objects.create(name=name, address=f"office@{slug}.example", account=account, is_default=True)
    return School(organization, office, sender)


def add_families(school: School, number: int) -> None:
    """`number` students in classes, each with a guardian who has an own address."""
    with school.scope(), without_triggers():
        students, guardians = _add_people("student", number), _add_people("guardian", number)
        _enrol("class", _this_year(), students, number)
        _add_addresses(guardians, number, "'guardian' || n || '@mail.example'")
        pairs = {"student": f"{students} + n", "guardian": f"{guardians} + n", "relation": "'mother'"}
        insert_numbered(Guardianship, number, pairs)
    settle()


def add_staff(school: School, number: int) -> None:
    """Groups of staff with so many own addresses, and one more person for each hundred who has none.

    Of each hundred addresses one is another's as well, and the owner of one wants no more mail.
    """
    nowhere = max(1, number // 100)
    with school.scope(), without_triggers():
        people = _add_people("staff", number + nowhere)
        _enrol("staff", None, people, number + nowhere)
        _add_addresses(people, number, "'staff' || CASE WHEN n % 100 = 7 THEN n - 1 ELSE n END || '@mail.example'")
        insert_numbered(
            OptOut, nowhere, {"normalized": "'staff' || (100 * n - 87) || '@mail.example'", "scope": "'all'"}
        )
    settle()


def make_mailing(school: School, attachment_kb: int = 0, channel: str = "email") -> Mailing:
    """A draft to all groups of the school, with a question."""
    with school.scope():
        question = Question.objects.create(text=QUESTION)
        content = {"channel": channel, "subject": SUBJECT, "body": BODY, "question": question}
        mailing = Mailing.objects.create(sender=school.sender, created_by=school.office, **content)
        AudienceEntry.objects.bulk_create(AudienceEntry(mailing=mailing, group=group) for group in Group.objects.all())
        if attachment_kb:
            attach(mailing, SimpleUploadedFile("circular.pdf", attachment(attachment_kb), "application/pdf"))
    return mailing


def post(mailing: Mailing) -> datetime:
    """Hand the draft to the clock, to start now; return the moment."""
    now = timezone.now()
    with in_organization(mailing.organization):
        Mailing.objects.filter(pk=mailing.pk, state="draft").update(state="pending", starts_at=now)
    return now


def _this_year() -> AcademicYear:
    begins = timezone.localdate().year
    days = {"starts_on": date(begins, 1, 1), "ends_on": date(begins, 12, 31)}
    return AcademicYear.objects.get_or_create(name=str(begins), defaults=days)[0]


def _add_people(kind: str, number: int) -> int:
    """`number` people; the id of the n-th is n more than what is returned."""
    first, last = FIRST_NAMES["es"], LAST_NAMES["es"]
    words = f", first_names (i, word, plain) AS ({_values(first)}), last_names (i, word, plain) AS ({_values(last)})"
    source = f"""numbers JOIN first_names f ON f.i = n % {len(first)}
        JOIN last_names a ON a.i = n / {len(first)} % {len(last)}
        JOIN last_names b ON b.i = n / {len(first) * len(last)} % {len(last)}"""
    columns = {
        "kind": f"'{kind}'",
        "first_name": "f.word",
        "last_name": "a.word || ' ' || b.word",
        "search_name": "a.plain || ' ' || b.plain || ' ' || f.plain",
    }
    return insert_numbered(Person, number, columns, source, words)


def _values(names: tuple[str, ...]) -> str:
    return "VALUES " + ", ".join(f"({i}, '{name}', '{without_accents(name)}')" for i, name in enumerate(names))


def _enrol(kind: str, year: AcademicYear | None, people: int, number: int) -> None:
    """Put `number` people, whose ids begin after `people`, into groups of 500."""
    in_year = {"year": str(year.pk)} if year else {}
    names = {"kind": f"'{kind}'", "name": "'Group ' || n", **in_year}
    groups = insert_numbered(Group, (number - 1) // GROUP_SIZE + 1, names)
    columns = {"person": f"{people} + n", "group": f"{groups} + 1 + (n - 1) / {GROUP_SIZE}"}
    insert_numbered(Enrolment, number, columns)


def _add_addresses(people: int, number: int, address: str) -> None:
    columns = {"person": f"{people} + n", "value": address, "normalized": address}
    insert_numbered(ContactPoint, number, columns)
