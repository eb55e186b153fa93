"""Each thing one can filter by, over a school of a few people whom one can count on the fingers."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from apps.deliveries.models import Delivery, DeliveryAbout, Event
from apps.organizations.models import Unit
from apps.recipients.models import AcademicYear, Enrolment, Group, Person
from apps.surveys.answering import record_answer
from apps.surveys.models import Question
from apps.targetlists.condition_fields import fields_by_heading
from apps.targetlists.conditions import check, people_meeting
from apps.targetlists.models import OptOut, TargetList, UploadedList, UploadedRow
from tests import people
from tests.conftest import make_member

pytestmark = [pytest.mark.django_db, pytest.mark.feature("S1.21")]


@pytest.fixture
def groups(scoped) -> dict[str, str]:
    """Ana (student of 5º A of Primary, guardian Gil), Old (student of a past year, guardian Rosa), Tea teaches 5º A."""
    primary = Unit.objects.create(name="Primary")
    this, past = people.year(), people.year("2019-20", 2019)
    now = people.group("5º A", unit=primary)
    then = Group.objects.create(name="6º B", kind="class", year=past, unit=primary)
    choir = people.group("Choir", kind="subject")
    ana, old = people.student("Ana", now, choir, address="ana@x.example"), people.student("Old", then, active=False)
    Person.objects.filter(pk=old.pk).update(left_on=date(2020, 6, 30))
    people.guardian("Gil", "gil@home.example", ana)
    people.guardian("Rosa", "", old)
    teacher = people.person(
        "Tea", "tea@x.example", kind="staff", unit=primary, membership=make_member(scoped, "teacher")
    )
    Enrolment.objects.create(person=teacher, group=now, role="teacher")
    Enrolment.objects.create(person=teacher, group=people.group("All of us", kind="staff"), role="student")
    people.contact_point(teacher, "612 555 018", channel="phone")
    people.contact_point(ana, "612 555 019", channel="phone", health="no_sms")
    OptOut.objects.create(normalized="gil@home.example", scope="commercial")
    named = {
        "now": now,
        "then": then,
        "choir": choir,
        "primary": primary,
        "this": this,
        "past": past,
        "tea": teacher,
    }
    return {name: str(row.pk) for name, row in named.items()}


def found(groups: dict[str, str], field: str, operator: str, *values) -> str:
    """First names, in order."""
    value = [groups.get(each, each) for each in values] if values and isinstance(values[0], str) else None
    condition = {"field": field, "operator": operator, "value": value}
    assert check(condition) == []
    return " ".join(sorted(person.first_name for person in people_meeting(condition)))


CHOICES = [
    ("group", "is", ("now",), "Ana Tea"),
    ("group", "is_not", ("now", "then"), "Gil Rosa"),
    ("group_kind", "is", ("subject",), "Ana"),
    ("group_kind", "is", ("class",), "Ana Tea"),
    ("group_unit", "is", ("primary",), "Ana Tea"),
    ("year", "is", ("past",), "Old"),
    ("year", "is_not", ("this",), "Gil Old Rosa"),
    ("role", "is", ("teacher",), "Tea"),
    ("role", "is", ("student",), "Ana Old"),
    ("teaches", "is", ("now",), "Tea"),
    ("taught_by", "is", ("tea",), "Ana"),
    ("guardian_group", "is", ("then",), "Rosa"),
    ("guardian_unit", "is", ("primary",), "Gil"),
    ("guardian_year", "is", ("past",), "Rosa"),
    ("has_guardian", "yes", (), "Ana Old"),
    ("login", "yes", (), "Tea"),
    ("unit", "is", ("primary",), "Tea"),
    ("unit", "is_not", ("none",), "Tea"),
    ("active", "no", (), "Old"),
    ("phone", "has", (), "Ana Tea"),
    ("phone", "no_sms", (), "Ana"),
    ("email", "has_not", (), "Old Rosa"),
    ("opted_out", "is", ("commercial",), "Gil"),
    ("opted_out", "is", ("all",), ""),
]
VALUES = [
    ("group_name", "contains", "5º", "Ana Tea"),
    ("group_name", "contains", "6º", ""),
    ("name", "begins", "TÉ", "Tea"),
    ("name", "contains", "´", ""),
    ("name", "not_contains", "a", "Gil Old"),
    ("address", "contains", "@HOME", "Gil"),
    ("address", "contains", "612555018", "Tea"),
    ("address", "contains", "612 555 018", "Tea"),
    ("address", "contains", "50%", ""),
    ("left_on", "before", "2021-01-01", "Old"),
    ("left_on", "since", "2020-06-30", "Old"),
    ("left_on", "since", "2020-07-01", ""),
    ("left_on", "last_days", 100, ""),
    ("children", "exactly", 0, "Ana Old Rosa Tea"),
    ("children", "at_least", 1, "Gil"),
    ("children", "at_least", 2, ""),
    ("created", "last_days", 0, "Ana Gil Old Rosa Tea"),
]


def test_a_choice_finds_exactly_these(groups):
    for field, operator, values, expected in CHOICES:
        assert found(groups, field, operator, *values) == expected, (field, operator, values)


def test_a_value_finds_exactly_these(groups):
    for field, operator, value, expected in VALUES:
        condition = {"field": field, "operator": operator, "value": value}
        assert check(condition) == [], condition
        assert " ".join(sorted(person.first_name for person in people_meeting(condition))) == expected, condition


def test_who_came_on_record_lately(groups):
    Person.objects.filter(first_name="Gil").update(created_at=timezone.now() - timedelta(days=40))
    condition = {"field": "created", "operator": "last_days", "value": 30}
    assert "Gil" not in {person.first_name for person in people_meeting(condition)}
    day = timezone.localdate() - timedelta(days=20)
    condition = {"field": "created", "operator": "before", "value": day.isoformat()}
    assert [person.first_name for person in people_meeting(condition)] == ["Gil"]


def test_another_list_counts_people_and_whoever_owns_an_address_on_it(groups):
    uploaded = UploadedList.objects.create(name="x.csv")
    UploadedRow.objects.create(list=uploaded, row=2, value="Gil@home.example", normalized="gil@home.example")
    target_list = TargetList.objects.create(name="File", kind="uploaded", uploaded=uploaded)
    assert found(groups, "list", "is", str(target_list.pk)) == "Gil"
    assert found(groups, "list", "is_not", str(target_list.pk)) == "Ana Old Rosa Tea"


def test_a_message_concerns_its_recipient_and_the_student_it_is_about(groups):
    mailing = people.mailing(state="done")
    gil, ana = Person.objects.get(first_name="Gil"), Person.objects.get(first_name="Ana")
    delivery = Delivery.objects.create(
        mailing=mailing, person=gil, address="gil@home.example", normalized="gil@home.example", state="sent"
    )
    DeliveryAbout.objects.create(delivery=delivery, person=ana)
    assert found(groups, "message_received", "is", str(mailing.pk)) == "Ana Gil"
    assert found(groups, "message_received", "is_not", str(mailing.pk)) == "Old Rosa Tea"
    assert found(groups, "message_missed", "is", str(mailing.pk)) == ""
    assert found(groups, "message_opened", "is", str(mailing.pk)) == ""
    Event.objects.create(delivery=delivery, kind="clicked", at=timezone.now(), external_id="1")
    assert found(groups, "message_clicked", "is", str(mailing.pk)) == "Ana Gil"
    assert found(groups, "message_opened", "is", str(mailing.pk)) == ""


@pytest.mark.feature("S1.21")
def test_a_guardian_of_who_has_left_is_no_guardian_of_this_years_class(groups):
    group = people.group("2º B")
    before = Group.objects.create(name="1º B", kind="class", year=people.year("2025-26", 2025))
    child = people.student("Elena Gil", group, before)
    people.guardian("Nora Gil", "", child)
    assert found(groups, "guardian_group", "is", str(group.pk)) == "Nora"
    child.active = False
    child.save()
    assert found(groups, "guardian_group", "is", str(group.pk)) == ""
    assert found(groups, "guardian_group", "is", str(before.pk)) == "Nora"


def about(child: Person, guardian: Person, mailing, state: str, address: str, reason: str = "") -> None:
    delivery = Delivery.objects.create(
        mailing=mailing, person=guardian, address=address, normalized=address, state=state, reason=reason
    )
    DeliveryAbout.objects.create(delivery=delivery, person=child)


@pytest.mark.feature("S1.21")
def test_who_is_reached_by_another_copy_or_at_a_shared_address_is_not_among_those_not_reached(groups):
    mailing = people.mailing(state="done")
    ana, gil, rosa, tea = (Person.objects.get(first_name=name) for name in ("Ana", "Gil", "Rosa", "Tea"))
    about(ana, gil, mailing, "sent", "home@x.example")
    about(ana, rosa, mailing, "skipped", "home@x.example", "same_address")
    about(ana, tea, mailing, "failed", "tea@x.example")
    assert found(groups, "message_received", "is", str(mailing.pk)) == "Ana Gil Rosa"
    assert found(groups, "message_missed", "is", str(mailing.pk)) == "Tea"
    assert found(groups, "message_missed", "is_not", str(mailing.pk)) == "Ana Gil Old Rosa"


@pytest.mark.feature("S1.21")
def test_who_got_it_into_the_mailbox_is_reached_and_who_sent_it_back_is_not(groups):
    mailing = people.mailing(state="done")
    for name, state in (("Gil", "delivered"), ("Rosa", "bounced")):
        person = Person.objects.get(first_name=name)
        Delivery.objects.create(mailing=mailing, person=person, address=name, normalized=name, state=state)
    assert found(groups, "message_received", "is", str(mailing.pk)) == "Gil"
    assert found(groups, "message_missed", "is", str(mailing.pk)) == "Rosa"


@pytest.mark.feature("S1.21")
def test_of_two_messages_whoever_missed_one_is_not_reached_by_one(groups):
    first, second = people.mailing(state="done"), people.mailing(state="done")
    gil = Person.objects.get(first_name="Gil")
    for mailing, state in ((first, "sent"), (second, "failed")):
        Delivery.objects.create(mailing=mailing, person=gil, address="g@x.es", normalized="g@x.es", state=state)
    condition = {"field": "message_missed", "operator": "is", "value": [str(first.pk), str(second.pk)]}
    assert [person.first_name for person in people_meeting(condition)] == ["Gil"]


def test_messages_of_which_no_opening_was_reported_are_not_offered(scoped):
    heard, unheard = people.mailing(subject="Heard of", state="done"), people.mailing(state="done")
    for mailing, kind in ((heard, "opened"), (unheard, "delivered")):
        delivery = Delivery.objects.create(mailing=mailing, address="a@x.es", normalized="a@x.es", state="sent")
        Event.objects.create(delivery=delivery, kind=kind, at=timezone.now(), external_id="1")
    offered = {field.name: field.choices for fields in fields_by_heading().values() for field in fields}
    assert [title for _pk, title, _group in offered["message_opened"]()] == ["Heard of"]
    assert list(offered["message_clicked"]()) == []


@pytest.fixture
def asked(scoped) -> dict[str, Person]:
    """Nuria and Marc were asked about Ana, Nuria about Pau too; Sol, who stands alone, was asked for herself."""
    mailing = people.mailing(state="done", question=Question.objects.create(text="Will you come?"))
    found = {name: people.person(name, kind="student") for name in ("Ana", "Pau")}
    for name, children in (("Nuria", ("Ana", "Pau")), ("Marc", ("Ana",)), ("Sol", ())):
        address = f"{name.lower()}@x.example"
        found[name] = people.person(name, kind="guardian" if children else "contact")
        delivery = Delivery.objects.create(
            mailing=mailing, person=found[name], address=address, normalized=address, state="sent"
        )
        for child in children:
            DeliveryAbout.objects.create(delivery=delivery, person=found[child])
    return found


def answer(by: Person, value: str, about: Person | None = None) -> None:
    question = Question.objects.get()
    record_answer(question, about=about, by_person=by, by_address=f"{by.first_name.lower()}@x.example", value=value)


def who_answered(operator: str) -> str:
    return found({}, "answer", operator, str(Question.objects.get().mailing.pk))


@pytest.mark.feature("S1.21")
def test_an_answer_is_awaited_until_somebody_has_answered_about_each_student(asked):
    assert who_answered("none") == "Ana Marc Nuria Pau Sol"
    answer(asked["Marc"], "yes", asked["Ana"])
    assert who_answered("none") == "Nuria Pau Sol"
    answer(asked["Nuria"], "no", asked["Pau"])
    answer(asked["Sol"], "yes")
    assert who_answered("none") == ""


@pytest.mark.feature("S1.21")
def test_about_a_student_the_last_answer_counts(asked):
    answer(asked["Marc"], "yes", asked["Ana"])
    answer(asked["Nuria"], "no", asked["Ana"])
    assert who_answered("yes") == "Marc"
    assert who_answered("no") == "Ana Nuria"


def test_messages_that_have_not_begun_are_not_offered(scoped):
    people.mailing(subject="Still a draft")
    sent = people.mailing(subject="Went out", state="sending")
    headings = fields_by_heading()
    (field,) = [field for fields in headings.values() for field in fields if field.name == "message_received"]
    assert list(field.choices()) == [(str(sent.pk), "Went out", "")]


def test_without_any_year_the_fields_of_this_year_find_nobody(scoped):
    AcademicYear.objects.all().delete()
    people.person("Ana")
    for field, value in [("group_name", "5º"), ("group_kind", ["class"])]:
        operator = "contains" if field == "group_name" else "is"
        assert not people_meeting({"field": field, "operator": operator, "value": value}).exists()
