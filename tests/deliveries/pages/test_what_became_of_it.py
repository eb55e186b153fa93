"""The words of what was heard of a copy later, the figures that count it, and what can be done."""

from datetime import datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.core.templatetags.ui import tally as bar
from apps.deliveries.engine.arrivals import came_back, was_delivered
from apps.deliveries.engine.tallies import Tally
from apps.deliveries.models import Delivery, Event
from tests.deliveries.conftest import Sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def see(office_client, school):
    """Open a page of the school by name and return its text."""

    def open_page(name, *args, query=""):
        response = office_client.get(school.url(name, *args) + query)
        assert response.status_code == 200
        return " ".join(response.getvalue().decode("utf-8-sig").split())

    return open_page


def hear(delivery: Delivery, kind: str, detail: str = "", is_hard: bool = False, at: datetime | None = None) -> None:
    event = Event.objects.create(
        delivery=delivery, kind=kind, at=at or timezone.now(), detail=detail, is_hard=is_hard, external_id=kind
    )
    (was_delivered if kind == "delivered" else came_back)(delivery, event)


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("email", "Delivered to the mailbox, today 10:43."),
        ("unknown", "Delivered, today 10:43."),
    ],
)
def test_what_was_delivered_says_where_and_when(see, sent: Sent, time_machine, channel, words):
    time_machine.move_to("2026-11-20T10:00:00Z", tick=False)
    Mailing.objects.update(channel=channel)
    hear(sent.delivery, "delivered", at=timezone.now() - timedelta(minutes=17))
    page = see("deliveries:log", sent.mailing.pk)
    assert words in page
    assert "queued as 7" in page


@pytest.mark.parametrize(
    ("detail", "is_hard", "words"),
    [
        ("552 5.2.2 Mailbox full.", False, "552 5.2.2 Mailbox full. The address is kept."),
        ("550 5.1.1 No such user", True, "550 5.1.1 No such user: marked [ko]."),
        ("", False, "No reason was given. The address is kept."),
    ],
)
def test_what_came_back_says_why_and_can_be_corrected_in_place(see, sent: Sent, detail, is_hard, words):
    hear(sent.delivery, "bounced", detail, is_hard)
    point = sent.delivery.person.contact_points.get()
    page = see("deliveries:log", sent.mailing.pk, query="?state=bounced")
    row = page[page.index("<tbody>") :]
    for each in ("Came back", words, "Correct it", sent.mailing.organization.url("recipients:contact_point", point.pk)):
        assert each in row
    assert "Refused by the server" not in page
    assert "Marc" not in row
    assert words in see("recipients:person", sent.delivery.person_id)
    assert words in see("deliveries:log_download", sent.mailing.pk)


def test_delivered_copies_are_among_the_sent_and_can_be_listed_alone(see, sent: Sent):
    other = Delivery.objects.create(
        mailing=sent.mailing, name="Olga Roca", address="o@x.example", normalized="o@x.example", state="sent"
    )
    sent.mailing.packets.update(last_id=other.pk, size=2)
    hear(sent.delivery, "delivered")
    page = see("deliveries:log", sent.mailing.pk)
    for chip, number in (("All", 3), ("Sent", 2), ("Delivered", 1), ("Skipped", 1)):
        assert f'{chip} <span class="num">{number}</span>' in page
    assert 'aria-label="2 sent, 1 of them delivered, 1 skipped"' in page
    assert "2/2" in see("deliveries:history")
    assert "sent 2 of 2" in see("organization:home")
    for state, names in (("sent", {"Núria", "Olga"}), ("delivered", {"Núria"}), ("bounced", set())):
        page = see("deliveries:log", sent.mailing.pk, query=f"?state={state}")
        assert {name for name in ("Núria", "Olga", "Marc") if name in page} == names


def test_a_copy_that_came_back_is_no_longer_among_the_sent(see, sent: Sent):
    hear(sent.delivery, "delivered")
    hear(sent.delivery, "bounced", "gone", is_hard=True)
    page = see("deliveries:log", sent.mailing.pk)
    assert 'aria-label="1 came back, 1 skipped"' in page
    assert "0/1" in see("deliveries:history")


def test_a_file_that_is_kept_says_the_day(see, sent: Sent):
    hear(sent.delivery, "delivered")
    assert "today" not in see("deliveries:log_download", sent.mailing.pk)
    assert f"Delivered to the mailbox, {timezone.localtime():%Y-%m-%d} " in see(
        "deliveries:log_download", sent.mailing.pk
    )


def test_the_bar_draws_what_was_delivered_within_what_was_sent():
    drawn = bar(sent=80, delivered=60, bounced=20, words=True)
    assert drawn.index("fill-arrived") < drawn.index("fill-sent") < drawn.index("fill-back")
    assert 'aria-label="80 sent, 60 of them delivered, 20 came back"' in drawn
    assert "fill-sent" not in bar(sent=60, delivered=60)
    assert "arrived" not in bar(sent=60, words=True)


def test_the_bar_has_a_place_for_every_figure():
    names = [name for name in vars(Tally()) if name != "PARTS"]
    figures = " ".join(f"{name}=1" for name in names)
    drawn = Template(f"{{% tally {figures} words=True %}}").render(Context())
    assert drawn.count("<i ") == len(names)
