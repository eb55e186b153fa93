"""Two records of one person become one, and nothing that either had is lost."""

from datetime import date, timedelta
from itertools import combinations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.campaigns.models import AudienceEntry
from apps.deliveries.models import Delivery, DeliveryAbout
from apps.organizations.scoping import in_organization
from apps.recipients.duplicates import keep_apart, likely_pairs
from apps.recipients.merged_records import present_id
from apps.recipients.merging import figures_of, merge, preferred
from apps.recipients.models import (
    Consent,
    ConsentChange,
    ContactPoint,
    Enrolment,
    FormerNumber,
    Guardianship,
    ImportConflict,
    KnownApart,
    MergedRecord,
    Note,
    NoteFolder,
    Person,
    TakenAway,
)
from apps.surveys.models import Answer, AnswerChange, Question
from apps.targetlists.models import TargetList, TargetListMember
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(scoped):
    """A mother who stands on record twice."""
    return people.guardian("Núria Ortega", "nuria@correo.example"), people.guardian("Nuria Ortega", "n@work.example")


def merged(two, *of_gone: str) -> Person:
    return Person.objects.get(pk=merge(*two, set(of_gone), None).pk)


def test_the_addresses_come_together_and_one_stays_primary(two):
    people.contact_point(two[1], "612 55 50 18", channel="phone")
    points = merged(two).contact_points.all()
    assert {(point.normalized, point.is_primary) for point in points} == {
        ("nuria@correo.example", True),
        ("n@work.example", False),
        ("+34612555018", True),
    }
    assert not Person.objects.filter(pk=two[1].pk).exists()


def test_an_address_that_came_back_for_one_has_come_back(two):
    same = people.contact_point(two[1], "nuria@correo.example", is_primary=False, source="import")
    two[0].contact_points.update(source="import")
    same.source = "hand"
    same.save()
    same.mark_failed("mailbox does not exist")
    point = merged(two).contact_points.get(normalized="nuria@correo.example")
    assert (point.health, point.health_reason, point.source) == ("failed", "mailbox does not exist", "hand")
    assert point.health_since == same.health_since


@pytest.mark.feature("B11")
@pytest.mark.parametrize("restricted", [0, 1])
def test_whoever_was_restricted_stays_restricted(two, restricted):
    student = people.student("Lucía Ferrer")
    for place, person in enumerate(two):
        Guardianship.objects.create(student=student, guardian=person, relation="mother" if place else "")
    since = date(2026, 2, 2)
    two[restricted].wardships.update(restricted=True, restricted_since=since)
    pair = merged(two).wardships.get()
    assert (pair.student, pair.relation, pair.restricted, pair.restricted_since) == (student, "mother", True, since)


@pytest.mark.feature("B11")
@pytest.mark.parametrize(
    "days",
    [(3, 2), (2, 3), (None, 2), (2, None)],
    ids=["later first", "earlier first", "unknown first", "unknown last"],
)
def test_of_two_restrictions_the_earlier_day_stays(two, days):
    student, other = people.student("Lucía Ferrer"), people.student("Pau Ferrer")
    for person, day in zip(two, days, strict=True):
        since = day and date(2026, 2, day)
        Guardianship.objects.create(student=student, guardian=person, restricted=True, restricted_since=since)
        Guardianship.objects.create(student=other, guardian=person)
    kept = merged(two)
    pairs = kept.wardships.order_by("student").values_list("restricted", "restricted_since")
    assert list(pairs) == [(True, date(2026, 2, 2)), (False, None)]


def test_an_old_day_of_whoever_is_not_restricted_is_none(two):
    student = people.student("Lucía Ferrer")
    for person, restricted, day in ((two[0], False, 1), (two[1], True, 2)):
        since = date(2026, 2, day)
        Guardianship.objects.create(student=student, guardian=person, restricted=restricted, restricted_since=since)
    assert merged(two).wardships.get().restricted_since == date(2026, 2, 2)


@pytest.mark.parametrize("by_hand", [0, 1])
def test_what_was_typed_by_hand_for_either_stays_so_and_its_words(two, by_hand):
    student, group = people.student("Lucía Ferrer"), people.group("5º A")
    for place, person in enumerate(two):
        source, relation = ("hand", "aunt") if place == by_hand else ("import", "mother")
        Guardianship.objects.create(student=student, guardian=person, relation=relation, source=source)
        Enrolment.objects.create(person=person, group=group, role="teacher", source=source)
    kept = merged(two)
    assert kept.wardships.values_list("relation", "source").get() == ("aunt", "hand")
    assert kept.enrolments.get().source == "hand"


def test_of_two_relations_the_other_stands_in_the_note(two):
    lucia = people.student("Lucía")
    for guardian, relation in zip(two, ("mother", "mare"), strict=True):
        Guardianship.objects.create(student=lucia, guardian=guardian, relation=relation)
    kept = merged(two)
    assert kept.wardships.get().relation == "mother"
    assert "Lucía: mare" in kept.notes.get().text


def test_two_students_keep_groups_guardians_and_teachers_once(scoped):
    group, other = people.group("5º A"), people.group("4º A")
    two = people.student("Aina Puig", group), people.student("Aina Puig", group, other)
    mother = people.guardian("Marta Serra", "m@x.example", *two)
    father = people.guardian("Joan Puig", "j@x.example", two[1])
    kept = merged(two)
    assert {each.group for each in kept.enrolments.all()} == {group, other}
    assert {each.guardian for each in kept.guardianships.all()} == {mother, father}
    assert Enrolment.objects.count() == 2


def test_of_two_consents_the_later_counts_and_the_history_stays(two):
    now = timezone.now()
    for person, granted, days in ((two[0], True, 9), (two[1], False, 1)):
        for model in (Consent, ConsentChange):
            model.objects.create(person=person, kind="commercial", granted=granted, at=now - timedelta(days))
    kept = merged(two)
    assert not kept.consents.get().granted
    assert [change.granted for change in kept.consent_changes.all()] == [False, True]


def test_notes_lists_and_messages_move(two, office):
    Note.objects.create(person=two[1], folder=NoteFolder.objects.create(name="Contact log"), text="Called.")
    picked, both = TargetList.objects.create(name="Picked"), TargetList.objects.create(name="Both")
    drafts = people.mailing(two[1], by=office), people.mailing(*two, by=office)
    TargetListMember.objects.bulk_create(
        TargetListMember(list=on, person=who) for on, who in ((picked, two[1]), (both, two[0]), (both, two[1]))
    )
    kept = merged(two)
    assert kept.notes.filter(text="Called.").exists()
    assert {member.list for member in TargetListMember.objects.filter(person=kept)} == {picked, both}
    assert {entry.mailing for entry in AudienceEntry.objects.filter(person=kept)} == set(drafts)
    assert (TargetListMember.objects.count(), AudienceEntry.objects.count()) == (2, 2)


def test_what_was_sent_stays_on_record(two, office):
    student, sister = people.student("Aina Puig"), people.student("Berta Puig")
    mailing = people.mailing(by=office, state="done")
    for number, person in enumerate(two):
        sent = Delivery.objects.create(mailing=mailing, person=person, normalized=f"{number}@x.example", state="sent")
        DeliveryAbout.objects.create(delivery=sent, person=student)
        DeliveryAbout.objects.create(delivery=sent, person=person)
        for address in ("", f"{number}@y.example"):
            Delivery.objects.create(
                mailing=mailing, person=person, normalized=address, state="skipped", reason="no_address"
            )
    shared = Delivery.objects.filter(state="sent").first()
    DeliveryAbout.objects.bulk_create(
        DeliveryAbout(delivery=left_out, person=who)
        for left_out in Delivery.objects.filter(normalized="")
        for who in (student, *([sister] if left_out.person == two[1] else []))
    )
    DeliveryAbout.objects.create(delivery=shared, person=two[1])
    kept = merged(two)
    assert kept.deliveries.filter(state="sent").count() == 2
    assert set(kept.deliveries.filter(state="skipped").values_list("normalized", flat=True)) == {
        "",
        "0@y.example",
        "1@y.example",
    }
    assert set(kept.deliveries.get(normalized="").about.all()) == {student, sister}
    assert DeliveryAbout.objects.filter(person=kept).count() == 2
    assert not Delivery.objects.filter(person=None).exists()


def test_of_two_answers_by_one_address_the_later_counts_and_every_press_stays(two):
    question, now = Question.objects.create(text="Will you come?"), timezone.now()
    for person, value, days in ((two[0], "no", 5), (two[1], "yes", 1)):
        answer = Answer.objects.create(
            question=question, about=person, by_person=person, by_address="a@x.example", value=value
        )
        Answer.objects.filter(pk=answer.pk).update(at=now - timedelta(days))
        AnswerChange.objects.create(answer=answer, value=value, at=now - timedelta(days))
    alone = Answer.objects.create(question=question, about=two[1], by_address="b@x.example", value="no")
    kept = merged(two)
    both = Answer.objects.get(by_address="a@x.example")
    assert (both.value, both.about, both.by_person) == ("yes", kept, kept)
    assert [change.value for change in both.changes.all()] == ["no", "yes"]
    assert Answer.objects.get(pk=alone.pk).about == kept


def test_the_number_in_the_schools_system_is_kept_and_the_rest_is_noted(two):
    Person.objects.filter(pk=two[1].pk).update(external_id="VLC-7", document="X1")
    for person in two:
        person.refresh_from_db()
    assert {"external_id", "document"} <= preferred(*two)
    kept = merged(two, "external_id", "first_name")
    assert (kept.external_id, kept.first_name, kept.document) == ("VLC-7", "Nuria", "")
    text = kept.notes.get().text
    assert "Núria" in text
    assert "X1" in text


def test_a_guardian_and_her_own_student_are_two_people(two):
    student = people.student("Lucía Ferrer")
    Guardianship.objects.create(student=student, guardian=two[0])
    with pytest.raises(ValidationError, match="two people"):
        merge(student, two[0], set(), None)
    assert Person.objects.count() == 3


def test_a_login_stays_and_two_logins_are_two_people(two, office, teacher):
    Person.objects.filter(pk=two[1].pk).update(membership=office)
    other = people.person("Núria Ortega", membership=teacher)
    kept = merged(two)
    assert kept.membership == office
    with pytest.raises(ValidationError, match="login"):
        merge(kept, other, set(), None)
    assert Person.objects.filter(membership__in=[office, teacher]).count() == 2


def test_the_kind_of_whoever_logs_in_is_proposed_and_said(two, teacher, office_client, school):
    kept, gone = two
    Person.objects.filter(pk=gone.pk).update(membership=teacher, kind="staff")
    gone.refresh_from_db()
    assert "kind" in preferred(kept, gone)
    assert "kind" not in preferred(gone, kept)
    page = office_client.get(school.url("recipients:merge", kept.pk, gone.pk)).text
    assert "Nuria Ortega (Staff), logs in here." in page


def test_a_filter_that_names_a_teacher_names_whoever_stays(scoped):
    two = people.person("Pere Soler", kind="staff"), people.person("Pere Soler", kind="staff")
    by_name = {"field": "name", "operator": "contains", "value": str(two[1].pk)}
    theirs = {"field": "taught_by", "operator": "is_not", "value": [str(each.pk) for each in reversed(two)]}
    made = TargetList.objects.create(name="Others", kind="filter", condition={"all": [by_name, {"not": theirs}]})
    kept = merged(two)
    made.refresh_from_db()
    assert made.condition == {"all": [by_name, {"not": theirs | {"value": [str(kept.pk)]}}]}


def test_everything_that_names_a_person_is_moved():
    """A new table with people in it belongs into a mover (see merging.PARTS), and then into this list."""
    fields = Person._meta.get_fields(include_hidden=True)
    naming = {field.related_model for field in fields if field.one_to_many}
    own = {ContactPoint, Guardianship, Enrolment, Consent, ConsentChange, Note, ImportConflict, TakenAway}
    own |= {FormerNumber, KnownApart, MergedRecord}
    assert naming == own | {AudienceEntry, Delivery, DeliveryAbout, Answer, TargetListMember}


def test_likely_pairs_are_found_by_address_number_family_and_document(scoped, school, other_school):
    student = people.student("Lucía Ferrer")
    for address in ("a@x.example", "b@x.example"):
        people.guardian("Núria Ortega", address, student)
    people.person("Bo Li", "bo@x.example"), people.person("Bo Li", "BO@x.example")
    people.person("Eva Sanz", document="X1"), people.person("E. Sanz", document="X1")
    people.person("Jo Mas", "jo@x.example", "staff"), people.person("Jo Mas", "jo@x.example", "guardian")
    people.person("Ana Gil", "family@x.example"), people.person("Pau Gil", "family@x.example")
    with in_organization(other_school):
        people.person("Bo Li", "bo@x.example"), people.person("Bo Li", "bo@x.example")
    found = [(pair.first.last_name, pair.reasons) for pair in likely_pairs(school)]
    assert found == [
        ("Ortega", ["the same name in the same family"]),
        ("Li", ["the same name and email address"]),
        ("Sanz", ["the same identity document"]),
    ]


def test_two_who_are_two_are_not_proposed_again_until_somebody_asks(office_client, school, scoped):
    one, other = (people.person("Bo Li", "bo@x.example") for _twice in range(2))
    page = school.url("recipients:duplicates")
    assert "They are two people" in office_client.get(school.url("recipients:merge", other.pk, one.pk)).text
    office_client.post(school.url("recipients:apart", other.pk, one.pk))
    office_client.post(school.url("recipients:apart", one.pk, other.pk))
    assert likely_pairs(school) == []
    assert "Known to be two people" in office_client.get(page).text
    third = people.person("Bo Li", "li@x.example")
    merge(third, other, set(), None)
    assert [(each.first, each.second) for each in KnownApart.objects.all()] == [(one, third)]
    office_client.post(school.url("recipients:apart", third.pk, one.pk), {"do": "ask"})
    assert [(pair.first, pair.second) for pair in likely_pairs(school)] == [(one, third)]
    merge(one, third, set(), None)
    assert not KnownApart.objects.exists()


def test_a_number_that_many_share_makes_no_pairs_and_three_who_are_one_make_one(scoped, school):
    for number in range(30):
        people.contact_point(people.person(f"Ana Gil {number % 29}"), "600 000 000", channel="phone")
    ana = Person.objects.filter(last_name="Gil 0").order_by("pk")
    third = people.contact_point(people.person("Ana Gil 0"), "600 000 000", channel="phone").person
    pairs = [(pair.first, pair.second) for pair in likely_pairs(school)]
    assert pairs == [(ana[0], third)]
    merge(*pairs[0], set(), None)
    assert [(pair.first, pair.second) for pair in likely_pairs(school)] == [(ana[0], ana[1])]


def ways_to_share() -> list:
    """Makers of people who share a name and something else: a number, a document, a student, a guardian."""
    student, mother = people.student("Lucía Ferrer"), people.guardian("Núria Ortega")

    def of_one_guardian(number: int) -> Person:
        made = people.student("Bo Li")
        Guardianship.objects.create(student=made, guardian=mother)
        return made

    return [
        lambda number: people.contact_point(people.person("Bo Li"), "600 000 000", channel="phone").person,
        lambda number: people.person(f"Bo{number} Li", document="X1"),
        lambda number: people.guardian("Bo Li", "", student),
        of_one_guardian,
    ]


@pytest.mark.parametrize("way", range(4), ids=["number", "document", "student", "guardian"])
def test_of_many_namesakes_everybody_is_proposed_until_every_pair_is_decided(scoped, school, other_school, way):
    one_more = ways_to_share()[way]
    people_of_one_name = [one_more(number) for number in range(4)]
    everybody = set(combinations(people_of_one_name, 2))
    decided: set[tuple] = set()
    with in_organization(other_school):
        keep_apart(*(people.person("Bo Li", "bo@x.example") for _twice in range(2)), None)
    for _round in range(len(everybody)):
        proposed = {(pair.first, pair.second) for pair in likely_pairs(school)}
        assert proposed <= everybody - decided
        if _round:  # before anything is decided, the first and the last stand for all
            undecided = {person for pair in everybody - decided for person in pair}
            assert undecided - {people_of_one_name[0]} <= {person for pair in proposed for person in pair}
        keep_apart(*min(proposed, key=lambda pair: (pair[0].pk, -pair[1].pk)), None)
        decided = {(row.first, row.second) for row in KnownApart.objects.all()}
    assert decided == everybody
    assert likely_pairs(school) == []


def test_who_is_kept_apart_from_one_is_proposed_with_the_third(scoped, school):
    first, second, third = (people.person("Bo Li", "bo@x.example") for _number in range(3))
    keep_apart(first, third, None)
    pairs = [(pair.first, pair.second, pair.reasons) for pair in likely_pairs(school)]
    reasons = ["the same name and email address"]
    assert pairs == [(first, second, reasons), (second, third, reasons)]
    merge(first, second, set(), None)
    assert likely_pairs(school) == []


def test_all_who_are_known_to_be_two_are_found_page_by_page(scoped, school, office_client):
    one = people.person("Ana Gil")
    others = [people.person(f"Bo{number} Li") for number in range(101)]
    for other in others:
        keep_apart(one, other, None)
    first = office_client.get(school.url("recipients:duplicates"))
    assert "Bo100" in first.text
    assert "Bo0" not in first.text
    second = office_client.get(school.url("recipients:duplicates"), {"after": first.context["page"].next_cursor})
    assert [row.second for row in second.context["page"]] == [others[0]]


def test_the_office_finds_compares_and_merges(office_client, school, two):
    Person.objects.filter(pk=two[1].pk).update(document="X1")
    Guardianship.objects.bulk_create(
        Guardianship(student=people.student("Lucía Ferrer"), guardian=two[0]) for _once in range(1)
    )
    with in_organization(school):
        TargetListMember.objects.create(list=TargetList.objects.create(name="Picked"), person=two[1])
    choose = office_client.get(school.url("recipients:merge_choose", two[0].pk)).text
    url = school.url("recipients:merge", two[0].pk, two[1].pk)
    assert url in choose
    assert url.replace(f"/{two[1].pk}/", f"/{two[0].pk}/") not in choose
    page = office_client.get(url).text
    assert "A merge cannot be taken back." in page
    assert figures_of(*two) == [("Looks after", (1, 0)), ("Target lists", (0, 1))]
    assert "Target lists" in page
    assert "Messages about them" not in page
    assert Person.objects.filter(kind="guardian").count() == 2
    response = office_client.post(url, {"first_name": "gone", "document": "gone"}, follow=True)
    assert "Nuria Ortega is one person now." in response.text
    kept = Person.objects.get(kind="guardian")
    assert (kept.pk, kept.first_name, kept.document) == (two[0].pk, "Nuria", "X1")
    assert "Nobody stands here twice" in office_client.get(school.url("recipients:duplicates")).text


def test_nobody_is_merged_with_himself_or_with_a_stranger(office_client, school, two, other_school):
    with in_organization(other_school):
        theirs = people.person("Olga Vidal")
    for other in (two[0].pk, theirs.pk):
        assert office_client.post(school.url("recipients:merge", two[0].pk, other)).status_code == 404
    assert Person.objects.filter(kind="guardian").count() == 2


def test_a_page_left_open_leads_to_the_one_person(office_client, school, two, other_school, client):
    kept, gone = two
    page = school.url("recipients:merge", kept.pk, gone.pk)
    office_client.post(page)
    again = office_client.post(page, follow=True)
    assert again.redirect_chain[0][0] == school.url("recipients:person", kept.pk)
    assert "They are one person already." in again.content.decode()
    record = office_client.get(school.url("recipients:person", gone.pk))
    assert (record.status_code, record.url) == (302, school.url("recipients:person", kept.pk))
    with in_organization(other_school):
        assert present_id(gone.pk) is None


@pytest.mark.parametrize(
    ("name", "fields"), [("edit", {"last_name": "Other"}), ("here", {"here": "no"}), ("consent", {"granted": "yes"})]
)
def test_nothing_is_changed_from_a_page_left_open_and_it_is_said(office_client, school, two, name, fields):
    kept, gone = two
    merge(kept, gone, set(), None)
    answer = office_client.post(school.url(f"recipients:{name}", gone.pk), fields, follow=True)
    assert answer.redirect_chain[0][0] == school.url("recipients:person", kept.pk)
    assert "This record is one with another now. Nothing was changed: do it here." in answer.text
    kept.refresh_from_db()
    assert (kept.last_name, kept.active, kept.consents.count()) == ("Ortega", True, 0)


def test_a_note_or_an_address_typed_on_a_page_left_open_is_kept(office_client, school, two):
    kept, gone = two
    merge(kept, gone, set(), None)
    office_client.post(school.url("recipients:note_add", gone.pk), {"folder": "Log", "text": "Called home."})
    office_client.post(
        school.url("recipients:contact_point_add", gone.pk), {"channel": "email", "value": "third@x.example"}
    )
    assert "Called home." in kept.notes.values_list("text", flat=True)
    assert kept.contact_points.filter(normalized="third@x.example").exists()
    assert office_client.post(school.url("campaigns:to_person", gone.pk)).status_code == 302


def test_the_page_says_why_two_cannot_be_merged(office_client, school, two):
    student = people.student("Lucía Ferrer")
    Guardianship.objects.create(student=student, guardian=two[0])
    response = office_client.post(school.url("recipients:merge", student.pk, two[0].pk), follow=True)
    assert "they are two people" in response.text
