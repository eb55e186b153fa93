"""A part of a message that is no longer installed: what of it is known still, and what becomes of the message."""

import pytest

from apps.campaigns.composing.checking import obstacles
from apps.campaigns.composing.scheduling import NotReady, schedule
from apps.campaigns.content.parts import copy_parts, note_parts
from apps.campaigns.models import Mailing
from apps.core import message_parts
from apps.core.message_parts import CarriedPart, Foot, MessagePart, Tag, TagGroup
from apps.deliveries import tasks
from apps.deliveries.engine.fan_out import fan_out
from apps.surveys.models import Question
from tests import people
from tests.campaigns.drafts import fresh, post_content, text, url
from tests.deliveries.conftest import server  # noqa: F401
from tests.deliveries.started import started, states

pytestmark = pytest.mark.django_db

NOTED = {"menu": {"label": "Menu of the day"}}
FROZEN = {"menu": {"label": "Menu of the day", "frozen": {"values": {"menu_soup": "Lentils"}}}}


class Menu(MessagePart):
    """The menu of a day: a tag, and a line at the foot."""

    code = "menu"
    label = "Menu of the day"

    def is_in(self, message):
        return message.subject.startswith("Menu")

    def tags(self, message):
        return [TagGroup("Menu", (Tag("menu_soup", "soup"),))]

    def freeze(self, message):
        return {"values": {"menu_soup": "Lentils"}}

    def carried(self, message, frozen):
        return CarriedMenu(frozen.get("values", {"menu_soup": "No soup yet"}))


class CarriedMenu(CarriedPart):
    def __init__(self, frozen: dict[str, str]) -> None:
        self._values = frozen

    def values(self, row, students, loaded):
        return self._values

    def foot(self, values, students):
        words = f"The foot with {self._values['menu_soup']}"
        return Foot(f"<p>{words}</p>", words)


@pytest.fixture
def menu():
    """The part, while a test runs; `message_parts.unregister("menu")` takes its app out."""
    message_parts.register(Menu())
    yield
    message_parts.unregister("menu")


def menu_of_the_day(office, **fields) -> Mailing:
    fields = {"subject": "Menu", "body": "<p>Today: {{ menu_soup | default: 'soup' }}!</p>"} | fields
    mailing = people.mailing("a@x.example", "b@x.example", by=office, **fields)
    note_parts(mailing)
    mailing.save()
    return mailing


def sentences(mailing: Mailing) -> list[str]:
    return [obstacle.sentence for obstacle in obstacles(mailing)]


def test_its_tag_and_foot_reach_the_recipient_after_those_before_it(menu, server, office):  # noqa: F811
    question = Question.objects.create(text="Will you eat?")
    started("a@x.example", by=office, subject="Menu", body="<p>{{ menu_soup }}</p>", question=question)
    tasks.work()
    for kind in ("plain", "html"):
        body = server.message_to("a@x.example").get_body((kind,)).get_content()
        places = [body.index(words) for words in ("Lentils", "Will you eat?", "The foot with Lentils", "Almendral")]
        assert places == sorted(places)


def test_its_tags_have_buttons(menu, office_client, office, scoped):
    shown = text(office_client.get(url(menu_of_the_day(office), "content")))
    assert 'data-tag="{{ menu_soup }}"' in shown


def test_a_draft_with_a_part_that_was_taken_out_opens_and_names_it_as_an_obstacle(menu, office_client, office, scoped):
    draft = menu_of_the_day(office, body="<p>Today</p>")
    assert sentences(draft) == []
    message_parts.unregister("menu")
    assert ["“Menu of the day”, which is no longer installed" in each for each in sentences(draft)] == [True]
    assert "“Menu of the day”, which is no longer installed" in text(office_client.get(url(draft, "content")))
    assert "“Menu of the day”, which is no longer installed" in text(office_client.get(url(draft, "check")))
    with pytest.raises(NotReady):
        schedule(draft)


def test_writing_on_keeps_it_until_it_is_taken_out_of_the_draft(menu, office_client, office, scoped):
    draft = menu_of_the_day(office)
    message_parts.unregister("menu")
    post_content(office_client, draft, "keep", asked="on", text="Well?")
    assert set(fresh(draft).parts) == {"menu", "question"}
    for _pressed_twice in range(2):
        post_content(office_client, draft, "take_out:menu", asked="on", text="Well?")
    assert fresh(draft).parts == {"question": {"label": "Question"}}
    post_content(office_client, draft, "take_out:question", asked="on", text="Well?")
    assert fresh(draft).question is not None


def test_what_waits_for_its_start_is_a_draft_again_and_says_why(menu, office, scoped):
    pending = menu_of_the_day(office, state="pending")
    message_parts.unregister("menu")
    assert not fan_out(pending)
    draft = Mailing.objects.get(pk=pending.pk)
    assert (draft.state, draft.parts, draft.deliveries.count()) == ("draft", NOTED, 0)
    assert "“Menu of the day”, which is no longer installed" in draft.problem


def test_what_is_on_its_way_goes_on_with_what_was_frozen_and_says_so(menu, server, office, office_client):  # noqa: F811
    mailing = menu_of_the_day(office, state="pending")
    assert fan_out(mailing)
    message_parts.unregister("menu")
    tasks.work()
    assert set(states(mailing).values()) == {"sent"}
    body = server.message_to("a@x.example").get_body(("plain",)).get_content()
    assert "Today: Lentils!" in body
    assert "The foot" not in body
    begun = Mailing.objects.get(pk=mailing.pk)
    assert begun.parts == FROZEN
    page = text(office_client.get(begun.organization.url("deliveries:log", begun.pk)))
    assert "“Menu of the day”, which is no longer installed" in page


def test_a_copy_of_a_draft_misses_what_the_draft_misses(menu, office, scoped):
    begun = menu_of_the_day(office, state="sending")
    Mailing.objects.update(parts=FROZEN)
    message_parts.unregister("menu")
    target = people.mailing(by=office)
    copy_parts(Mailing.objects.get(pk=begun.pk), target)
    assert Mailing.objects.get(pk=target.pk).parts == NOTED
