"""A copy is the same by whatever way it leaves or is looked at, whatever the message carries; and the database is asked
by nobody while copies are made."""

import threading
from dataclasses import dataclass

import pytest
from django.core.files.base import ContentFile
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from apps.campaigns.audience import audience
from apps.campaigns.channels.email import carriers
from apps.campaigns.composing.checking import obstacles
from apps.campaigns.content.rendering import Renderer
from apps.campaigns.models import Mailing, TestSend
from apps.channels.outcomes import Outcome, Result
from apps.core import message_parts
from apps.deliveries import tasks
from apps.deliveries.engine.claiming import claim
from apps.deliveries.engine.fan_out import fan_out
from apps.deliveries.engine.finishing import finish
from apps.deliveries.engine.recording import write_outcomes
from apps.deliveries.engine.settling_uncertain import send_again
from apps.deliveries.engine.test_copies import send_test_copy
from apps.deliveries.models import ConnectionSlots
from apps.senders import secrets
from apps.senders.models import SenderAccount
from apps.surveys.models import Question
from tests import people
from tests.campaigns.drafts import text, url
from tests.deliveries.started import states
from tests.parts import OwnFiles
from tests.servers.esp_server import esp_server

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailWarning")]

NOTES, MENU, CIRCULAR = b"%PDF Notas\r\n.\r\n" * 9000, b"%PDF Menu", b"%PDF for all"
LINKS_OF = {1: 2, 2: 4}  # how many answers are offered about so many children


@dataclass(frozen=True)
class Kind:
    """What a message carries, and about how many children it is."""

    children: int = 1
    asks: bool = False
    shared: bool = False
    own: tuple[tuple[str, bytes], ...] = ()


KINDS = {
    "nothing": Kind(),
    "a question": Kind(asks=True),
    "a question about siblings": Kind(children=2, asks=True),
    "a file of their own": Kind(own=(("Notas de Íñigo.pdf", NOTES),)),
    "files of all and of their own": Kind(shared=True, own=(("a.pdf", MENU), ("b.pdf", NOTES))),
    "everything about siblings": Kind(2, asks=True, shared=True, own=(("a.pdf", MENU), ("b.pdf", NOTES))),
    "room for files but none": Kind(own=(), shared=True),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
by_both = pytest.mark.parametrize("by", ["server", "service"])


@dataclass
class Copy:
    """What reaches a recipient."""

    bodies: tuple[str, str]
    attachments: list[tuple[str, bytes]]


@pytest.fixture
def own_files(tmp_path):
    folder = tmp_path / "own files"
    folder.mkdir()
    part = OwnFiles(folder)
    message_parts.register(part)
    yield part
    message_parts.unregister(part.code)


@pytest.fixture
def message(scoped, office, own_files):
    """Makes a message to Núria and to Marc, who has no file: `message(kind)`."""

    def make(kind: Kind, **fields) -> Mailing:
        group = people.group("5º A")
        children = [people.student(f"{name} Ferrer", group) for name in ("Lucía", "Pablo")[: kind.children]]
        nuria = people.guardian("Núria Ortega", "nuria@x.example", *children)
        people.guardian("Marc Ferrer", "marc@x.example", *children)
        question = Question.objects.create(text="Will they come?") if kind.asks else None
        made = people.mailing(group, by=office, question=question, **fields)
        if kind.shared:
            file = ContentFile(CIRCULAR, "circular.pdf")
            known = {"name": "circular.pdf", "content_type": "application/pdf", "size": len(CIRCULAR)}
            made.attachments.create(file=file, **known)
        for name, content in kind.own:
            own_files.put(nuria, name, content)
        if kind.own or kind == KINDS["room for files but none"]:
            own_files.carry(made)
        return made

    return make


class Outlet:
    """A mail server or a mail service, and what has reached an address by it."""

    def __init__(self, server, service) -> None:
        self._server, self._service = server, service

    def got(self, address: str) -> Copy:
        if self._service:
            found = self._service.to(address)
            return Copy((found.text, found.html), found.attachments)
        (found,) = [mail for to, mail in self._server.received if to == address]
        files = [(each.get_filename(), each.get_content()) for each in found.iter_attachments()]
        bodies = [found.get_body((kind,)).get_content() for kind in ("plain", "html")]
        return Copy(tuple(bodies), files)


@pytest.fixture
def outlet(by, server, monkeypatch):
    if by == "server":
        yield Outlet(server, None)
        return
    known = {"provider": "mailgun", "provider_domain": "mg.x.example", "in_europe": True}
    SenderAccount.objects.update(encrypted_password=secrets.encrypt("a key"), **known)
    with esp_server("mailgun") as service:
        monkeypatch.setitem(carriers.EUROPEAN_ADDRESSES, "mailgun", service.url)
        yield Outlet(None, service)


@pytest.fixture
def asked_elsewhere(monkeypatch):
    """The threads but that of the test, where the desk is, that have asked the database anything."""
    found, desk, ask = [], threading.current_thread(), BaseDatabaseWrapper.cursor

    def cursor(self):
        if threading.current_thread() is not desk:
            found.append(threading.current_thread().name)
        return ask(self)  # in a running loop Django itself refuses this

    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", cursor)
    return found


def assert_right(kind: Kind, copy: Copy, own: tuple[tuple[str, bytes], ...]) -> None:
    shared = [("circular.pdf", CIRCULAR)] if kind.shared else []
    assert copy.attachments == [*shared, *own]
    for body in copy.bodies:
        assert "Dear " in body
        assert body.count("/p/u/") == 1
        assert body.count("/p/a/") == (LINKS_OF[kind.children] if kind.asks else 0)
        assert ("Will they come?" in body) is kind.asks
        assert ("Pablo" in body) is (kind.asks and kind.children == 2)


def started(message: Mailing) -> None:
    Mailing.objects.filter(pk=message.pk).update(state="pending", starts_at=timezone.now())
    assert fan_out(Mailing.objects.get(pk=message.pk))


@each_kind
@by_both
def test_sent(kind, outlet, message, asked_elsewhere):
    mailing = message(kind)
    started(mailing)
    tasks.work()
    assert states(mailing) == {"nuria@x.example": "sent", "marc@x.example": "sent"}
    assert_right(kind, outlet.got("nuria@x.example"), kind.own)
    assert_right(kind, outlet.got("marc@x.example"), ())
    assert asked_elsewhere == []


@each_kind
@by_both
def test_sent_to_look_at(kind, outlet, message, asked_elsewhere):
    test = TestSend.objects.create(mailing=message(kind), address="office@x.example", as_address="nuria@x.example")
    send_test_copy(TestSend.objects.select_related("mailing__sender__account").get(pk=test.pk))
    assert TestSend.objects.get(pk=test.pk).state == "sent"
    assert_right(kind, outlet.got("office@x.example"), kind.own)
    assert asked_elsewhere == []


@each_kind
@by_both
def test_sent_again_because_nobody_could_say_whether_it_arrived(kind, outlet, message, asked_elsewhere):
    mailing = message(kind)
    started(mailing)
    packet = claim("before", {}).packet
    write_outcomes(packet, [Outcome(key, Result.UNCERTAIN, "said") for key in packet.rows.values_list("pk", flat=True)])
    packet.give_back()
    ConnectionSlots.objects.all().delete()
    assert finish(Mailing.objects.get(pk=mailing.pk))
    assert send_again(Mailing.objects.get(pk=mailing.pk)) == 2
    tasks.work()
    assert set(states(mailing).values()) == {"sent"}
    assert_right(kind, outlet.got("nuria@x.example"), kind.own)
    assert_right(kind, outlet.got("marc@x.example"), ())
    assert asked_elsewhere == []


@each_kind
def test_looked_at(kind, message, office_client):
    mailing = message(kind)
    assert obstacles(mailing) == []
    for address, own in (("nuria@x.example", kind.own), ("marc@x.example", ())):
        (row,) = audience.getting(mailing, search=address)
        shown = Renderer(mailing).render(row)
        read = [(each.name, each.open().read()) for each in shown.own_attachments]
        shared = [("circular.pdf", CIRCULAR)] if kind.shared else []
        assert_right(kind, Copy((shown.text, shown.html), shared + read), own)
        page = text(office_client.get(url(mailing, "check"), {"who": address}))
        for name, _content in KINDS["everything about siblings"].own:
            assert (name in page) is (name in dict(own))
        assert ("circular.pdf" in page) is kind.shared


def test_a_file_that_is_gone_puts_its_own_copy_off_and_no_other(server, message, own_files, office):
    mailing = message(KINDS["a file of their own"])
    started(mailing)
    for file in own_files.folder.glob("*/*"):
        file.write_bytes(b"not what was said")
        file.chmod(0)
        file.unlink()
        file.mkdir()  # is there, and cannot be opened
    tasks.work()
    assert states(mailing) == {"nuria@x.example": "waiting", "marc@x.example": "sent"}
    assert "cannot be read" in mailing.deliveries.get(normalized="nuria@x.example").server_reply


def test_files_of_their_own_count_towards_the_limit(message, own_files, office):
    mailing = message(Kind(shared=True, own=(("large.pdf", b"x" * (5_000_000 - len(CIRCULAR))),)))
    assert ["own files have 5 MB or more" in each.sentence for each in obstacles(mailing)] == [True]
    (large,) = own_files.folder.glob("*/large.pdf")
    large.write_bytes(b"x" * (5_000_000 - len(CIRCULAR) - 1))
    assert obstacles(mailing) == []
