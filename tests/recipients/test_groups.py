"""Years, units and groups by hand; who is in a group, and how a new year gets them."""

from datetime import date

import pytest

from apps.organizations.models import Unit
from apps.organizations.scoping import in_organization
from apps.recipients import group_members, moving_up
from apps.recipients.models import AcademicYear, ContactPoint, Enrolment, Group, Person
from apps.targetlists.models import TargetList
from tests import people
from tests.conftest import make_member
from tests.reading import one_line

pytestmark = pytest.mark.django_db


def names(group: Group, role: str = "student") -> list[str]:
    return [person.full_name for person in group_members.members(group, role).order_by("search_name")]


def year_form(**fields) -> dict:
    return {"name": "2027-28", "starts_on": "2027-09-01", "ends_on": "2028-06-30"} | fields


def test_a_year_is_added_and_changed(office_client, school, scoped):
    office_client.post(school.url("recipients:year_add"), year_form())
    year = AcademicYear.objects.get()
    assert (year.name, year.starts_on, year.ends_on) == ("2027-28", date(2027, 9, 1), date(2028, 6, 30))
    office_client.post(school.url("recipients:year_edit", year.pk), year_form(name="2027/28", ends_on="2028-07-15"))
    year.refresh_from_db()
    assert (year.name, year.ends_on) == ("2027/28", date(2028, 7, 15))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ends_on": "2027-09-01"}, "The year has to end after it starts."),
        ({"ends_on": "2027-01-01"}, "The year has to end after it starts."),
        ({"name": "2026-27"}, "This name is taken already."),
        ({"name": " 2026-27 "}, "This name is taken already."),
        ({"starts_on": "yesterday"}, "Enter a valid date."),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_wrong_year_is_not_kept(office_client, school, scoped, wrong, sentence):
    people.year("2026-27")
    page = office_client.post(school.url("recipients:year_add"), year_form(**wrong)).text
    assert sentence in page
    assert AcademicYear.objects.count() == 1


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "sentence"),
    [
        ("2026-10-01", "2026-12-01", "overlap by a month at most"),
        ("2026-01-01", "2027-12-31", "The year 2026-27 goes from 1 September 2026 to 30 June 2027."),
        ("2027-05-15", "2028-05-31", "overlap by a month at most"),
        ("0001-01-01", "9999-12-31", "24 months at most"),
        ("2027-06-15", "2028-06-14", ""),
        ("2025-09-15", "2026-09-10", ""),
    ],
)
def test_two_years_overlap_by_a_month_at_most(office_client, school, scoped, starts_on, ends_on, sentence):
    people.year()
    form = {"name": "Another", "starts_on": starts_on, "ends_on": ends_on}
    page = office_client.post(school.url("recipients:year_add"), form, follow=True).text
    assert sentence in page
    assert AcademicYear.objects.filter(name="Another").exists() == (not sentence)


def test_the_year_of_today_is_marked(office_client, school, scoped):
    people.year("2025-26", 2025)
    people.year("2026-27", 2026)
    page = office_client.get(school.url("recipients:years")).text
    rows = {row.split("</a>")[0].rsplit(">", 1)[1]: row for row in page.split("<tr>")[2:]}
    assert ">now<" in rows["2026-27"]
    assert ">now<" not in rows["2025-26"]


def test_a_year_is_deleted_with_its_groups_after_the_figures_were_said(office_client, school, scoped):
    group, other = people.group("5º A"), people.group("5º B")
    student = people.student("Aina Puig", group, other)
    people.student("Pau Llorens", group)
    url = school.url("recipients:year_delete", group.year_id)
    page = one_line(office_client.get(url).text)
    assert "2 groups go with it. 2 students were in them, and 0 teachers." in page
    assert Group.objects.count() == 2
    office_client.post(url)
    assert not AcademicYear.objects.exists()
    assert not Group.objects.exists()
    assert Person.objects.filter(pk=student.pk).exists()


def test_a_unit_is_added_renamed_and_deleted_without_its_groups(office_client, school, scoped):
    office_client.post(school.url("recipients:unit_add"), {"name": "Primary"})
    unit = Unit.objects.get()
    assert "taken" in office_client.post(school.url("recipients:unit_add"), {"name": "primary"}).text
    group = people.group("5º A", unit=unit)
    people.student("Aina Puig", group, unit=unit)
    office_client.post(school.url("recipients:unit_edit", unit.pk), {"name": "Primary school"})
    unit.refresh_from_db()
    assert unit.name == "Primary school"
    url = school.url("recipients:unit_delete", unit.pk)
    assert "1 group and 1 person belong to it." in one_line(office_client.get(url).text)
    office_client.post(url)
    group.refresh_from_db()
    assert group.unit is None


def test_a_unit_stays_while_two_groups_would_bear_one_name(office_client, school, scoped):
    unit = Unit.objects.create(name="Primary")
    people.group("5º A", unit=unit)
    people.group("5º A")
    page = office_client.post(school.url("recipients:unit_delete", unit.pk)).text
    assert "There are groups of the same name without a unit: 5º A." in page
    assert Unit.objects.exists()


@pytest.mark.parametrize("of_what", ["group", "year"])
def test_a_draft_says_which_group_it_lost(office_client, school, scoped, office, of_what):
    group = people.group("5º A")
    draft = people.mailing(group, by=office)
    pk = {"group": group.pk, "year": group.year_id}[of_what]
    office_client.post(school.url(f"recipients:{of_what}_delete", pk))
    draft.refresh_from_db()
    assert draft.problem == "The group “5º A” was deleted, and is chosen no more."


@pytest.mark.parametrize("of_what", ["group", "year", "unit"])
def test_what_a_filter_asks_for_is_deleted_with_a_word_and_not_while_a_message_waits(
    office_client, school, scoped, office, of_what
):
    unit = Unit.objects.create(name="Primary")
    group = people.group("5º A", unit=unit)
    ids = {"group": group.pk, "year": group.year_id, "unit": unit.pk}
    condition = {"any": [{"field": f"guardian_{of_what}", "operator": "is", "value": [str(ids[of_what])]}]}
    families = TargetList.objects.create(name="Families", kind="filter", condition=condition)
    page = school.url(f"recipients:{of_what}_delete", ids[of_what])
    assert "The filter “Families” asks for it. No message can use that filter" in office_client.get(page).text
    message = people.mailing(families, by=office, state="pending")
    assert "A message that waits for its start uses the filter “Families”" in office_client.post(page).text
    message.delete()
    assert office_client.post(page).status_code == 302


def test_a_group_is_added_changed_and_deleted(office_client, school, scoped):
    year, unit = people.year(), Unit.objects.create(name="Primary")
    form = {"kind": "subject", "name": "Music 5º A", "unit": unit.pk, "year": year.pk}
    office_client.post(school.url("recipients:group_add"), form)
    group = Group.objects.get()
    assert (group.kind, group.name, group.unit, group.year) == ("subject", "Music 5º A", unit, year)
    office_client.post(school.url("recipients:group_edit", group.pk), form | {"name": "Music"})
    people.student("Aina Puig", group)
    assert "1 person is in this group." in office_client.get(school.url("recipients:group_delete", group.pk)).text
    office_client.post(school.url("recipients:group_delete", group.pk))
    assert not Group.objects.exists()
    assert Person.objects.filter(last_name="Puig").exists()


def test_a_group_that_a_scheduled_message_goes_to_stays_and_so_does_its_year(office_client, school, scoped):
    group = people.group("5º A")
    message = people.mailing(group, people.group("5º B"), state="pending", starts_at="2027-01-08T08:00:00Z")
    pages = [("recipients:group_delete", group.pk), ("recipients:year_delete", group.year_id)]
    for name, pk in pages:
        for page in (office_client.get(school.url(name, pk)), office_client.post(school.url(name, pk))):
            assert "1 message that waits for its start goes to it." in page.text
            assert "button--final" not in page.text
    message.delete()
    office_client.post(school.url(*pages[0]))
    office_client.post(school.url(*pages[1]))
    assert not Group.objects.exists()


def test_a_second_group_of_the_same_name_unit_and_year_is_refused(office_client, school, scoped):
    group = people.group("5º A")
    form = {"kind": "class", "name": "5º A", "year": group.year_id}
    assert "There is such a group already" in office_client.post(school.url("recipients:group_add"), form).text
    office_client.post(school.url("recipients:group_add"), form | {"kind": "subject"})
    assert Group.objects.count() == 2


def test_a_class_needs_a_year_and_a_group_of_staff_has_none(office_client, school, scoped):
    year = people.year()
    page = office_client.post(school.url("recipients:group_add"), {"kind": "class", "name": "5º A"}).text
    assert "Choose the year of the class or subject." in page
    office_client.post(school.url("recipients:group_add"), {"kind": "staff", "name": "Cooks", "year": year.pk})
    assert Group.objects.get().year is None


def test_several_students_are_found_without_accents_and_put_in_at_once(office_client, school, scoped):
    group = people.group("5º A")
    lucia, llucia = people.student("Lucía Ferrer"), people.student("Llúcia Ferrer")
    people.student("Pau Llorens")
    people.student("Lucía Ferrero", active=False)
    url = school.url("recipients:group_enrol", group.pk, "student")
    page = office_client.get(url, {"q": "FERRER"}).text
    assert "Ferrer, Lucía" in page
    assert "Llorens" not in page
    assert "Ferrero" not in page
    response = office_client.post(url, {"person": [lucia.pk, llucia.pk]}, follow=True)
    assert "2 people are put in." in response.text
    assert names(group) == ["Llúcia Ferrer", "Lucía Ferrer"]
    assert not group_members.who_may_come(group, "student", "ferrer").exists()


def test_everybody_whom_a_search_finds_is_put_in_but_never_the_whole_school(office_client, school, scoped):
    first, second = people.group("5º A"), people.group("Music", "subject")
    for number in range(3):
        people.student(f"Aina Puig{number}", first)
    people.student("Pau Llorens")
    url = school.url("recipients:group_enrol", second.pk, "student")
    office_client.post(url, {"do": "all"})
    assert names(second) == []
    office_client.post(f"{url}?from={first.pk}", {"do": "all"})
    office_client.post(f"{url}?from={first.pk}", {"do": "all"})
    assert names(second) == ["Aina Puig0", "Aina Puig1", "Aina Puig2"]


def test_teachers_are_staff_and_members_of_staff_groups_too(office_client, school, scoped):
    group, cooks = people.group("5º A"), people.group("Cooks", "staff")
    teacher, student = people.person("Joan Vila", kind="staff"), people.student("Aina Puig")
    both = {"person": [teacher.pk, student.pk]}
    office_client.post(school.url("recipients:group_enrol", group.pk, "teacher"), both)
    office_client.post(school.url("recipients:group_enrol", cooks.pk, "student"), both)
    assert names(group, "teacher") == names(cooks) == ["Joan Vila"]
    assert office_client.get(school.url("recipients:group_enrol", cooks.pk, "teacher")).status_code == 404
    assert office_client.get(school.url("recipients:group_enrol", group.pk, "cook")).status_code == 404


def test_people_of_another_organisation_are_not_put_in(office_client, school, other_school, scoped):
    group = people.group("5º A")
    with in_organization(other_school):
        stranger = people.student("Aina Puig", people.group("1A"))
        foreign = Group.objects.get()
    url = school.url("recipients:group_enrol", group.pk, "student")
    office_client.post(url, {"person": [stranger.pk]})
    office_client.post(f"{url}?from={foreign.pk}", {"do": "all"})
    assert names(group) == []


def test_ticked_students_and_a_teacher_are_taken_out(office_client, school, scoped):
    group = people.group("5º A")
    aina, pau = people.student("Aina Puig", group), people.student("Pau Llorens", group)
    teacher = people.person("Joan Vila", kind="staff")
    Enrolment.objects.create(person=teacher, group=group, role="teacher")
    url = school.url("recipients:group_members", group.pk)
    office_client.post(url, {"do": "take_out", "student": [aina.pk]})
    assert names(group) == ["Pau Llorens"]
    office_client.post(url, {"do": "take_out", "teacher": [teacher.pk]})
    assert names(group, "teacher") == []
    assert "Tick somebody first." in office_client.post(url, {"do": "take_out"}, follow=True).text
    assert Person.objects.filter(pk__in=[aina.pk, pau.pk, teacher.pk]).count() == 3


def test_students_move_to_another_class_and_are_there_once(office_client, school, scoped):
    first, second, subject = people.group("5º A"), people.group("5º B"), people.group("Music", "subject")
    aina, pau = people.student("Aina Puig", first, subject), people.student("Pau Llorens", first, second)
    people.student("Marta Vila", first)
    url = school.url("recipients:group_members", first.pk)
    move = {"do": "move", "student": [aina.pk, pau.pk]}
    response = office_client.post(url, move | {"target": second.pk}, follow=True)
    assert "2 students moved to 5º B." in response.text
    assert names(first) == ["Marta Vila"]
    assert names(second) == ["Pau Llorens", "Aina Puig"]
    assert names(subject) == ["Aina Puig"]
    refused = office_client.post(
        school.url("recipients:group_members", second.pk), move | {"target": subject.pk}, follow=True
    )
    assert "Choose the group to which they move." in refused.text
    assert names(second) == ["Pau Llorens", "Aina Puig"]


def test_the_first_year_of_all_has_no_year_to_take_students_from(office_client, school, scoped):
    year = people.year()
    response = office_client.get(school.url("recipients:year_move_up", year.pk), follow=True)
    assert "No other year to copy from" in response.text


@pytest.fixture
def two_years(scoped):
    """The classes 1º A and 2º A of the last year with students and a teacher, and an empty new year."""
    last, new = people.year("2025-26", 2025), people.year("2026-27", 2026)
    unit = Unit.objects.create(name="Primary")
    first, second = (Group.objects.create(name=name, unit=unit, year=last) for name in ("1º A", "2º A"))
    people.student("Aina Puig", first)
    people.student("Pau Llorens", first, active=False)
    people.student("Marta Vila", second)
    teacher = people.person("Joan Vila", kind="staff")
    Enrolment.objects.create(person=teacher, group=first, role="teacher")
    return last, new


def test_the_groups_of_last_year_are_copied_once_with_units_and_teachers(office_client, school, two_years):
    last, new = two_years
    url = school.url("recipients:year_copy", new.pk)
    for _ in range(2):
        office_client.post(url, {"source": last.pk, "with_teachers": "on"})
    copies = Group.objects.filter(year=new).order_by("name")
    assert [(copy.name, copy.unit.name) for copy in copies] == [("1º A", "Primary"), ("2º A", "Primary")]
    assert names(copies[0], "teacher") == ["Joan Vila"]
    assert names(copies[0]) == []


def test_without_the_tick_the_teachers_do_not_come(office_client, school, two_years):
    last, new = two_years
    office_client.post(school.url("recipients:year_copy", new.pk), {"source": last.pk})
    assert not Enrolment.objects.filter(group__year=new).exists()


def test_students_move_up_where_the_office_says_and_stay_in_the_old_year_too(office_client, school, two_years):
    last, new = two_years
    moving_up.copy_groups(last, new)
    first, second = Group.objects.filter(year=last).order_by("name")
    target = Group.objects.get(year=new, name="2º A")
    url = school.url("recipients:year_move_up", new.pk) + f"?from={last.pk}"
    page = office_client.get(url).text
    assert f'<option value="{target.pk}" selected>' in page
    foreign = {f"target-{second.pk}": first.pk}
    response = office_client.post(url, {f"target-{first.pk}": target.pk} | foreign, follow=True)
    assert "1 student is put in." in response.text
    assert names(target) == ["Aina Puig"]
    assert names(first) == ["Pau Llorens", "Aina Puig"]
    assert Enrolment.objects.filter(group__year=new).count() == 1


def test_the_next_class_is_guessed_by_its_number_alone():
    classes = {"2º A": 2, "10 ESO": 10}
    assert moving_up.guess_next("1º A", classes) == 2
    assert moving_up.guess_next("9 ESO", classes) == 10
    assert moving_up.guess_next("2º A", classes) is None
    assert moving_up.guess_next("Bees", classes) is None


def test_a_class_is_guessed_within_its_own_unit(office_client, school, two_years):
    last, new = two_years
    moving_up.copy_groups(last, new)
    Group.objects.create(name="2º A", unit=Unit.objects.create(name="Another school"), year=new)
    response = office_client.get(school.url("recipients:year_move_up", new.pk))
    guesses = {each.name: guess for each, guess in response.context["rows"]}
    assert guesses == {"1º A": Group.objects.get(year=new, name="2º A", unit__name="Primary").pk, "2º A": None}


def test_many_students_move_up_in_a_number_of_queries_that_does_not_grow(scoped, two_years, django_assert_num_queries):
    last, new = two_years
    moving_up.copy_groups(last, new)
    first, target = Group.objects.get(year=last, name="1º A"), Group.objects.get(year=new, name="2º A")
    for number in range(30):
        people.student(f"Aina Puig{number}", first)
    with django_assert_num_queries(3):
        assert moving_up.move_up({first.pk: target.pk}) == 31


@pytest.mark.feature("S0.11")
def test_a_year_loads_its_classes_and_shows_who_has_left_since(office_client, school, two_years):
    last, new = two_years
    Group.objects.create(name="3º A", year=new)
    page = office_client.get(school.url("recipients:groups"), {"year": last.pk}).text
    assert "2º A" in page
    assert "3º A" not in page
    group = Group.objects.get(year=last, name="1º A")
    page = office_client.get(school.url("recipients:group", group.pk)).text
    left, here = page.index("Llorens, Pau"), page.index("Puig, Aina")
    assert "no longer here" in page[left:here]
    assert "no longer here" not in page[here:]


@pytest.mark.feature("S0.11")
def test_a_message_to_a_class_of_a_past_year_goes_to_those_who_have_left_too(office_client, school, two_years):
    group = Group.objects.get(year=two_years[0], name="1º A")
    people.guardian("Ona Llorens", "ona@x.example", Person.objects.get(last_name="Llorens"))
    response = office_client.post(school.url("campaigns:to_group", group.pk), follow=True)
    mailing = response.context["mailing"]
    assert (mailing.year, mailing.include_former) == (group.year, True)
    assert [entry.group for entry in mailing.entries.all()] == [group]
    assert response.context["count"].getting == 1


def test_a_message_to_a_class_of_today_leaves_out_who_has_left(office_client, school, scoped):
    group = people.group("5º A")
    mailing = office_client.post(school.url("campaigns:to_group", group.pk), follow=True).context["mailing"]
    assert (mailing.year, mailing.include_former) == (group.year, False)


def test_who_teaches_a_group_may_write_to_it_and_to_no_other(client, school, scoped, teacher):
    mine, other = people.group("5º A"), people.group("5º B")
    me = people.person("Joan Vila", kind="staff", membership=teacher)
    client.force_login(make_member(school, "office").user)
    client.post(school.url("recipients:group_enrol", mine.pk, "teacher"), {"person": [me.pk]})
    client.force_login(teacher.user)
    assert "/recipients/" in client.post(school.url("campaigns:to_group", mine.pk)).url
    response = client.post(school.url("campaigns:to_group", other.pk), follow=True)
    assert response.status_code == 200
    assert "You may write to people of your own groups only." in response.text


def test_the_page_of_a_group_says_how_each_is_reached_and_what_is_missing(office_client, school, scoped):
    group = people.group("5º A")
    aina = people.student("Aina Puig", group)
    people.guardian("Joan Puig", "joan@x.example", aina)
    people.guardian("Ona Puig", "", aina)
    people.student("Pau Llorens", group)
    page = one_line(office_client.get(school.url("recipients:group", group.pk)).text)
    alone, reached = page.index("Llorens, Pau"), page.index("Puig, Aina")
    assert "Nobody is reached" in page[alone:reached]
    assert "No guardian on record." in page[alone:reached]
    assert "joan<wbr>@x.example" in page[reached:]
    assert "Ona Puig: no email address" in page[reached:]


def test_a_class_of_forty_takes_no_more_queries_than_one_of_two(
    office_client, school, scoped, django_assert_max_num_queries
):
    group = people.group("5º A")
    for number in range(40):
        student = people.student(f"Aina Puig{number}", group, address=f"s{number}@x.example")
        people.guardian(f"Joan Puig{number}", f"g{number}@x.example", student)
    assert ContactPoint.objects.count() == 80
    with django_assert_max_num_queries(25):
        office_client.get(school.url("recipients:group", group.pk))


def test_a_reader_sees_groups_and_changes_nothing(client, school, scoped):
    group = people.group("5º A")
    aina = people.student("Aina Puig", group)
    client.force_login(make_member(school, "reader").user)
    page = client.get(school.url("recipients:group", group.pk)).text
    assert "Puig, Aina" in page
    assert "Take out" not in page
    assert "Write to this group" not in page
    taken = client.post(school.url("recipients:group_members", group.pk), {"do": "take_out", "student": [aina.pk]})
    assert taken.status_code == 403
    assert names(group) == ["Aina Puig"]


_NONSENSE = {"year": "x", "unit": "9" * 30, "group": "\0"}


@pytest.mark.parametrize(
    ("page", "query"), [("years", _NONSENSE), ("units", _NONSENSE), ("groups", _NONSENSE), ("unreachable", {})]
)
def test_a_new_school_is_told_what_to_do_first(office_client, school, page, query):
    response = office_client.get(school.url(f"recipients:{page}"), query)
    assert response.status_code == 200
    assert 'class="empty"' in response.text
