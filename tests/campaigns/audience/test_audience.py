"""Who receives a mailing: everybody is accounted for, nobody twice, nobody who must not."""

import pytest

from apps.campaigns.audience import audience
from apps.campaigns.audience.reasons import Reason
from apps.recipients.models import Enrolment
from apps.targetlists.models import OptOut, UploadedList, UploadedRow
from tests import people

pytestmark = pytest.mark.django_db


def addresses(mailing) -> list[str]:
    return [row.address for row in audience.getting(mailing)]


def reasons(mailing) -> dict[str, str]:
    return {row.name or row.address: row.reason for row in audience.left_out(mailing)}


@pytest.fixture
def class_5a(scoped):
    return people.group("5º A")


@pytest.mark.feature("S0.8")
def test_the_ticked_kinds_decide_which_addresses_are_used(class_5a, office):
    aina = people.student("Aina Puig", class_5a, address="aina@x.example", communication="gran@x.example")
    people.guardian("Joan Puig", "joan@x.example", aina)
    only = {"to_guardians": False, "to_personal": False, "to_communication": False}
    for kind, address in [
        ("to_guardians", "joan@x.example"),
        ("to_personal", "aina@x.example"),
        ("to_communication", "gran@x.example"),
    ]:
        assert addresses(people.mailing(class_5a, by=office, **only | {kind: True})) == [address]


@pytest.mark.feature("S0.10")
def test_same_address_under_two_kinds_gets_one_mail(class_5a, office):
    aina = people.student("Aina Puig", class_5a, communication="Joan@X.example")
    people.guardian("Joan Puig", "joan@x.example", aina)
    mailing = people.mailing(class_5a, by=office)
    assert addresses(mailing) == ["joan@x.example"]
    assert reasons(mailing) == {"Aina Puig": Reason.SAME_ADDRESS}


@pytest.mark.feature("S0.10")
def test_two_parents_with_one_address_get_one_mail_about_all_their_children(class_5a, office):
    aina, pau = people.student("Aina Puig", class_5a), people.student("Pau Puig", class_5a)
    people.guardian("Joan Puig", "family@x.example", aina)
    people.guardian("Marta Serra", "family@x.example", pau)
    mailing = people.mailing(class_5a, by=office)
    (row,) = audience.getting(mailing)
    assert row.about_ids == (aina.pk, pau.pk)
    assert audience.count(mailing).skipped == {Reason.SAME_ADDRESS: 1}


@pytest.mark.feature("S0.4")
def test_who_has_no_address_is_skipped_with_that_reason(class_5a, office):
    aina, pau = people.student("Aina Puig", class_5a), people.student("Pau Roca", class_5a)
    people.guardian("Joan Puig", "", aina)
    mailing = people.mailing(class_5a, by=office)
    assert reasons(mailing) == {"Joan Puig": Reason.NO_ADDRESS, "Pau Roca": Reason.NO_ADDRESS}
    left_out = {row.name: row.about_ids for row in audience.left_out(mailing)}
    assert left_out == {"Joan Puig": (aina.pk,), "Pau Roca": (pau.pk,)}


@pytest.mark.feature("S0.22")
def test_commercial_mail_goes_to_those_who_accepted_it(class_5a, office):
    aina = people.student("Aina Puig", class_5a)
    yes = people.guardian("Joan Puig", "joan@x.example", aina)
    people.guardian("Marta Serra", "marta@x.example", aina)
    withdrawn = people.guardian("Olga Roca", "olga@x.example", aina)
    people.consent(yes)
    people.consent(withdrawn, granted=False)
    mailing = people.mailing(class_5a, "joan@x.example", "shop@y.example", by=office, commercial=True)
    assert addresses(mailing) == ["joan@x.example"]
    assert audience.count(mailing).skipped == {Reason.NO_CONSENT: 3, Reason.SAME_ADDRESS: 1}


@pytest.mark.feature("S0.26")
@pytest.mark.feature("B11")
def test_failed_unsubscribed_and_restricted_are_left_out(class_5a, office):
    aina = people.student("Aina Puig", class_5a)
    failed = people.guardian("Joan Puig", "joan@x.example", aina)
    failed.contact_points.get().mark_failed("mailbox does not exist")
    people.guardian("Marta Serra", "marta@x.example", aina)
    OptOut.objects.create(normalized="marta@x.example", scope="all")
    people.guardian("Olga Roca", "olga@x.example", aina, restricted=True)
    people.guardian("Pere Vila", "pere@x.example", aina)
    OptOut.objects.create(normalized="pere@x.example", scope="commercial")
    mailing = people.mailing(class_5a, "JOAN@x.example", by=office)
    assert addresses(mailing) == ["pere@x.example"]
    assert audience.count(mailing).skipped == {
        Reason.FAILED_ADDRESS: 2,
        Reason.OPTED_OUT: 1,
        Reason.RESTRICTED: 1,
    }


def test_a_parent_restricted_for_one_child_is_written_to_about_the_other(class_5a, office):
    aina, pau = people.student("Aina Puig", class_5a), people.student("Pau Puig", class_5a)
    joan = people.guardian("Joan Puig", "joan@x.example", aina)
    pair = joan.wardships.create(student=pau, relation="father", restricted=True)
    (row,) = audience.getting(people.mailing(class_5a, by=office))
    assert (row.name, row.about_ids) == ("Joan Puig", (aina.pk,)), pair


@pytest.mark.feature("S0.11")
def test_former_students_are_reached_through_their_year_when_wished(class_5a, office):
    old = people.student("Old Pupil", class_5a, address="old@x.example", active=False)
    people.student("New Pupil", class_5a, address="new@x.example")
    kinds = {"to_guardians": False, "to_personal": True, "by": office}
    assert addresses(people.mailing(class_5a, **kinds)) == ["new@x.example"]
    assert addresses(people.mailing(class_5a, include_former=True, **kinds)) == ["new@x.example", "old@x.example"]
    assert addresses(people.mailing(old, **kinds)) == ["old@x.example"]


@pytest.mark.feature("S2.9")
def test_typed_and_uploaded_addresses_join_without_repeats(class_5a, office):
    aina = people.student("Aina Puig", class_5a)
    people.guardian("Joan Puig", "joan@x.example", aina)
    uploaded = UploadedList.objects.create(name="coaches.csv", variables=["seat"])
    for number, address in enumerate(["coach@y.example", "joan@x.example"]):
        UploadedRow.objects.create(
            list=uploaded, row=number, value=address, normalized=address, name="Coach", variables={"seat": str(number)}
        )
    mailing = people.mailing(class_5a, "coach@y.example", "guide@y.example", by=office, uploaded_list=uploaded)
    rows = {row.address: row for row in audience.getting(mailing)}
    assert set(rows) == {"joan@x.example", "coach@y.example", "guide@y.example"}
    assert rows["coach@y.example"].variables == {"seat": "0"}
    assert rows["joan@x.example"].name == "Joan Puig"


@pytest.mark.feature("S0.1")
def test_a_teacher_reaches_the_families_of_her_own_groups_alone(class_5a, teacher):
    other = people.group("6º B")
    ada = people.person("Ada Teacher", "ada@x.example", kind="staff", membership=teacher)
    Enrolment.objects.create(person=ada, group=class_5a, role="teacher")
    mine, theirs = people.student("Aina Puig", class_5a), people.student("Pau Roca", other)
    people.guardian("Joan Puig", "joan@x.example", mine)
    people.guardian("Marta Roca", "marta@x.example", theirs)
    mailing = people.mailing(class_5a, other, ada, "x@y.example", by=teacher)
    assert addresses(mailing) == ["joan@x.example"]
    assert set(reasons(mailing).values()) == {Reason.OUTSIDE_GROUPS}
    assert audience.count(mailing).not_getting == 3


def test_search_finds_part_of_a_name_or_address_and_takes_signs_literally(class_5a, office):
    aina = people.student("Aina Puig", class_5a)
    people.guardian("Núria Ortega", "nuria_o@x.example", aina)
    people.guardian("Joan Puig", "joan@x.example", aina)
    mailing = people.mailing(class_5a, by=office)
    assert [r.name for r in audience.getting(mailing, search="ORTÉGA")] == ["Núria Ortega"]
    assert [r.name for r in audience.getting(mailing, search="a_o@")] == ["Núria Ortega"]
    assert [r.name for r in audience.getting(mailing, search="Núria Ortega")] == ["Núria Ortega"]
    assert [r.name for r in audience.getting(mailing, search="Puig, Joan")] == ["Joan Puig"]
    assert [r.name for r in audience.getting(mailing, search="jo")] == ["Joan Puig"]
    assert audience.getting(mailing, search="uig joa nu") == []
    assert audience.getting(mailing, search="%") == []


def test_an_audience_of_nobody_counts_nobody(scoped, office):
    assert audience.count(people.mailing(by=office)) == audience.AudienceCount(0, {}, 0)
