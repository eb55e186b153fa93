"""What keeps a message from being sent: each obstacle alone, with the step on which it is mended."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from apps.campaigns.composing import checking
from apps.campaigns.models import Attachment
from apps.surveys.models import Question
from tests import people

pytestmark = pytest.mark.django_db


def steps(mailing) -> list[str]:
    return [obstacle.url_name for obstacle in checking.obstacles(mailing)]


def test_a_complete_message_has_no_obstacle(scoped, office):
    assert checking.obstacles(people.mailing("a@x.example", by=office)) == []


def test_without_recipients_or_sender_the_first_step_is_named(scoped, office):
    mailing = people.mailing(by=office)
    mailing.sender = None
    assert steps(mailing) == ["campaigns:recipients", "campaigns:recipients"]


def test_recipients_who_are_all_left_out_are_nobody(scoped, office):
    nobody = people.person("Aina Puig")
    assert steps(people.mailing(nobody, by=office)) == ["campaigns:recipients"]


@pytest.mark.parametrize("empty", ["", "<p></p>", "<p>&nbsp;</p>", "<p><br></p>"])
def test_a_message_without_words_is_empty(scoped, office, empty):
    assert steps(people.mailing("a@x.example", by=office, body=empty)) == ["campaigns:content"]


def test_a_message_that_is_one_picture_is_not_empty(scoped, office):
    picture = '<p><img src="https://almendral.example/poster.png" alt="Poster"></p>'
    assert steps(people.mailing("a@x.example", by=office, body=picture)) == []


def test_a_subject_of_spaces_is_none(scoped, office):
    assert steps(people.mailing("a@x.example", by=office, subject="   ")) == ["campaigns:content"]


@pytest.mark.parametrize(("size", "refused"), [(4_999_999, False), (5_000_000, True)])
def test_attachments_of_five_megabytes_or_more_stop_it(scoped, office, size, refused):
    mailing = people.mailing("a@x.example", by=office)
    for part in (size - 10, 10):
        Attachment.objects.create(
            mailing=mailing, file=ContentFile(b"x", "a.pdf"), name="a.pdf", content_type="application/pdf", size=part
        )
    assert bool(checking.obstacles(mailing)) is refused


def test_a_question_that_is_closed_already_stops_it(scoped, office):
    past, future = timezone.now() - timedelta(minutes=1), timezone.now() + timedelta(days=1)
    for closes_at, expected in ((past, ["campaigns:content"]), (future, [])):
        question = Question.objects.create(text="May she come?", closes_at=closes_at)
        assert steps(people.mailing("a@x.example", by=office, question=question)) == expected


def test_a_question_without_text_stops_it(scoped, office):
    question = Question.objects.create(text="  ")
    assert steps(people.mailing("a@x.example", by=office, question=question)) == ["campaigns:content"]
