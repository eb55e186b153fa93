"""Two schools in the middle of their work, written into an empty installation by its own code; see make_dump.py.

Everything happens on a Monday in November 2026, so that every lease of the dump has run out whenever it is read.
main() prints, as JSON, what was promised outside of the database: links in letters, and what mail servers were given.
"""

import io
import json
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from lost_workers import claimed, hear, send_certified_half, send_half

from apps.accounts.models import User
from apps.campaigns.composing.scheduling import schedule
from apps.campaigns.content.attachments import attach
from apps.campaigns.models import AudienceEntry, Mailing, TestSend
from apps.channels.outcomes import Result
from apps.deliveries.models import Event
from apps.imports.runs import confirm, plan, start_run
from apps.imports.sources import save_as_source
from apps.organizations.models import Membership, Organization, Role
from apps.organizations.scoping import in_organization
from apps.recipients.merging import merge, preferred
from apps.recipients.models import (
    AcademicYear,
    ConsentChange,
    ContactPoint,
    Group,
    ImportConflict,
    ImportRun,
    ImportSource,
    KnownApart,
    Note,
    NoteFolder,
    Person,
    TakenAway,
)
from apps.senders.models import Sender, SenderAccount
from apps.surveys.models import Answer, Question
from apps.targetlists.members import add_addresses, add_people
from apps.targetlists.models import TargetList
from apps.targetlists.uploading import upload_list
from tests import people
from tests.deliveries.engine import started
from tests.servers.answering_smtp import AnsweringServer, answering_server

MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
FAR_FUTURE = datetime(2099, 9, 1, 8, 0, tzinfo=UTC)
PEOPLE = 120
PACKET_SIZE = 8
ROSTER = """Number;First name;Last name;Class;Guardian 1 first name;Guardian 1 last name;Guardian 1 email
N-01;Íñigo;Peña Núñez;Girasoles;Begoña;Núñez;begona.nunez@familia.example
N-02;Aitana;Muñoz Gil;Girasoles;Chus;Gil;chus.gil@familia.example
N-03;Leo;Castaño Ruiz;Girasoles;Pilar;Ruiz;pilar(at)familia.example
N-04;Zoé;Peña Núñez;Amapolas;Begoña;Núñez;begona.nunez@familia.example
"""
BUSES = "address;name;bus;stop\nrojas@autocares.example;Autocares Rojas;7;Plaza Mayor\nana@autocares.example;Ana;9;\n"
NEWCOMER = "N-05;Nil;Soto Prat;Amapolas;Marta;Prat;marta@prat.example\n"
BODY = '<p>Dear {{ first_name }}, bus {{ bus }}, {{ stop | default: "the gate" }}, team {{ team }}.</p>'
CLUB = "address;name;team\ncapitana@club.example;Capitana;Azul\nportera@club.example;Portera;Roja\n"


def fill(server: AnsweringServer, clock: time_machine.Traveller) -> dict:
    """Write everything; returns what was promised."""
    call_command("load_demo", people=PEOPLE, smtp_port=server.port, stdout=io.StringIO())
    with in_organization(Organization.objects.get(slug="almendral")):
        school = School("almendral", server, clock)
        school.set_up()
        school.import_people()
        links = school.ask_and_be_answered()
        school.write_to_those_who_accept_it()
        school.stop_one()
        school.pause_one()
        school.schedule_one()
        school.begin_a_draft()
        half_sent = send_half(school.begun("Half sent"))
    with in_organization(Organization.objects.get(slug="bologna")):
        school = School("bologna", server, clock)
        mailing = school.begun("Posta certificata", channel="pec", packet_size=100)
        certified = send_certified_half(mailing, full=accounts_of("almendral"))
    return {"links": links, "half_sent": half_sent, "certified": certified}


def run(task: str, *arguments: int) -> None:
    """In the mode "test" tasks do their work at once, and so do those that they call."""
    current_app.tasks[task].apply(arguments, throw=True)


class School:
    """One of the demo schools, in whose scope all of this runs."""

    def __init__(self, slug: str, server: AnsweringServer, clock: time_machine.Traveller):
        self.organization = Organization.objects.get(slug=slug)
        self.office = Membership.objects.select_related("user").get(user__email=f"office@{slug}.example")
        self.client = Client()
        self.client.force_login(self.office.user)
        self.server, self.clock = server, clock
        self.year = AcademicYear.current()

    @property
    def classes(self) -> list[Group]:
        return list(Group.objects.filter(kind="class", year=self.year).order_by("pk"))

    def press(self, url_name: str, *arguments: int, **form: str) -> None:
        response = self.client.post(self.organization.url(url_name, *arguments), form)
        assert response.status_code == 302, (url_name, response.status_code)

    # -- the school and its people

    def set_up(self) -> None:
        """Settings, a role and a reader, accounts with secrets, notes, and a letter for those out of reach."""
        Organization.objects.filter(pk=self.organization.pk).update(
            packet_size=PACKET_SIZE, letter_text="Dear family, please call the office."
        )
        role = Role.objects.create(name="Support staff", permissions=["send_to_staff", "view_people"])
        user = User.objects.create_user("support@almendral.example", "bedel-demo", name="Support")
        Membership.objects.create(user=user, role=role)
        self.accounts()
        folder = NoteFolder.objects.create(name="Interviews")
        guardian = Person.objects.filter(kind="guardian").first()
        Note.objects.create(person=guardian, folder=folder, text="Called on Monday.", by=self.office.user)
        people.contact_point(guardian, "a.second.address@correo.example", is_primary=False)
        first, second, third = Person.objects.filter(kind="staff").order_by("pk")[:3]
        KnownApart.objects.create(first=first, second=second, by=self.office.user)
        TakenAway.objects.create(person=third, group=self.classes[0], role="teacher")
        ConsentChange.objects.create(person=guardian, kind="photographs", granted=False, by=self.office.user)

    def accounts(self) -> None:
        """Beside the account of the demo one with a password, on a port where nobody listens, and a mail service."""
        old = SenderAccount(name="Old server", host="127.0.0.1", port=9, security="none", username="office")
        old.password = "the old password"
        old.save()
        Sender.objects.create(name="Old office", email="old@almendral.example", account=old)
        service = SenderAccount(name="Service", provider="postmark", webhook_key="k" * 43)
        service.password, service.webhook_secret = "the key of the service", "the secret of its reports"
        service.save()

    def import_people(self) -> None:
        """A roster was loaded without its mistake, and at night again; the next one was compared, and waits."""
        first = start_run(SimpleUploadedFile("alumnos.csv", ROSTER.encode("cp1252")), self.office.user)
        plan(first)
        confirm(first, leave_out=True)
        first = ImportRun.objects.get(pk=first.pk)
        save_as_source(first, "Secretaría", withdraws=True)
        ImportSource.objects.update(options={**first.options, "leave_out": True})
        self.import_at_night()
        november = ROSTER.replace("Girasoles", "Margaritas") + NEWCOMER
        plan(start_run(SimpleUploadedFile("alumnos-noviembre.csv", november.encode()), self.office.user))
        states = list(ImportRun.objects.order_by("pk").values_list("state", flat=True))
        assert states == ["done", "done", "planned"], (states, ImportRun.objects.values_list("problem"))

    def import_at_night(self) -> None:
        """The file has another address than the office: somebody has to decide which is right."""
        ContactPoint.objects.filter(normalized="chus.gil@familia.example").update(
            source="hand", value="chus@gil.example", normalized="chus@gil.example"
        )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "noche.csv"
            file.write_bytes(ROSTER.encode("cp1252"))
            call_command("import_people", self.organization.slug, file, source="Secretaría", stdout=io.StringIO())
        assert ImportConflict.objects.filter(decision="open").count() == 1

    # -- messages that are over

    def ask_and_be_answered(self) -> dict[str, str]:
        """A question to all families; servers refuse some, and two outcomes are not known. Returns links not used."""
        question = Question.objects.create(text="Will your child come to the river?")
        mailing = self.begun("Excursión al río de {{ student_first_name }}", question=question)
        attach(mailing, SimpleUploadedFile("camino al río.txt", b"Salida a las nueve"))
        packet, keys = claimed(mailing, "worker-in-the-morning")
        hear(packet, keys[:2], Result.UNCERTAIN, "The connection broke.")
        packet.give_back()
        last = list(mailing.deliveries.filter(state="waiting").values_list("address", flat=True))[-2:]
        self.server.answers = {last[0]: "550 5.1.1 no such user", last[1]: "554 5.7.1 not for us"}
        self.send_to_the_end(mailing)
        Event.objects.create(delivery=mailing.deliveries.first(), kind="opened", at=timezone.now(), external_id="1")
        return self.be_answered()

    def be_answered(self) -> dict[str, str]:
        """Families press buttons: most say yes, some no, one says both; two unsubscribe."""
        self.clock.shift(timedelta(hours=2))
        letters = [letter for _to, letter in self.server.received]
        links = [re.findall(r"http\S+/p/a/\S+/yes/", text_of(letter)) for letter in letters]
        asked, family = [each[0] for each in links if each], Client()
        for place, link in enumerate(asked[:18]):
            value = "no" if place % 4 == 3 else "yes"
            assert family.post(link.replace("/yes/", f"/{value}/"), {"press": value}).status_code == 200
        assert family.post(asked[0].replace("/yes/", "/no/"), {"press": "no"}).status_code == 200
        unsubscribing = [letter["List-Unsubscribe"].strip("<>") for letter in letters]
        for link in unsubscribing[2:4]:
            assert family.post(link, {"press": "stop"}).status_code == 200
        assert Answer.objects.count() == 18
        return {
            "answer": asked[-1],
            "answered": asked[1],
            "of_a_merged_record": self.merged_since(asked[5]),
            "unsubscribe": unsubscribing[-1],
        }

    def merged_since(self, link: str) -> str:
        """Merge the student about whom `link` asks into another record of the same child."""
        gone = Person.objects.get(pk=int(link.split("/")[-3]))
        kept = people.student(gone.full_name, self.classes[0])
        merge(kept, gone, preferred(kept, gone), self.office.user)
        return link

    def write_to_those_who_accept_it(self) -> None:
        """Commercial, without those of a list, with a former student: reasons to be left out, of every kind."""
        left_out = TargetList.objects.create(name="Not this time", created_by=self.office.user)
        add_people(left_out, guardians(4, 9))
        old = TargetList.objects.create(name="Old friends", created_by=self.office.user)
        add_people(old, Person.objects.filter(kind="student", active=False))
        add_addresses(old, ["amigo@viejo.example"])
        fields = {"commercial": True, "question": Question.objects.create(text="", kind="received")}
        mailing = people.mailing(*self.classes, old, by=self.office, subject="Summer camp", year=self.year, **fields)
        AudienceEntry.objects.create(mailing=mailing, target_list=left_out, is_excluded=True)
        Question.objects.filter(pk=mailing.question_id).update(text="Please say that you have read this.")
        self.server.answers = {}
        self.send_to_the_end(mailing)
        reasons = set(mailing.deliveries.exclude(reason="").values_list("reason", flat=True))
        assert {"no_address", "failed_address", "opted_out", "no_consent", "excluded", "former"} <= reasons, reasons

    def begun(self, subject: str, *chosen, **fields) -> Mailing:
        """A mailing whose rows are written, and of which nothing was sent."""
        fields = {"subject": subject, "year": self.year, "packet_size": PACKET_SIZE} | fields
        return started(*(chosen or self.classes), by=self.office, **fields)

    def send_to_the_end(self, mailing: Mailing) -> None:
        """As pressed by the office, and sent by the clock and its workers."""
        if mailing.state == Mailing.State.DRAFT:
            schedule(mailing)
        run("deliveries.tick")
        run("deliveries.tick")
        assert Mailing.objects.get(pk=mailing.pk).state == Mailing.State.DONE
        self.clock.shift(timedelta(minutes=10))

    # -- messages that stand still

    def stop_one(self) -> None:
        """The office stopped it after the first packet."""
        mailing = self.begun("Lunch is late today", *self.classes[:4])
        packet, keys = claimed(mailing, "worker-at-noon")
        hear(packet, keys, Result.ACCEPTED, "250 2.0.0 Ok")
        packet.give_back()
        self.press("deliveries:stop", mailing.pk)

    def pause_one(self) -> None:
        """It stopped by itself: its account does not work."""
        sender = Sender.objects.get(name="Old office")
        mailing = people.mailing(*self.classes[4:6], by=self.office, subject="From the old server", year=self.year)
        mailing.sender = sender
        mailing.state, mailing.starts_at = Mailing.State.PENDING, timezone.now()
        mailing.save()
        run("deliveries.tick")
        assert Mailing.objects.get(pk=mailing.pk).is_paused

    def schedule_one(self) -> None:
        question = Question.objects.create(text="Have you read it?", kind="received", closes_at=FAR_FUTURE)
        mailing = people.mailing(*self.classes, by=self.office, subject="A letter to the future", question=question)
        schedule(mailing, FAR_FUTURE)

    # -- a draft

    def begin_a_draft(self) -> None:
        """With an entry of every kind; a copy to look at waits for a worker."""
        staff = Group.objects.filter(kind="staff").first()
        chosen = [self.classes[0], self.classes[1], staff, Person.objects.filter(kind="guardian").last()]
        fields = {
            "subject": "Bus of {{ student_first_name }}",
            "body": BODY,
            "year": self.year,
            "to_personal": True,
            "reply_to": "buses@almendral.example",
            "question": Question.objects.create(text="Does your child take the bus?"),
            "uploaded_list": upload_list(SimpleUploadedFile("autobuses.csv", BUSES.encode()), self.office.user),
        }
        mailing = people.mailing(*chosen, *self.lists(), "conserje@barrio.example", by=self.office, **fields)
        without = TargetList.objects.get(name="Not this time")
        AudienceEntry.objects.create(mailing=mailing, target_list=without, is_excluded=True)
        attach(mailing, SimpleUploadedFile("horario.csv", b"bus;time\n7;8:15\n9;8:20\n"))
        attach(mailing, SimpleUploadedFile("plano del autobús.txt", b"El plano"))
        TestSend.objects.create(mailing=mailing, address="direccion@almendral.example")

    def lists(self) -> list[TargetList]:
        """One of each kind: picked by hand, by a filter, from a file."""
        picked = TargetList.objects.create(name="Parents' council", created_by=self.office.user)
        add_people(picked, guardians(0, 6))
        add_addresses(picked, ["presidenta@ampa.example"])
        condition = {
            "all": [
                {"field": "kind", "operator": "is", "value": ["guardian"]},
                {
                    "any": [
                        {"field": "name", "operator": "contains", "value": "ar"},
                        {"field": "email", "operator": "has"},
                    ]
                },
                {"not": {"field": "group", "operator": "is", "value": [str(self.classes[2].pk)]}},
            ]
        }
        filtered = TargetList.objects.create(name="With ar", kind="filter", condition=condition)
        club = upload_list(SimpleUploadedFile("club.csv", CLUB.encode()), self.office.user)
        uploaded = TargetList.objects.create(name="The club", kind="uploaded", uploaded=club)
        return [picked, filtered, uploaded]


def guardians(first: int, end: int) -> QuerySet[Person]:
    keys = list(Person.objects.filter(kind="guardian").order_by("pk").values_list("pk", flat=True)[first:end])
    return Person.objects.filter(pk__in=keys)


def accounts_of(slug: str) -> set[int]:
    """The accounts of a school, whose packets are not to be claimed."""
    with in_organization(Organization.objects.get(slug=slug)):
        return set(SenderAccount.objects.values_list("pk", flat=True))


def text_of(letter) -> str:
    return letter.get_body(("plain",)).get_content()


def main() -> None:
    current_app.loader.import_default_modules()
    with time_machine.travel(MONDAY, tick=True) as clock, answering_server() as (server, _port):
        promised = fill(server, clock)
    print(json.dumps(promised))
