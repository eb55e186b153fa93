"""The families' side: nothing is recorded by looking, one button records, and a wrong link is told kindly."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.tokens import make_token
from apps.deliveries.models import DeliveryAbout
from apps.recipients.merging import merge
from apps.surveys.models import Answer, AnswerChange, Question
from apps.targetlists.models import OptOut
from tests import people
from tests.deliveries.conftest import Sent

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return response.content.decode()


@pytest.mark.feature("B3")
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_records_nothing(client, sent: Sent, method):
    for url in (sent.answer_url(sent.lucia, "yes"), sent.unsubscribe_url()):
        assert getattr(client, method)(url).status_code == 200
    assert Answer.objects.count() == OptOut.objects.count() == 0


@pytest.mark.feature("B3")
def test_a_post_without_the_button_records_nothing(client, sent: Sent):
    client.post(sent.answer_url(sent.lucia, "yes"))
    client.post(sent.answer_url(sent.lucia, "yes"), {"press": "no"})
    client.post(sent.unsubscribe_url(), {"press": "something"})
    assert Answer.objects.count() == OptOut.objects.count() == 0


@pytest.mark.feature("S0.17")
def test_the_button_records_who_answered_what_and_when(client, sent: Sent):
    response = client.post(sent.answer_url(sent.lucia, "yes"), {"press": "yes"}, headers={"user-agent": "A phone"})
    assert "The school has your answer" in text(response)
    answer = Answer.objects.get()
    assert (answer.about, answer.value, answer.by_address) == (sent.lucia, "yes", "nuria@x.example")
    assert answer.by_person == sent.delivery.person
    assert timezone.now() - answer.at < timedelta(minutes=1)
    assert AnswerChange.objects.get().user_agent == "A phone"


@pytest.mark.feature("B4")
def test_an_answer_may_be_changed_and_its_history_is_kept(client, sent: Sent):
    for choice in ("yes", "no", "no"):
        client.post(sent.answer_url(sent.lucia, choice), {"press": choice})
    assert Answer.objects.get().value == "no"
    assert [change.value for change in AnswerChange.objects.all()] == ["yes", "no", "no"]
    assert "The school has your answer" in text(client.get(sent.answer_url(sent.lucia, "yes")))


@pytest.mark.feature("B4")
def test_each_child_of_one_mail_has_its_own_answer(client, sent: Sent):
    page = text(client.get(sent.answer_url(sent.lucia, "yes")))
    assert sent.answer_url(sent.pablo, "no") in page
    client.post(sent.answer_url(sent.lucia, "yes"), {"press": "yes"})
    client.post(sent.answer_url(sent.pablo, "no"), {"press": "no"})
    assert dict(Answer.objects.values_list("about__first_name", "value")) == {"Lucía": "yes", "Pablo": "no"}


def test_the_page_shows_the_subject_as_the_family_has_read_it(client, sent: Sent):
    page = text(client.get(sent.answer_url(sent.lucia, "yes")))
    assert "Trip of Lucía and Pablo" in page
    assert "{{" not in page


@pytest.mark.feature("B4")
def test_after_the_deadline_nothing_is_recorded_and_the_page_says_so(client, sent: Sent):
    client.post(sent.answer_url(sent.lucia, "yes"), {"press": "yes"})
    Question.objects.update(closes_at=timezone.now() - timedelta(hours=1))
    for response in (
        client.get(sent.answer_url(sent.lucia, "no")),
        client.post(sent.answer_url(sent.lucia, "no"), {"press": "no"}),
    ):
        assert response.status_code == 410
        assert "The time for answers is over" in text(response)
        assert "Yes" in text(response)
    assert Answer.objects.get().value == "yes"


def test_the_language_is_the_recipients(client, sent: Sent):
    sent.delivery.language = "es"
    sent.delivery.save()
    assert '<html lang="es">' in text(client.get(sent.answer_url(sent.lucia, "yes")))


@pytest.mark.feature("B17")
def test_a_wrong_token_is_a_kind_404_that_asks_no_database(client, sent: Sent, django_assert_num_queries):
    good = make_token("answer", sent.mailing.organization_id, sent.delivery.pk)
    wrong = [good[:-1] + ("A" if good[-1] != "A" else "B"), "x", good + "A", "é" * 38, "_" * 38]
    wrong.append(make_token("unsubscribe", sent.mailing.organization_id, sent.delivery.pk))
    for token in wrong:
        with django_assert_num_queries(0):
            response = client.get(reverse("families:answer", args=(token, 0, "yes")))
        assert response.status_code == 404
        assert "This link does not work" in text(response)


@pytest.mark.parametrize(
    ("about", "choice"), [("other", "yes"), ("none", "yes"), ("lucia", "maybe"), ("lucia", "received")]
)
def test_a_link_for_somebody_else_or_another_answer_does_not_work(client, sent: Sent, about, choice):
    students = {"other": sent.delivery.person, "none": None, "lucia": sent.lucia}
    response = client.post(sent.answer_url(students[about], choice), {"press": choice})
    assert response.status_code == 404
    assert Answer.objects.count() == 0


@pytest.mark.parametrize("is_asked_twice", [True, False])
def test_a_mailed_link_leads_to_whoever_the_student_was_merged_into(client, sent: Sent, office, is_asked_twice):
    """Two records of one student, both or one of which the mail had asked about, and a third merged after them."""
    second, url = people.student("Lucia Ferrer"), sent.answer_url(sent.lucia, "yes")
    if is_asked_twice:
        DeliveryAbout.objects.create(delivery=sent.delivery, person=second)
    third = people.student("Lucía F.")
    merge(second, sent.lucia, set(), office.user)
    merge(third, second, set(), office.user)
    assert "Thank you" in text(client.post(url, {"press": "yes"}))
    assert Answer.objects.get().about == third


def test_the_link_of_a_deleted_message_says_that_it_is_gone(client, sent: Sent):
    url, unsubscribe = sent.answer_url(sent.lucia, "yes"), sent.unsubscribe_url()
    sent.mailing.delete()
    assert client.get(url).status_code == client.post(unsubscribe).status_code == 410


def test_the_link_of_a_test_copy_says_so_and_records_nothing(client, sent: Sent):
    token = make_token("answer", sent.mailing.organization_id, 0)
    response = client.post(reverse("families:answer", args=(token, 0, "yes")), {"press": "yes"})
    assert "test copy" in text(response)
    assert Answer.objects.count() == 0


@pytest.mark.feature("S1.14")
def test_unsubscribe_takes_one_button_and_can_be_taken_back(client, sent: Sent):
    assert "Stop these messages?" in text(client.get(sent.unsubscribe_url()))
    assert "You are unsubscribed" in text(client.post(sent.unsubscribe_url(), {"press": "stop"}))
    client.post(sent.unsubscribe_url(), {"press": "stop"})
    assert OptOut.objects.get().scope == "all"
    client.post(sent.unsubscribe_url(), {"press": "keep"})
    assert OptOut.objects.count() == 0


def test_a_mail_program_may_press_unsubscribe_without_cookies(sent: Sent):
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(
        sent.unsubscribe_url(), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 200
    assert OptOut.objects.get().source == "one-click"


def test_a_commercial_message_is_unsubscribed_from_commercial_ones_alone(client, sent: Sent):
    sent.mailing.commercial = True
    sent.mailing.save()
    client.post(sent.unsubscribe_url(), {"press": "stop"})
    assert OptOut.objects.get().scope == "commercial"


def test_the_page_to_unsubscribe_does_not_give_the_address_away(client, sent: Sent):
    page = text(client.get(sent.unsubscribe_url()))
    assert "nuria" not in page
    assert "nu•••<wbr>@x.example" in page


def test_keeping_commercial_messages_takes_back_whatever_kept_them_away(client, sent: Sent):
    client.post(sent.unsubscribe_url(), {"press": "stop"})
    sent.mailing.commercial = True
    sent.mailing.save()
    assert "You keep receiving" in text(client.post(sent.unsubscribe_url(), {"press": "keep"}))
    assert OptOut.objects.count() == 0


def test_the_pages_are_kept_nowhere_and_tell_no_other_site(client, sent: Sent):
    response = client.get(sent.answer_url(sent.lucia, "yes"))
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "script" not in text(response)


@pytest.mark.django_db(transaction=True)
@pytest.mark.feature("B3")
def test_many_presses_at_once_leave_one_answer(sent: Sent, school):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite writes one after the other, and its test database lives in one thread's memory")
    url, presses = sent.answer_url(sent.lucia, "yes"), 6
    together = Barrier(presses)

    def press(_number) -> int:
        together.wait()
        try:
            return Client().post(url, {"press": "yes"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(presses) as threads:
        assert set(threads.map(press, range(presses))) == {200}
    assert Answer.objects.count() == 1
    assert AnswerChange.objects.count() == presses
