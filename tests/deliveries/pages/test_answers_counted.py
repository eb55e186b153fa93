"""Home, the page of the answers, its classes, its list and the history count the same answers in the same way."""

import re

import pytest
from django.db import connection

from apps.campaigns.models import Mailing
from apps.deliveries.models import Delivery, DeliveryAbout
from apps.deliveries.pages.answers import VALUES, students_asked, summed, totals_of
from apps.recipients.merging import merge
from apps.recipients.models import Person
from apps.surveys.answering import record_answer
from apps.surveys.models import Question
from tests import people
from tests.deliveries.conftest import Sent

pytestmark = pytest.mark.django_db

NURIA, MARC, ANN = "nuria@x.example", "marc@x.example", "ann@y.example"
# What is pressed, one after the other: about whom, from which address, what. And what is counted then: the message went
# about Lucía and Pablo, and to Ann about nobody.
CASES = {
    "nothing": ([], {"none": 3}),
    "yes": ([("lucia", NURIA, "yes")], {"yes": 1, "none": 2}),
    "no": ([("lucia", NURIA, "no")], {"no": 1, "none": 2}),
    "two who agree": ([("lucia", NURIA, "yes"), ("lucia", MARC, "yes")], {"yes": 1, "none": 2}),
    "two who differ": ([("lucia", NURIA, "yes"), ("lucia", MARC, "no")], {"both": 1, "none": 2}),
    "the later of two who differ says yes": ([("lucia", NURIA, "no"), ("lucia", MARC, "yes")], {"both": 1, "none": 2}),
    "a changed answer": ([("lucia", NURIA, "no"), ("lucia", NURIA, "yes")], {"yes": 1, "none": 2}),
    "two who agree in the end": (
        [("lucia", NURIA, "yes"), ("lucia", MARC, "no"), ("lucia", MARC, "yes")],
        {"yes": 1, "none": 2},
    ),
    "two children": ([("lucia", NURIA, "yes"), ("pablo", NURIA, "no")], {"yes": 1, "no": 1, "none": 1}),
    "about nobody": ([("nobody", ANN, "yes")], {"yes": 1, "none": 2}),
    "everybody": (
        [("lucia", NURIA, "yes"), ("lucia", MARC, "no"), ("pablo", MARC, "no"), ("nobody", ANN, "no")],
        {"both": 1, "no": 2},
    ),
    "received": ([("lucia", NURIA, "received"), ("lucia", MARC, "received")], {"received": 1, "none": 2}),
}


@pytest.fixture
def asked(sent: Sent) -> Sent:
    """A message about two students, one in a class, to two guardians, and to an address that is about nobody."""
    sent.pablo.enrolments.all().delete()
    for address, state in ((MARC, "sent"), (ANN, "failed")):
        copy = Delivery.objects.create(mailing=sent.mailing, address=address, normalized=address, state=state)
        if address == MARC:
            DeliveryAbout.objects.create(delivery=copy, person=sent.lucia)
    sent.mailing.packets.update(last_id=copy.pk, size=3)
    return sent


def press(asked: Sent, presses: list) -> None:
    question = asked.mailing.question
    question.kind = "received" if any(value == "received" for _whom, _address, value in presses) else "yes_no"
    question.save()
    for whom, address, value in presses:
        about = getattr(asked, whom, None)
        record_answer(question, about=about, by_person=None, by_address=address, value=value)


def label(counted: dict[str, int]) -> str:
    words = {"yes": "yes", "received": "received", "no": "no", "both": "yes and no", "none": "not yet"}
    return ", ".join(f"{counted[value]} {word}" for value, word in words.items() if counted.get(value))


def label_on(page: str, mark: str) -> str:
    """What the first bar after `mark` says."""
    found = re.search(r'aria-label="([^"]* (?:yes|no|received|not yet))"', page[page.index(mark) :])
    assert found
    return found[1]


@pytest.mark.parametrize(("presses", "counted"), CASES.values(), ids=CASES)
def test_all_pages_count_the_same(office_client, school, asked: Sent, presses, counted):
    press(asked, presses)
    answers = school.url("deliveries:answers", asked.mailing.pk)
    home, page = (office_client.get(url).text for url in (school.get_absolute_url(), answers))
    assert label_on(home, 'id="h-ans"') == label_on(page, 'aria-label="Totals"') == label(counted)
    for value in VALUES:
        lists = [
            office_client.get(f"{answers}?answer={value}&part={part}").context for part in ("students", "addresses")
        ]
        assert sum(len(each["lines"]) for each in lists) == counted.get(value, 0), value
    of_students = office_client.get(answers).context["classes"]
    of_class, without = ({value: row[value] for value in VALUES} for row in of_students)
    on_nobody = totals_of([asked.mailing])[asked.mailing.pk]["addresses"]
    assert {v: of_class[v] + without[v] + on_nobody[v] for v in VALUES if counted.get(v)} == counted
    number = sum(counted.values()) - counted.get("none", 0)
    assert f"{number} answer" in office_client.get(school.url("deliveries:history")).text


def test_two_records_of_one_student_are_one_when_they_are_merged(office_client, school, office, asked: Sent):
    twin = people.student("Lucía Ferrer")
    copy = Delivery.objects.create(mailing=asked.mailing, address="x@x.example", normalized="x@x.example", state="sent")
    DeliveryAbout.objects.create(delivery=copy, person=twin)
    press(asked, [("lucia", NURIA, "yes")])
    record_answer(asked.mailing.question, about=twin, by_person=None, by_address="x@x.example", value="no")
    assert of(asked.mailing) == {"yes": 1, "no": 1, "none": 2}
    merge(Person.objects.get(pk=asked.lucia.pk), twin, set(), office.user)
    assert of(asked.mailing) == {"both": 1, "none": 2}
    assert label_on(office_client.get(school.get_absolute_url()).text, 'id="h-ans"') == "1 yes and no, 2 not yet"


def of(mailing: Mailing) -> dict[str, int]:
    counted = summed(totals_of([mailing])[mailing.pk])
    return {value: counted[value] for value in VALUES if counted[value]}


def test_any_number_of_messages_is_counted_by_two_queries(office, asked: Sent, django_assert_num_queries):
    press(asked, [("lucia", NURIA, "yes")])
    others = [people.mailing(by=office, question=Question.objects.create(text="And they?")) for _each in range(2)]
    quiet = people.mailing(by=office)
    with django_assert_num_queries(2):
        totals = totals_of([asked.mailing, *others, quiet])
    assert [summed(totals[each.pk])["yes"] for each in (asked.mailing, *others, quiet)] == [1, 0, 0, 0]
    assert summed(totals[quiet.pk]) == dict.fromkeys((*VALUES, "asked"), 0)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plan")
def test_the_answers_of_a_student_are_looked_up_by_the_student(asked: Sent):
    """Not by the question alone, or by its value: that reads all answers for each student."""
    plan = students_asked(asked.mailing).explain()
    answers = [line for line in plan.splitlines() if "question_id=?" in line]
    assert answers
    assert all("question_id=? AND about_id=?" in line for line in answers), plan
    assert "deliveryabout_1 (organization_id=?)" not in plan
