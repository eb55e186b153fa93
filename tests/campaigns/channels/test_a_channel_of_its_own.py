"""A channel takes one folder and one line: pigeons are chosen, written for, checked, sent, and shown."""

import pytest

from apps.campaigns.channels import registry
from apps.campaigns.models import Mailing, TestSend
from apps.deliveries import tasks
from apps.deliveries.engine.fan_out import fan_out
from apps.deliveries.engine.test_copies import send_test_copy
from apps.deliveries.models import Delivery
from apps.senders.models import Sender, SenderAccount
from tests import people

from .pigeon import PIGEON
from .pigeon.flying import FLOWN

pytestmark = pytest.mark.django_db


@pytest.fixture
def pigeons(scoped):
    """The school has the module, a dovecote, and a sender."""
    registry.register(PIGEON)
    FLOWN.clear()
    scoped.modules = ["pigeons"]
    scoped.save()
    account = SenderAccount.objects.create(name="Dovecote", provider="dovecote")
    Sender.objects.create(channel="pigeon", name="The head", address="Tower", account=account, is_default=True)
    yield scoped
    registry.unregister(PIGEON)


@pytest.fixture
def family(pigeons):
    """A student with two guardians: one has a loft."""
    lucia = people.student("Lucía Ferrer", people.group("5º A"))
    nuria = people.guardian("Núria Ortega", "nuria@x.example", lucia)
    people.guardian("Marc Ferrer", "marc@x.example", lucia)
    people.contact_point(nuria, "Loft-007", channel="loft")
    return lucia


@pytest.fixture
def draft(family, office_client, pigeons) -> Mailing:
    """Made by the button of the page New message, to the class and to two typed lofts."""
    office_client.post(pigeons.url("campaigns:new"), {"channel": "pigeon"})
    mailing = Mailing.objects.get()
    group = str(family.enrolments.get().group_id)
    step(office_client, mailing, "recipients", do="add_all", group=group, typed="loft-8, LOFT-0013", to_guardians="on")
    return Mailing.objects.get()


def step(client, mailing: Mailing, name: str, **posted) -> str:
    url = mailing.organization.url(f"campaigns:{name}", mailing.pk)
    sender = {"sender": mailing.sender_id} if name == "recipients" else {}
    return client.post(url, sender | posted, follow=True).text if posted else client.get(url).text


def write(client, mailing: Mailing, body: str = "Dear {{ first_name }}") -> str:
    """The check page, after the second step."""
    return step(client, mailing, "content", subject="School trip", body=body, do="next")


def shown_to(client, mailing: Mailing, loft: str) -> str:
    """The check page with the copy of this loft."""
    return client.get(mailing.organization.url("campaigns:check", mailing.pk), {"who": loft}).text


def test_the_page_new_message_offers_what_is_turned_on(office_client, pigeons):
    assert "Pigeon" in office_client.get(pigeons.url("campaigns:new")).text
    pigeons.modules = []
    pigeons.save()
    assert "Pigeon" not in office_client.get(pigeons.url("campaigns:new")).text
    assert office_client.post(pigeons.url("campaigns:new"), {"channel": "pigeon"}).status_code == 403


def test_from_the_first_step_to_the_log(office_client, draft):
    assert (draft.channel, str(draft.sender)) == ("pigeon", "The head · Tower")
    page = step(
        office_client, draft, "content", subject="School trip", body="Dear {{ first_name }}: at nine!", do="next"
    )
    assert "School trip, by pigeon from The head." in page
    assert "It costs 3 handfuls of grain." in page
    assert "No loft on record." in page
    assert "Dear Núria: at nine!" in shown_to(office_client, draft, "loft-7")
    step(office_client, draft, "send", when="now", getting="3")
    tasks.tick_task()
    tasks.work()
    assert sorted(FLOWN) == [("Loft-007", "Dear Núria: at nine!"), ("loft-8", "Dear : at nine!")]
    log = office_client.get(draft.organization.url("deliveries:log", draft.pk)).text
    assert "No loft on record." in log
    assert log.count("a hawk was seen") == 1
    assert Mailing.objects.get().state == "done"
    details = set(Delivery.objects.filter(state="sent").values_list("reference", "parts"))
    assert details == {("ring-1", 1), ("ring-2", 1)}
    assert "Pigeon" in office_client.get(draft.organization.url("deliveries:history")).text


def test_its_own_checks_and_addresses_speak(office_client, draft):
    page = step(office_client, draft, "recipients", typed="tower of London")
    assert "“tower of London” is not a loft." in page
    write(office_client, draft, "x" * 41)
    assert "No pigeon carries so much." in step(office_client, draft, "check")
    write(office_client, draft, "{{ nobody }}")
    assert "No recipient has a value for the tag “nobody”." in step(office_client, draft, "check")


def test_a_test_copy_flies_to_the_loft_that_is_typed(office_client, draft):
    write(office_client, draft)
    assert "is not a loft" in step(office_client, draft, "send_test", address="office@x.example", once="1")
    step(office_client, draft, "send_test", address="loft-1", once="2", as_address="loft-7")
    send_test_copy(TestSend.objects.get())
    assert FLOWN == [("loft-1", "Dear Núria")]


def test_whoever_unsubscribed_from_pigeons_still_gets_email(office_client, draft):
    from apps.campaigns.audience import audience
    from apps.targetlists.models import OptOut

    OptOut.objects.create(channel="pigeon", normalized="loft-7", scope="all")
    OptOut.objects.create(channel="email", normalized="loft-8", scope="all")
    assert audience.count(draft).getting == 2
    assert audience.count(draft).skipped["opted_out"] == 1


def test_a_message_whose_channel_is_gone_stays_and_says_so(office_client, draft):
    write(office_client, draft)
    step(office_client, draft, "send", when="now", getting="3")
    registry.unregister(PIGEON)
    tasks.tick_task()
    draft.refresh_from_db()
    assert (draft.state, Delivery.objects.count()) == ("draft", 0)
    assert "does not know the kind of message “pigeon”" in draft.problem
    saved = office_client.get(draft.organization.url("campaigns:recipients", draft.pk), follow=True).text
    assert "does not know the kind of message “pigeon”" in saved
    assert office_client.get(draft.organization.url("organization:home")).status_code == 200
    registry.register(PIGEON)
    assert "Dear Núria" in shown_to(office_client, draft, "loft-7")


def test_the_log_of_a_channel_that_is_gone_is_still_read(office_client, draft):
    write(office_client, draft)
    step(office_client, draft, "send", when="now", getting="3")
    assert fan_out(Mailing.objects.get())
    registry.unregister(PIGEON)
    tasks.work()
    draft.refresh_from_db()
    assert draft.state == "stopped"
    for name in ("log", "log_download", "progress"):
        assert office_client.get(draft.organization.url(f"deliveries:{name}", draft.pk)).status_code == 200
    assert "pigeon" in office_client.get(draft.organization.url("deliveries:history")).text
    registry.register(PIGEON)
