"""Target lists in the audience: who is on them, who is left out for them, and whose rights they obey."""

import pytest

from apps.campaigns.audience import audience, picker
from apps.campaigns.audience.audience import Reason
from apps.campaigns.content.tags import unknown_tags
from apps.campaigns.models import AudienceEntry, Mailing
from apps.deliveries.engine.fan_out import fan_out
from apps.organizations.scoping import in_organization
from apps.recipients.models import Enrolment, Person
from apps.targetlists.conditions import check
from apps.targetlists.models import TargetList, TargetListMember, UploadedList, UploadedRow
from tests import people
from tests.campaigns.drafts import post_recipients, text, url

pytestmark = pytest.mark.django_db


def addresses(mailing) -> list[str]:
    return sorted(row.address for row in audience.getting(mailing))


def reasons(mailing) -> dict[str, str]:
    return {row.name or row.address: row.reason for row in audience.left_out(mailing)}


def static(name: str, *members: Person | str) -> TargetList:
    made = TargetList.objects.create(name=name)
    for each in members:
        fields = {"address": each, "normalized": each.lower()} if isinstance(each, str) else {"person": each}
        TargetListMember.objects.create(list=made, **fields)
    return made


def filtered(name: str, condition: dict) -> TargetList:
    return TargetList.objects.create(name=name, kind="filter", condition=condition)


def uploaded(name: str, **rows: dict) -> TargetList:
    """A list from a file: `word={"amount": "12"}` becomes word@x.example with that variable."""
    file = UploadedList.objects.create(name=f"{name}.csv", variables=["amount"], rows_total=len(rows))
    for number, (word, variables) in enumerate(rows.items(), start=2):
        address = f"{word}@x.example"
        UploadedRow.objects.create(
            list=file, row=number, value=address, normalized=address, name=word.title(), variables=variables
        )
    return TargetList.objects.create(name=name, kind="uploaded", uploaded=file)


def mailing_to(*lists: TargetList, leaving_out: tuple[TargetList, ...] = (), by=None, also=(), **fields):
    mailing = people.mailing(*also, by=by, **fields)
    for each in (*lists, *leaving_out):
        AudienceEntry.objects.create(mailing=mailing, target_list=each, is_excluded=each in leaving_out)
    return mailing


@pytest.fixture
def class_5a(scoped):
    return people.group("5º A")


@pytest.mark.feature("S1.18")
def test_a_list_mixes_kinds_and_a_student_on_it_means_his_family(class_5a, office):
    aina = people.student("Aina Puig", class_5a)
    people.guardian("Joan Puig", "joan@x.example", aina)
    company = people.person("Buses of Turia", "buses@x.example", kind="account")
    lead = people.person("Marta Vidal", "lead@x.example", kind="lead")
    teacher = people.person("Anna Soler", "anna@x.example", kind="staff")
    mixed = static("Trip", aina, company, lead, teacher, "guide@y.example")
    mailing = mailing_to(mixed, by=office)
    assert addresses(mailing) == [
        "anna@x.example",
        "buses@x.example",
        "guide@y.example",
        "joan@x.example",
        "lead@x.example",
    ]
    assert audience.count(mailing).students == 1


def test_whoever_is_on_two_lists_and_in_a_chosen_class_gets_one_mail(class_5a, office):
    aina = people.student("Aina Puig", class_5a)
    joan = people.guardian("Joan Puig", "joan@x.example", aina)
    mailing = mailing_to(static("One", joan, aina), static("Two", joan, "Joan@X.example"), by=office, also=[class_5a])
    assert addresses(mailing) == ["joan@x.example"]


@pytest.mark.feature("S1.21")
def test_a_filter_list_is_in_step_with_the_people_on_record(class_5a, office):
    mailing = mailing_to(
        filtered("Staff", {"all": [{"field": "kind", "operator": "is", "value": ["staff"]}]}), by=office
    )
    assert addresses(mailing) == []
    anna = people.person("Anna Soler", "anna@x.example", kind="staff")
    assert addresses(mailing) == ["anna@x.example"]
    Person.objects.filter(pk=anna.pk).update(kind="contact")
    assert addresses(mailing) == []


@pytest.mark.feature("S1.22")
def test_whoever_shares_an_address_with_an_excluded_entry_is_left_out(class_5a, office):
    aina = people.student("Aina Puig", class_5a)
    people.guardian("Joan Puig", "joan@x.example", aina)
    people.guardian("Marta Serra", "marta@x.example", aina)
    board = people.person("Joan P. of the board", "JOAN@x.example")
    mailing = mailing_to(also=[class_5a], leaving_out=(static("Board", board, "club@y.example"),), by=office)
    AudienceEntry.objects.create(mailing=mailing, address="Club@y.example", normalized="club@y.example")
    assert addresses(mailing) == ["marta@x.example"]
    assert reasons(mailing) == {"Joan Puig": Reason.EXCLUDED, "Club@y.example": Reason.EXCLUDED}


def test_an_excluded_student_leaves_the_family_out_but_not_of_his_sister(class_5a, office):
    aina, pau = people.student("Aina Puig", class_5a), people.student("Pau Puig", class_5a)
    people.guardian("Joan Puig", "joan@x.example", aina, pau)
    people.guardian("Marta Serra", "marta@x.example", pau)
    mailing = mailing_to(also=[class_5a], leaving_out=(static("Not coming", pau),), by=office)
    (row,) = audience.getting(mailing)
    assert (row.address, row.about_ids) == ("joan@x.example", (aina.pk,))
    assert reasons(mailing) == {"Marta Serra": Reason.EXCLUDED}


@pytest.mark.feature("S1.22")
def test_filters_and_files_exclude_too(class_5a, office):
    people.person("Anna Soler", "anna@x.example", kind="staff")
    people.person("Marta Vidal", "marta@x.example", kind="lead")
    staff = filtered("Staff", {"all": [{"field": "kind", "operator": "is", "value": ["staff"]}]})
    mailing = mailing_to(
        static("Two", *Person.objects.filter(kind__in=["staff", "lead"])),
        leaving_out=(staff, uploaded("From a file", marta={"amount": "1"})),
        by=office,
    )
    assert addresses(mailing) == []
    assert set(reasons(mailing).values()) == {Reason.EXCLUDED}
    assert audience.count(mailing).getting == 0


@pytest.mark.feature("S3.4")
@pytest.mark.feature("S3.5")
def test_the_columns_of_an_uploaded_list_are_values_of_its_rows(class_5a, office):
    fees = uploaded("Fees", joan={"amount": "12"}, marta={"amount": "7"})
    mailing = mailing_to(fees, by=office, state="pending", body="<p>{{ amount }} euros</p>")
    rows = {row.address: (row.name, dict(row.variables)) for row in audience.getting(mailing)}
    assert rows == {"joan@x.example": ("Joan", {"amount": "12"}), "marta@x.example": ("Marta", {"amount": "7"})}
    assert unknown_tags(mailing) == []
    assert fan_out(mailing)
    written = {row.address: row.variables for row in mailing.deliveries.all()}
    assert written == {"joan@x.example": {"amount": "12"}, "marta@x.example": {"amount": "7"}}


@pytest.mark.feature("S0.11")
def test_who_has_left_stays_on_the_list_and_is_reached_when_wished(class_5a, office):
    aina = people.student("Aina Puig", class_5a, active=False)
    people.guardian("Joan Puig", "joan@x.example", aina)
    choir = static("Choir", aina)
    assert reasons(mailing_to(choir, by=office)) == {"Joan Puig": Reason.FORMER}
    assert addresses(mailing_to(choir, by=office, include_former=True)) == ["joan@x.example"]


@pytest.mark.feature("S0.2")
def test_a_teacher_chooses_no_list_that_tells_what_others_answered(class_5a, teacher):
    answered = filtered("Said Yes", {"field": "answer", "operator": "yes", "value": ["1"]})
    choir = static("Choir", people.student("Aina Puig", class_5a))
    mailing = people.mailing(by=teacher)
    for act in (picker.add_all, picker.leave_out):
        assert not act(mailing, teacher, f"list:{answered.pk}")
        assert act(mailing, teacher, f"list:{choir.pk}")
    assert picker.pane_of(mailing, teacher, f"list:{answered.pk}") is None


@pytest.mark.feature("S0.11")
def test_guardians_on_a_list_whose_children_have_left_are_former_too(class_5a, office):
    gone, here = people.student("Aina Puig", class_5a, active=False), people.student("Pau Gil", class_5a)
    people.guardian("Joan Puig", "joan@x.example", gone)
    people.guardian("Marta Gil", "marta@x.example", gone, here)
    people.guardian("Ona Roca", "ona@x.example")
    guardians = filtered("Guardians", {"field": "kind", "operator": "is", "value": ["guardian"]})
    assert reasons(mailing_to(guardians, by=office)) == {"Joan Puig": Reason.FORMER}
    assert addresses(mailing_to(guardians, by=office)) == ["marta@x.example", "ona@x.example"]
    assert len(addresses(mailing_to(guardians, by=office, include_former=True))) == 3
    none_here = {"field": "children", "operator": "at_most", "value": 0}
    kind = {"field": "kind", "operator": "is", "value": ["guardian"]}
    asked = filtered("No child here", {"all": [kind, none_here]})
    assert addresses(mailing_to(asked, by=office)) == ["joan@x.example", "ona@x.example"]


@pytest.mark.feature("S0.2")
def test_a_list_obeys_the_rights_of_whoever_writes(class_5a, teacher):
    mine, other = people.student("Aina Puig", class_5a), people.student("Pau Roca", people.group("6º B"))
    me = people.person("Anna Soler", kind="staff", membership=teacher)
    Enrolment.objects.create(person=me, group=class_5a, role="teacher")
    joan = people.guardian("Joan Puig", "joan@x.example", mine)
    olga = people.guardian("Olga Roca", "olga@x.example", other)
    kept = people.guardian("Marc Puig", "marc@x.example", mine, restricted=True)
    mixed = static("Mixed", mine, other, joan, olga, kept, "friend@y.example")
    mailing = mailing_to(mixed, by=teacher)
    assert addresses(mailing) == ["joan@x.example"]
    assert audience.count(mailing).skipped[Reason.OUTSIDE_GROUPS] >= 3


@pytest.mark.feature("B11")
def test_a_guardian_kept_from_every_student_of_his_is_not_written_to_as_himself(class_5a, office):
    aina = people.student("Aina Puig", class_5a)
    marc = people.guardian("Marc Puig", "marc@x.example", aina, restricted=True)
    assert reasons(mailing_to(static("Guardians", marc), by=office)) == {"Marc Puig": Reason.RESTRICTED}


def test_a_list_of_nobody_reaches_nobody(scoped, office):
    nobody = mailing_to(static("Empty"), by=office)
    assert audience.count(nobody).getting == audience.count(nobody).not_getting == 0


@pytest.mark.feature("S2.8")
def test_a_list_is_chosen_or_left_out_in_the_panes_like_a_group(school, office_client, office):
    with in_organization(school):
        choir, board = static("Choir", people.person("Marta Vidal", "m@x.example")), static("Board", "m@x.example")
        draft = people.mailing(by=office)
    opened = office_client.get(url(draft), {"group": f"list:{choir.pk}"}).content.decode()
    assert "Vidal, Marta" in opened
    assert "Leave this list out" in opened
    post_recipients(office_client, draft, "add_all", group=f"list:{choir.pk}")
    with in_organization(school):
        assert addresses(draft) == ["m@x.example"]
    post_recipients(office_client, draft, "leave_out", group=f"list:{board.pk}")
    with in_organization(school):
        assert reasons(draft) == {"Marta Vidal": Reason.EXCLUDED}
    page = office_client.get(url(draft)).content.decode()
    assert "nobody on this list gets it" in page
    post_recipients(office_client, draft, "remove_all")
    with in_organization(school):
        assert not draft.entries.exists()


def test_a_filter_that_says_who_has_left_is_taken_at_its_word(class_5a, office):
    people.person("Marta Vidal", "marta@x.example", kind="staff", active=False)
    staff = {"field": "kind", "operator": "is", "value": ["staff"]}
    assert reasons(mailing_to(filtered("Staff", {"all": [staff]}), by=office)) == {"Marta Vidal": Reason.FORMER}
    left = {"all": [staff, {"field": "active", "operator": "no"}]}
    assert check(left) == []
    assert addresses(mailing_to(filtered("Left", left), by=office)) == ["marta@x.example"]


def test_who_is_outside_the_writers_groups_is_counted_and_not_named(class_5a, teacher):
    olga = people.guardian("Olga Roca", "olga@x.example", people.student("Pau Roca", class_5a))
    mailing = mailing_to(static("Mixed", olga), by=teacher)
    (row,) = audience.left_out(mailing)
    assert (row.name, row.address, row.reason, row.about_ids) == ("", "", Reason.OUTSIDE_GROUPS, ())


@pytest.mark.feature("S3.4")
@pytest.mark.parametrize("is_chosen_with_her_class", [True, False])
def test_the_values_of_a_file_hold_for_whoever_is_on_record_with_the_address(
    class_5a, office, is_chosen_with_her_class
):
    people.guardian("Núria Ortega", "nuria@x.example", people.student("Lucía", class_5a))
    bill = uploaded("Bill", nuria={"amount": "10"})
    mailing = mailing_to(bill, by=office, also=(class_5a,) if is_chosen_with_her_class else ())
    (row,) = audience.getting(mailing)
    assert row.variables == {"amount": "10"}
    assert row.name == ("Núria Ortega" if is_chosen_with_her_class else "Nuria")
    assert audience.count(mailing).getting == 1


@pytest.mark.feature("S3.5")
def test_the_check_page_counts_who_has_no_value_for_a_tag(class_5a, office, office_client, school):
    people.guardian("Núria Ortega", "nuria@x.example", people.student("Lucía", class_5a))
    bill = uploaded("Bill", zoe={"amount": "10"}, leo={"amount": " "})
    mailing = mailing_to(bill, by=office, also=(class_5a,), subject="Bill of {{ amount }}", body="<p>Pay.</p>")
    page = text(office_client.get(url(mailing, "check")))
    assert "2 of 3 have no value for “amount”: an empty place stands there in their copies." in page
    assert "Bill of [amount], by email from" in page
    mailing.subject = 'Bill of {{ amount | default: "10 euros" }}'
    mailing.save()
    page = text(office_client.get(url(mailing, "check")))
    assert "no value for" not in page
    assert "Bill of 10 euros, by email from" in page


def test_when_all_chosen_are_left_out_the_check_page_says_so(class_5a, office, office_client):
    nuria = people.guardian("Núria Ortega", "nuria@x.example", people.student("Lucía", class_5a))
    nobody = static("Board", nuria)
    mailing = mailing_to(leaving_out=(nobody,), by=office, also=(class_5a,))
    page = text(office_client.get(url(mailing, "check")))
    assert "Nobody would get it: the one who is chosen is left out." in page
    assert "Send a test first" not in page
    recipients = text(office_client.get(url(mailing)))
    assert "1 group, 0 people" in recipients
    Mailing.objects.update(to_guardians=False, to_personal=False, to_communication=False)
    assert "No kind of address is ticked" in text(office_client.get(url(mailing)))


@pytest.mark.feature("S0.2")
def test_an_address_of_a_list_that_is_outside_the_writers_groups_is_not_told(class_5a, teacher):
    uploaded = UploadedList.objects.create(name="donors.csv")
    row = {"value": "rico@x.example", "normalized": "rico@x.example", "name": "Rico Donante"}
    UploadedRow.objects.create(list=uploaded, row=2, variables={}, **row)
    donors = TargetList.objects.create(name="Donors", kind="uploaded", uploaded=uploaded)
    mailing = mailing_to(donors, static("Friends", "amiga@x.example"), by=teacher)
    left_out = audience.left_out(mailing)
    assert {(row.name, row.address, row.reason) for row in left_out} == {("", "", Reason.OUTSIDE_GROUPS)}
    assert len(left_out) == 2


@pytest.mark.feature("B11")
def test_an_address_of_whom_the_school_must_not_write_to_is_not_reached_through_another_record(class_5a, office):
    """Himself under another spelling, a mailbox that he shares, and what stands on the student's own record."""
    lucia, pau = people.student("Lucía Rest", class_5a), people.student("Pau Rest", class_5a)
    people.guardian("Pablo Rest", "pablo@x.example", lucia, restricted=True)
    people.guardian("Pablo M. Rest", "Pablo@x.example", lucia)
    people.guardian("Ana Rest", "ana@x.example", lucia)
    people.contact_point(lucia, "pablo@x.example", purpose="communication", is_primary=False)
    people.guardian("Eva Gil", "pablo@x.example", pau)
    mailing = people.mailing(class_5a, by=office, to_communication=True)
    about = {row.normalized: row.about_ids for row in audience.getting(mailing)}
    assert about == {"ana@x.example": (lucia.pk,), "pablo@x.example": (pau.pk,)}
    restricted = audience.left_out(mailing, Reason.RESTRICTED)
    assert {row.name for row in restricted} == {"Pablo Rest", "Pablo M. Rest", "Lucía Rest"}


@pytest.mark.feature("S2.8")
def test_what_is_chosen_can_be_kept_as_a_new_list(school, office_client, office):
    with in_organization(school):
        class_5a = people.group("5º A")
        people.student("Aina Puig", class_5a)
        club = people.person("Club of Turia", "club@x.example")
        draft = people.mailing(class_5a, club, "guide@y.example", by=office, year=people.year())
    page = office_client.get(url(draft)).content.decode()
    assert "New target list" in page
    answer = post_recipients(office_client, draft, "keep_list", list_name="Trip of May")
    assert "Kept as the target list “Trip of May”." in office_client.get(answer.url).content.decode()
    again = post_recipients(office_client, draft, "keep_list", list_name="Trip of May")
    assert "is called “Trip of May” already" in office_client.get(again.url).content.decode()
    with in_organization(school):
        kept = TargetList.objects.get()
        assert {str(member) for member in kept.members.all()} == {"Aina Puig", "Club of Turia", "guide@y.example"}


def test_where_two_files_have_an_address_one_row_counts_as_a_whole(scoped, office):
    first, second = uploaded("Fees", anna={"amount": "1"}), uploaded("Buses", anna={"amount": "2"})
    UploadedRow.objects.filter(list=first.uploaded).update(name="Zoe")
    (row,) = audience.getting(mailing_to(second, first, by=office))
    assert (row.name, row.variables) == ("Zoe", {"amount": "1"})
