"""The question as a part of a message: how it is asked about one child and about several, and what stays as it was."""

import pytest

from apps.campaigns.audience import audience
from apps.campaigns.composing.drafts import delete_draft
from apps.campaigns.content.parts import copy_parts
from apps.campaigns.content.rendering import Renderer
from apps.campaigns.models import Mailing
from apps.deliveries import tasks
from apps.surveys.models import Question
from tests import people
from tests.deliveries.conftest import server  # noqa: F401
from tests.deliveries.started import started

pytestmark = pytest.mark.django_db


@pytest.fixture
def classroom(scoped):
    """A class with an only child and with two of one family."""
    group = people.group("5º A")
    people.guardian("Joan Puig", "joan@x.example", people.student("Aina Puig", group))
    siblings = people.student("Lucía Ferrer", group), people.student("Pablo Ferrer", group)
    people.guardian("Núria Ortega", "nuria@x.example", *siblings)
    return group


def question(**fields) -> Question:
    return Question.objects.create(**{"text": "Will <they> come?", "kind": "yes_no"} | fields)


def bodies(message) -> list[str]:
    return [message.get_body((kind,)).get_content() for kind in ("plain", "html")]


def test_about_siblings_it_is_asked_by_name_and_about_an_only_child_without(server, office, classroom):  # noqa: F811
    started(classroom, by=office, question=question(), body="<p>The body</p>")
    tasks.work()
    for body in bodies(server.message_to("nuria@x.example")):
        places = [body.index(word) for word in ("The body", "they", "Lucía", "/yes/", "/no/", "Pablo", "Almendral")]
        assert places == sorted(places)
        assert body.count("/p/a/") == 4
    for body in bodies(server.message_to("joan@x.example")):
        assert "Aina" not in body
        assert body.count("/p/a/") == 2
    assert "&lt;they&gt;" in bodies(server.message_to("nuria@x.example"))[1]
    assert "&lt;they&gt;" in bodies(server.message_to("joan@x.example"))[1]


def test_what_was_asked_at_the_start_is_asked_of_everybody(server, office, classroom):  # noqa: F811
    mailing = started(classroom, by=office, question=question(text="Will they come on Monday?"))
    Question.objects.update(text="Will they come on Tuesday?", kind="received")
    tasks.work()
    for address in ("joan@x.example", "nuria@x.example"):
        for body in bodies(server.message_to(address)):
            assert "on Monday?" in body
            assert "/received/" not in body
    asked = {"kind": "yes_no", "text": "Will they come on Monday?"}
    assert Mailing.objects.get(pk=mailing.pk).parts == {"question": {"label": "Question", "frozen": asked}}


def test_a_question_that_is_gone_is_asked_of_nobody_any_more(server, office, classroom):  # noqa: F811
    started(classroom, by=office, question=question())
    Question.objects.all().delete()
    tasks.work()
    assert [body for _to, message in server.received for body in bodies(message) if "/p/a/" in body] == []


def test_what_an_earlier_version_has_frozen_is_asked_still(scoped, office, classroom):
    mailing = people.mailing(classroom, by=office, question=question(), state="sending")
    mailing.frozen_html = "<p>Body</p>{{ bedel_question }}{{ bedel_footer }}"
    mailing.frozen_text = "Body\n\n{{ bedel_question_text }}{{ bedel_footer_text }}"
    for row in audience.getting(mailing):
        shown = Renderer(mailing).render(row)
        for body in (shown.html, shown.text):
            assert body.count("/p/a/") == 2 * len(row.about_ids)
            assert body.count("/p/u/") == 1


def test_a_copied_draft_asks_the_same_by_a_question_of_its_own(scoped, office):
    source = people.mailing(by=office, question=question(text="Well?"))
    target = people.mailing(by=office)
    copy_parts(source, target)
    stored = Mailing.objects.select_related("question").get(pk=target.pk)
    assert (stored.question.text, stored.parts) == ("Well?", {"question": {"label": "Question"}})
    assert stored.question.pk != source.question.pk
    copied = people.mailing(by=office)
    copy_parts(people.mailing(by=office), copied)
    assert Mailing.objects.get(pk=copied.pk).parts == {}


def test_with_a_draft_its_question_is_deleted_and_with_a_message_that_has_started_nothing(scoped, office):
    draft = people.mailing(by=office, question=question())
    begun = people.mailing(by=office, question=question(), state="sending")
    assert delete_draft(draft)
    assert not delete_draft(begun)
    assert list(Question.objects.values_list("pk", flat=True)) == [begun.question.pk]
    assert list(Mailing.objects.values_list("pk", flat=True)) == [begun.pk]
