"""From a mailing to its rows: everybody once, everybody accounted for, a second time harmless."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.campaigns.models import AudienceEntry, Mailing
from apps.deliveries.engine.cutting_packets import cut_packets
from apps.deliveries.engine.fan_out import fan_out
from apps.deliveries.engine.tallies import tallies_of
from apps.deliveries.models import Packet
from apps.surveys.models import Question
from apps.targetlists.models import TargetList
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def class_5a(scoped):
    return people.group("5º A")


def pending(*chosen, **fields) -> Mailing:
    return people.mailing(*chosen, state="pending", starts_at=timezone.now(), **fields)


@pytest.mark.feature("S0.10")
@pytest.mark.feature("S0.4")
def test_every_person_becomes_a_row_and_every_address_is_written_to_once(class_5a, office):
    aina, pau = people.student("Aina Puig", class_5a), people.student("Pau Puig", class_5a)
    people.guardian("Joan Puig", "family@x.example", aina, pau)
    people.guardian("Marta Serra", "Family@x.example", aina)
    people.guardian("Olga Roca", "", pau)
    mailing = pending(class_5a, "club@y.example", by=office)
    assert fan_out(mailing)
    rows = {row.name or row.address: (row.state, row.reason) for row in mailing.deliveries.all()}
    assert rows == {
        "Joan Puig": ("waiting", ""),
        "Marta Serra": ("skipped", "same_address"),
        "Olga Roca": ("skipped", "no_address"),
        "club@y.example": ("waiting", ""),
    }
    assert set(mailing.deliveries.get(name="Joan Puig").about.all()) == {aina, pau}
    tally = tallies_of([mailing.pk])[mailing.pk]
    assert (tally.total, tally.to_send, tally.waiting, tally.skipped) == (4, 2, 2, 2)


def test_a_second_fan_out_does_nothing(class_5a, office):
    people.student("Aina Puig", class_5a)
    mailing = pending(class_5a, by=office)
    again = Mailing.objects.get(pk=mailing.pk)
    assert fan_out(mailing)
    assert not fan_out(again)
    assert mailing.deliveries.count() == 1
    assert Packet.objects.filter(mailing=mailing).count() == 0


def test_packets_hold_every_waiting_row_once(class_5a, office):
    mailing = pending(*[f"a{number}@x.example" for number in range(7)], by=office)
    assert fan_out(mailing, packet_size=3)
    rows = [row.pk for packet in Packet.objects.order_by("id") for row in packet.rows]
    assert sorted(rows) == sorted(mailing.deliveries.values_list("pk", flat=True))
    assert [packet.rows.count() for packet in Packet.objects.order_by("id")] == [3, 3, 1]
    assert cut_packets(mailing, 3) == 0


def test_what_is_sent_is_frozen_and_made_safe_at_the_start(class_5a, office):
    mailing = pending("a@x.example", by=office, body="<p onclick='x()'>Hello</p><script>alert(1)</script>")
    fan_out(mailing)
    frozen = Mailing.objects.get(pk=mailing.pk).frozen_html
    assert "Hello" in frozen
    assert "script" not in frozen
    assert "onclick" not in frozen
    Mailing.objects.filter(pk=mailing.pk).update(body="<p>Something else</p>")
    assert "Hello" in Mailing.objects.get(pk=mailing.pk).frozen_html


def test_a_mailing_that_was_taken_back_is_not_started(class_5a, office):
    mailing = pending("a@x.example", by=office)
    Mailing.objects.filter(pk=mailing.pk).update(state="draft")
    assert not fan_out(mailing)
    assert mailing.deliveries.count() == 0


def group_filter(name: str, group) -> TargetList:
    condition = {"field": "group", "operator": "is", "value": [str(group.pk)]}
    return TargetList.objects.create(name=name, kind="filter", condition=condition)


@pytest.mark.feature("S1.22")
def test_a_message_does_not_start_when_nobody_can_say_whom_it_leaves_out(class_5a, office):
    people.student("Aina Puig", class_5a, address="aina@x.example")
    shy = people.group("No contact this week", kind="subject")
    mailing = pending(class_5a, by=office)
    AudienceEntry.objects.create(mailing=mailing, target_list=group_filter("Left out", shy), is_excluded=True)
    shy.delete()
    assert not fan_out(mailing)
    mailing.refresh_from_db()
    assert (mailing.state, mailing.started_at, mailing.starts_at, mailing.frozen_html) == ("draft", None, None, "")
    assert mailing.problem.startswith("It was not started. The filter of the list “Left out” does not work")
    assert mailing.deliveries.count() == 0


def test_a_message_that_leads_to_nobody_any_more_is_a_draft_again_and_says_why(class_5a, office):
    mailing = pending(class_5a, group_filter("Families of 5º A", class_5a), by=office)
    assert not fan_out(mailing)
    mailing.refresh_from_db()
    assert mailing.state == "draft"
    assert (
        mailing.problem == "It was not started. Nobody would get it: there is nobody in “5º A”, “Families of 5º A” now."
    )


def test_a_message_whose_tag_went_with_the_file_does_not_start(office, scoped):
    mailing = pending("a@x.example", by=office, body="<p>Pay {{ fee }}</p>")
    assert not fan_out(mailing)
    mailing.refresh_from_db()
    assert mailing.state == "draft"
    assert mailing.problem.startswith("It was not started. No recipient has a value for the tag “fee”")


def test_the_rows_stand_by_name_unless_nobody_would_read_them_one_by_one(class_5a, office, monkeypatch):
    for name, address in (("Zoe Roca", "a@x.example"), ("Anna Puig", "z@x.example")):
        people.guardian(name, address, people.student(f"Child of {name}", class_5a))
    few, many = pending(class_5a, by=office), pending(class_5a, by=office)
    fan_out(few)
    monkeypatch.setattr("apps.deliveries.engine.fan_out.MOST_BY_NAME", 1)
    fan_out(many)
    assert [row.name for row in few.deliveries.order_by("id")] == ["Anna Puig", "Zoe Roca"]
    assert {row.name for row in many.deliveries.all()} == {"Anna Puig", "Zoe Roca"}


def test_a_message_whose_question_closes_before_it_starts_is_a_draft_again(scoped, office):
    question = Question.objects.create(text="Will they come?", closes_at=timezone.now() - timedelta(minutes=1))
    mailing = people.mailing("a@x.example", by=office, question=question, state="pending", starts_at=timezone.now())
    assert not fan_out(mailing)
    mailing.refresh_from_db()
    assert (mailing.state, mailing.deliveries.count()) == ("draft", 0)
    assert "The time until which answers may be given is over already." in mailing.problem
