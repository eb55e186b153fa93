"""What the school sees: the log with everybody accounted for, the history, and the answers."""

import pytest

from apps.campaigns.models import Mailing
from apps.core.exports import defused
from apps.deliveries.engine import controlling
from apps.deliveries.engine.claiming import claim
from apps.deliveries.models import Delivery, DeliveryAbout
from apps.surveys.answering import record_answer
from apps.targetlists.models import TargetList
from tests import people
from tests.conftest import make_member
from tests.deliveries.conftest import Sent
from tests.deliveries.started import started

pytestmark = pytest.mark.django_db


@pytest.fixture
def see(office_client, school):
    """Open a page of the school by name and return its text."""

    def open_page(name, *args, query=""):
        response = office_client.get(school.url(name, *args) + query)
        assert response.status_code == 200
        return response.getvalue().decode("utf-8-sig")

    return open_page


def test_the_log_says_of_everybody_what_became_of_the_copy(see, sent: Sent):
    page = see("deliveries:log", sent.mailing.pk)
    for words in (
        "Núria Ortega",
        "Accepted by the mail server",
        "queued as 7",
        "Marc Ferrer",
        "No email address on file",
    ):
        assert words in page
    assert "about Lucía Ferrer, Pablo Ferrer" in page


def test_the_log_is_narrowed_by_state_and_by_part_of_a_name_or_address(see, sent: Sent):
    assert "Marc" not in see("deliveries:log", sent.mailing.pk, query="?state=sent")
    assert "Núria Ortega" not in see("deliveries:log", sent.mailing.pk, query="?state=skipped&reason=no_address")
    assert "Marc" not in see("deliveries:log", sent.mailing.pk, query="?q=NURIA")
    assert "No row fits" in see("deliveries:log", sent.mailing.pk, query="?q=nobody%00")


def test_a_teacher_reads_and_finds_no_name_from_outside_his_groups(client, school, scoped, teacher):
    olga = people.guardian("Olga Roca", "olga@x.example", people.student("Pau Roca", people.group("5º A")))
    members = TargetList.objects.create(name="Mixed", kind="static")
    members.members.create(person=olga)
    mailing = started(members, by=teacher)
    assert mailing.deliveries.get().reason == "outside_groups"
    client.force_login(teacher.user)
    log = client.get(school.url("deliveries:log", mailing.pk)).content.decode()
    assert ("Somebody outside" in log, "Olga" in log, "Pau" in log) == (True, False, False)
    for search in ("olga", "x.example"):
        found = client.get(school.url("deliveries:log", mailing.pk), {"q": search}).content.decode()
        assert "No row fits" in found


def test_a_long_log_costs_no_query_per_row(office_client, school, sent: Sent, django_assert_max_num_queries):
    rows = [
        Delivery(
            mailing=sent.mailing, name=f"N{n}", address=f"n{n}@x.example", normalized=f"n{n}@x.example", state="sent"
        )
        for n in range(250)
    ]
    Delivery.objects.bulk_create(rows)
    with django_assert_max_num_queries(20):
        page = office_client.get(school.url("deliveries:log", sent.mailing.pk)).content.decode()
    assert "Next 100" in page


def test_the_downloaded_log_runs_no_formula(see, sent: Sent):
    sent.delivery.name = "=cmd|' /C calc'!A0"
    sent.delivery.save()
    assert "'=cmd" in see("deliveries:log_download", sent.mailing.pk)
    assert [defused(cell) for cell in ("=a", "+1", "-1", "@x", "a", "")] == ["'=a", "'+1", "'-1", "'@x", "a", ""]


@pytest.mark.feature("S2.24")
@pytest.mark.feature("S2.25")
@pytest.mark.feature("S0.21")
def test_the_history_shows_type_subject_sent_of_all_date_and_time_and_leads_to_the_answers(see, sent: Sent):
    Mailing.objects.filter(pk=sent.mailing.pk).update(started_at="2026-11-20T09:05:00Z", subject="Trip")
    people.mailing(subject="Queued one", state="pending", starts_at="2026-12-01T08:00:00Z")
    page = see("deliveries:history")
    for words in ("Email", "Trip", "1/1", "20 Nov 2026", "10:05", "Queued one"):
        assert words in page
    assert sent.mailing.organization.url("deliveries:answers", sent.mailing.pk) in page
    assert "Trip" not in see("deliveries:history", query="?q=queued")


@pytest.mark.feature("S0.20")
@pytest.mark.feature("S0.17")
def test_the_list_relates_student_addresses_mailed_and_answer(see, sent: Sent):
    record_answer(
        sent.mailing.question,
        about=sent.lucia,
        by_person=sent.delivery.person,
        by_address="nuria@x.example",
        value="yes",
    )
    page = " ".join(see("deliveries:answers", sent.mailing.pk).split())
    row = page[page.index("Ferrer, Lucía") : page.index("Ferrer, Pablo")]
    for words in ("Yes", "Núria Ortega", "nuria<wbr>@x.example", "5º A"):
        assert words in row
    assert "Not yet" in page[page.index("Ferrer, Pablo") :]
    assert "Ferrer, Pablo" not in see("deliveries:answers", sent.mailing.pk, query="?answer=yes")


def test_two_parents_who_differ_are_shown_as_both(see, sent: Sent):
    for address, value in (("nuria@x.example", "yes"), ("marc@x.example", "no")):
        record_answer(sent.mailing.question, about=sent.lucia, by_person=None, by_address=address, value=value)
    assert "Yes and no" in see("deliveries:answers", sent.mailing.pk)


def test_a_changed_answer_says_what_it_was(see, sent: Sent):
    for value in ("no", "yes"):
        record_answer(sent.mailing.question, about=sent.lucia, by_person=None, by_address="n@x.example", value=value)
    assert "Was No until" in see("deliveries:answers", sent.mailing.pk)


def test_a_teacher_sees_her_own_messages_alone(client, school, teacher, sent: Sent):
    client.force_login(teacher.user)
    assert client.get(school.url("deliveries:log", sent.mailing.pk)).status_code == 404
    assert "Trip" not in client.get(school.url("deliveries:history")).content.decode()


def test_stop_resume_and_take_back_say_so_when_somebody_was_faster(office_client, school, sent: Sent):
    for name in ("deliveries:stop", "deliveries:resume", "deliveries:take_back"):
        response = office_client.post(school.url(name, sent.mailing.pk), follow=True)
        assert response.status_code == 200
        assert "notice--needs" in response.content.decode()


def test_taking_back_makes_it_a_draft_again(office_client, school, scoped, office):
    mailing = people.mailing("a@x.example", by=office, state="pending", starts_at="2099-01-01T00:00:00Z")
    for _press in range(2):  # the second by a page that is not up to date
        response = office_client.post(school.url("deliveries:take_back", mailing.pk))
        assert response.url == school.url("campaigns:check", mailing.pk)
        assert Mailing.objects.get(pk=mailing.pk).state == "draft"


def test_the_name_under_which_it_was_sent_stays_when_the_sender_is_renamed(see, scoped, office):
    mailing = started("a@x.example", by=office)
    name = mailing.sender.name
    type(mailing.sender).objects.update(name="Another name")
    assert f"from {name}, by" in see("deliveries:log", mailing.pk).replace("\n", " ")


def test_while_workers_still_hold_packets_a_stopped_message_is_stopping(see, office_client, school, scoped, office):
    mailing = started(*[f"a{number}@x.example" for number in range(3)], by=office)
    packet = claim("worker", {}).packet
    controlling.stop(mailing)
    page = see("deliveries:log", mailing.pk)
    assert ("Stopping." in page, "3 have not been sent" in page) == (True, False)
    packet.give_back()
    headers = {"HX-Request": "true"}
    live = office_client.get(school.url("deliveries:progress", mailing.pk) + "?state=stopping", headers=headers)
    assert live.headers["HX-Refresh"] == "true"
    page = see("deliveries:log", mailing.pk)
    assert "3 have not been sent" in page
    assert "hx-trigger" not in page


def answer(sent: Sent, about, value: str, address: str = "nuria@x.example"):
    return record_answer(sent.mailing.question, about=about, by_person=None, by_address=address, value=value)


def test_answers_are_narrowed_by_value_class_and_change(see, sent: Sent):
    people.student("Lost Child")
    other = people.student("Zoe Nowhere")
    DeliveryAbout.objects.create(delivery=sent.delivery, person=other)
    for value in ("no", "yes"):
        answer(sent, sent.lucia, value)
    answer(sent, sent.pablo, "no")
    group = sent.lucia.enrolments.get().group_id
    for query, names in (
        ("?answer=yes", {"Lucía"}),
        ("?answer=no", {"Pablo"}),
        ("?answer=none", {"Zoe"}),
        ("?answer=changed", {"Lucía"}),
        ("?answer=both", set()),
        (f"?group={group}", {"Lucía", "Pablo"}),
        ("?group=none", {"Zoe"}),
        ("?q=ferrer,%20pab", {"Pablo"}),
        ("?q=NURIA@x", {"Lucía", "Pablo", "Zoe"}),
        ("?q=%00&group=²&after=x", {"Lucía", "Pablo", "Zoe"}),
    ):
        page = see("deliveries:answers", sent.mailing.pk, query=query)
        list_of_page = page[page.index("Everybody who was asked") :]
        assert {name for name in ("Lucía", "Pablo", "Zoe", "Lost") if f", {name}" in list_of_page} == names, query


def test_the_classes_and_the_totals_account_for_everybody(see, sent: Sent):
    answer(sent, sent.lucia, "yes")
    answer(sent, sent.lucia, "no", "marc@x.example")
    page = see("deliveries:answers", sent.mailing.pk)
    assert 'aria-label="1 yes and no, 1 not yet"' in page
    totals = page[: page.index("Everybody who was asked")]
    assert "Yes and no" in totals[totals.index("<table") :]


@pytest.mark.feature("S0.20")
def test_people_about_whom_no_student_is_are_listed_by_address(see, sent: Sent):
    for name in ("ann", "bob"):
        Delivery.objects.create(
            mailing=sent.mailing, address=f"{name}@y.example", normalized=f"{name}@y.example", state="sent"
        )
    answer(sent, None, "yes", "ann@y.example")
    page = see("deliveries:answers", sent.mailing.pk, query="?part=addresses")
    assert "ann<wbr>@y.example" in page
    assert "bob<wbr>@y.example" in page
    assert "bob<wbr>" not in see("deliveries:answers", sent.mailing.pk, query="?part=addresses&answer=yes")
    assert "not yet, of 4" in page


def test_a_long_list_of_answers_costs_no_query_per_line(
    office_client, school, sent: Sent, django_assert_max_num_queries
):
    for number in range(120):
        student = people.student(f"S{number} Long")
        DeliveryAbout.objects.create(delivery=sent.delivery, person=student)
        answer(sent, student, "yes")
    with django_assert_max_num_queries(30):
        page = office_client.get(school.url("deliveries:answers", sent.mailing.pk)).content.decode()
    assert "Next" in page


def test_the_downloaded_answers_hold_every_line(see, sent: Sent):
    for value in ("no", "yes"):
        answer(sent, sent.lucia, value)
    lines = see("deliveries:answers_download", sent.mailing.pk).splitlines()
    assert len(lines) == 3
    assert lines[1].startswith('"Ferrer, Lucía";5º A;Yes;nuria@x.example;nuria@x.example;') or lines[1].startswith(
        "Ferrer, Lucía;5º A;Yes;nuria@x.example;nuria@x.example;"
    )
    assert "Was No until" in lines[1]
    assert "Not yet" in lines[2]


def test_a_live_page_is_told_to_fetch_itself_when_the_state_has_changed(office_client, school, sent: Sent):
    url = school.url("deliveries:progress", sent.mailing.pk)
    htmx = {"hx-request": "true"}
    assert office_client.get(url + "?state=sending", headers=htmx).headers["HX-Refresh"] == "true"
    same = office_client.get(url + "?state=done", headers=htmx)
    assert "HX-Refresh" not in same.headers
    assert "hx-get" not in same.content.decode()


def test_the_next_step_is_offered_to_those_who_may_take_it(see, client, school, sent: Sent):
    marc = Delivery.objects.get(state="skipped").person_id
    add = school.url("recipients:contact_point_add", marc)
    assert add in see("deliveries:log", sent.mailing.pk)
    client.force_login(make_member(school, "reader").user)
    page = client.get(school.url("deliveries:log", sent.mailing.pk)).content.decode()
    assert add not in page
    assert "Ask the office" in page


def test_a_message_that_stopped_by_itself_leads_to_what_must_be_mended(
    client, school, office, administrator, sent: Sent
):
    Mailing.objects.update(state="stopped", problem="The server refused the login.")
    pages = {}
    for member in (office, administrator):
        client.force_login(member.user)
        pages[member.pk] = client.get(school.url("deliveries:log", sent.mailing.pk)).content.decode()
    assert "Ask an administrator to check the sender account" in pages[office.pk]
    assert school.url("senders:account_edit", sent.mailing.sender.account_id) in pages[administrator.pk]


def test_the_history_counts_answers_as_the_page_of_the_answers_does(see, sent: Sent):
    for address in ("nuria@x.example", "marc@x.example"):
        answer(sent, sent.lucia, "yes", address)
    assert "1 answer<" in see("deliveries:history")
