"""Families whom no email reaches: exactly those, with why, and a letter on paper for each."""

import csv
import io
from datetime import date

import pytest
from django.utils import timezone

from apps.campaigns.audience import audience
from apps.organizations.models import Unit
from apps.organizations.scoping import in_organization
from apps.recipients import reaching
from apps.recipients.letter_text import letter_date
from apps.recipients.models import AcademicYear, Enrolment, Group, Guardianship, Person
from apps.recipients.unreachable import Asked, counts, students_out_of_reach
from apps.targetlists.opting_out import opt_out
from tests import people
from tests.conftest import make_member
from tests.reading import one_line

pytestmark = [pytest.mark.django_db, pytest.mark.feature("B14")]


@pytest.fixture
def group(scoped) -> Group:
    return people.group("5º A")


def out_of_reach(**asked) -> list[str]:
    year = asked.pop("year", None) or AcademicYear.current()
    return [person.full_name for _group, person in students_out_of_reach(Asked(year, **asked))]


def why(student: Person) -> list[str]:
    found = {person.pk: person for _group, person in students_out_of_reach(Asked(AcademicYear.current()))}
    return [str(obstacle) for obstacle in found[student.pk].reach.obstacles]


def failed(owner: Person) -> None:
    owner.contact_points.get().mark_failed("mailbox does not exist")


def test_who_has_an_address_of_any_kind_that_works_is_reached(group):
    people.guardian("Joan Puig", "joan@x.example", people.student("Aina Puig", group))
    people.student("Marta Vila", group, address="marta@x.example")
    people.student("Ona Soler", group, communication="aunt@x.example")
    both = people.student("Pol Serra", group)
    people.guardian("Nil Serra", "", both)
    people.guardian("Eva Serra", "eva@x.example", both)
    assert out_of_reach() == []


def test_who_has_no_guardian_and_no_address_is_not_reached(group):
    assert why(people.student("Aina Puig", group)) == ["No guardian on record."]


def test_a_guardian_without_an_address_a_restricted_one_and_a_failed_one_reach_nobody(group):
    student = people.student("Aina Puig", group)
    people.guardian("Joan Puig", "", student)
    people.guardian("Ona Puig", "ona@x.example", student, restricted=True)
    failed(people.guardian("Eva Puig", "eva@x.example", student))
    today = timezone.localdate()
    assert why(student) == [
        "Joan Puig: no email address",
        "Ona Puig: restricted, gets nothing",
        f"Eva Puig: [ko] eva@x.example came back on {today.day} {today:%b}: mailbox does not exist",
    ]


def test_a_mailbox_that_a_restricted_guardian_shares_reaches_nobody(group):
    lucia = people.student("Lucía Rest", group)
    people.guardian("Pablo Rest", "home@x.example", lucia, restricted=True)
    people.guardian("Ana Rest", "home@x.example", lucia)
    people.contact_point(lucia, "home@x.example", purpose="communication", is_primary=False)
    assert [person.pk for person in Person.objects.filter(reaching.out_of_reach())] == [lucia.pk]
    (student,) = reaching.with_reach([lucia])
    assert student.reach.addresses == []
    assert "Ana Rest: home@x.example is also of somebody who is restricted" in map(str, student.reach.obstacles)
    people.guardian("Eva Rest", "eva@x.example", lucia)
    assert not Person.objects.filter(reaching.out_of_reach()).exists()


def test_a_telephone_is_no_email(group):
    student = people.student("Aina Puig", group)
    people.contact_point(people.guardian("Joan Puig", "", student), "612 55 50 18", channel="phone")
    assert why(student) == ["Joan Puig: no email address"]


def test_an_address_that_came_back_elsewhere_works_for_nobody(group):
    failed(people.guardian("Joan Puig", "shared@x.example", people.student("Aina Puig", group)))
    student = people.student("Pau Vila", group)
    people.guardian("Eva Vila", "shared@x.example", student)
    assert why(student) == ["Eva Vila: [ko] shared@x.example came back"]


def test_an_address_to_which_nobody_writes_is_no_way(group):
    student = people.student("Aina Puig", group)
    guardian = people.guardian("Joan Puig", "first@x.example", student)
    people.contact_point(guardian, "second@x.example", is_primary=False)
    failed_point = guardian.contact_points.get(normalized="first@x.example")
    failed_point.mark_failed("full")
    assert out_of_reach() == ["Aina Puig"]


def test_the_same_family_is_missing_here_and_in_a_message(group, office):
    """What the page says is what a message to the class would do."""

    student = people.student("Aina Puig", group)
    people.guardian("Joan Puig", "joan@x.example", student, restricted=True)
    people.guardian("Eva Vila", "eva@x.example", people.student("Pau Vila", group))
    mailing = people.mailing(group, by=office, to_guardians=True, to_personal=True, to_communication=True)
    assert audience.count(mailing).getting == 1
    assert out_of_reach() == ["Aina Puig"]


def test_who_has_unsubscribed_can_be_reached_and_gets_no_letter_that_asks_for_an_address(group):
    people.guardian("Joan Puig", "joan@x.example", people.student("Aina Puig", group))
    student = people.student("Pol Serra", group)
    people.guardian("Eva Serra", "eva@x.example", student)
    people.guardian("Nil Serra", "", student)
    for address in ("joan@x.example", "eva@x.example"):
        opt_out(address, commercial=False)
    assert out_of_reach() == []


def test_counts_stand_per_class_and_who_is_in_no_class_comes_last(group):
    other = people.group("5º B")
    people.student("Aina Puig", group)
    people.student("Marta Vila", group, address="marta@x.example")
    people.student("Ona Soler", other)
    people.student("Pol Serra")
    people.student("Eva Roca", people.group("Music", "subject"))
    found = [(each.group.name if each.group else None, each.out, each.students) for each in counts(Asked(group.year))]
    assert found == [("5º A", 1, 2), ("5º B", 1, 1), (None, 2, 2)]


def test_year_unit_and_class_narrow_the_page(office_client, school, group):
    unit, last = Unit.objects.create(name="Primary"), people.year("2025-26", 2025)
    people.student("Aina Puig", group)
    people.student("Ona Soler", people.group("5º B", unit=unit))
    old = Group.objects.create(name="4º A", year=last)
    people.student("Pol Serra", old, active=False)
    people.student("Eva Roca", group, active=False)

    def shown(**query):
        page = office_client.get(school.url("recipients:unreachable"), query).text
        return [name for name in ("Puig", "Soler", "Serra", "Roca") if f"{name}, " in page]

    assert shown() == ["Puig", "Soler"]
    assert shown(unit=unit.pk) == ["Soler"]
    assert shown(group=group.pk) == ["Puig"]
    assert shown(year=last.pk) == ["Serra"]


def test_the_download_has_a_line_for_each(office_client, school, group):
    people.student("=cmd Puig", group, external_id="S1")
    people.student("Marta Vila", group, address="marta@x.example")
    response = office_client.get(school.url("recipients:unreachable_download"))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert rows == [
        ["Class", "Unit", "Name", "Number", "Why"],
        ["5º A", "", "Puig, =cmd", "S1", "No guardian on record."],
    ]


def test_each_family_gets_one_letter_in_the_language_of_the_school(office_client, school, group):
    school.language = "es"
    school.save()
    people.student("Aina Puig", group, people.group("5º B"))
    people.student("Marta Vila", group, address="marta@x.example")
    page = office_client.get(school.url("recipients:letters")).text
    assert page.count('<article class="familyletter"') == 1
    letter = page.split("<article", 1)[1]
    assert "A la familia de" in letter
    assert "Aina Puig" in letter
    assert "5º A" in letter
    assert "no tiene ninguna dirección suya que funcione" in letter


def test_a_letter_is_in_the_language_of_the_family_until_the_office_writes_its_own(office_client, school, group):
    school.language = "es"
    school.save()
    for name, language in [("Aina Puig", "it"), ("Ona Soler", "")]:
        guardian = people.guardian(f"Mare {name}", "", people.student(name, group))
        Person.objects.filter(pk=guardian.pk).update(language=language)
    aina, ona = office_client.get(school.url("recipients:letters")).text.split("<article")[1:]
    assert 'lang="it"' in aina
    assert "Alla famiglia di" in aina
    assert 'lang="es"' in ona
    assert "A la familia de" in ona
    office_client.post(school.url("recipients:letters"), {"text": "Venga a la oficina."})
    letters = office_client.get(school.url("recipients:letters")).text.split("<article")[1:]
    assert all('lang="es"' in letter and "A la familia de" in letter for letter in letters)


def test_a_class_that_is_not_there_or_of_another_school_prints_no_letters(office_client, school, other_school, group):
    people.student("Aina Puig", group)
    with in_organization(other_school):
        theirs = people.group("5º A")
    for asked in (f"group={theirs.pk}", "group=abc", f"year={theirs.year_id}", "unit=999999999999999999999"):
        for page in ("recipients:letters", "recipients:unreachable"):
            assert office_client.get(school.url(page) + f"?{asked}").status_code == 404
    assert office_client.get(school.url("recipients:letters") + "?group=&year=&unit=").text.count("<article") == 1


def test_only_those_ticked_are_printed_and_nobody_of_another_organisation(office_client, school, other_school, group):
    aina, _ona = people.student("Aina Puig", group), people.student("Ona Soler", group)
    reached = people.student("Marta Vila", group, address="marta@x.example")
    with in_organization(other_school):
        stranger = people.student("Pol Serra", people.group("1A"))
    ticked = {"ticked": "yes", "student": [aina.pk, reached.pk, stranger.pk, "x"]}
    letters = office_client.get(school.url("recipients:letters"), ticked).context["letters"]
    assert [student for _group, student, _words in letters] == [aina]
    nobody = office_client.get(school.url("recipients:letters"), {"ticked": "yes"}, follow=True).text
    assert "Tick somebody first." in nobody


def test_the_text_is_kept_for_the_next_time_and_can_be_brought_back(office_client, school, other_school, group):
    people.student("Aina Puig", group)
    url = school.url("recipients:letters")
    shipped = office_client.get(url).context["text"]
    office_client.post(url, {"text": "Come to the office.\r\n\r\n<b>Room 3</b>"})
    page = office_client.get(url).text
    assert "<p>Come to the office.</p>" in page
    assert "<p>&lt;b&gt;Room 3&lt;/b&gt;</p>" in page
    office_client.post(url, {"text": "x" * 1501})
    assert "Come to the office." in office_client.get(url).text
    office_client.post(url, {"do": "reset", "text": "Something"})
    assert office_client.get(url).context["text"] == shipped


def test_the_text_of_one_school_is_not_that_of_another(client, school, other_school, group):
    client.force_login(make_member(school, "office").user)
    client.post(school.url("recipients:letters"), {"text": "Come to the office."})
    client.force_login(make_member(other_school, "office").user)
    assert client.get(other_school.url("recipients:letters")).context["text"] != "Come to the office."


def test_a_reader_prints_letters_and_changes_no_text(client, school, group):
    people.student("Aina Puig", group)
    client.force_login(make_member(school, "reader").user)
    page = client.get(school.url("recipients:letters")).text
    assert "To the family of" in page
    assert "<textarea" not in page
    assert client.post(school.url("recipients:letters"), {"text": "Mine"}).status_code == 403


def test_hundreds_are_listed_in_a_number_of_queries_that_does_not_grow(
    office_client, school, group, django_assert_max_num_queries
):
    students = Person.objects.bulk_create(
        Person(kind="student", last_name=f"N{number:03}", search_name=f"n{number:03}") for number in range(350)
    )
    guardian = people.person("Joan Puig", kind="guardian")
    Enrolment.objects.bulk_create(Enrolment(person=student, group=group) for student in students)
    Guardianship.objects.bulk_create(Guardianship(student=student, guardian=guardian) for student in students)
    with django_assert_max_num_queries(30):
        page = one_line(office_client.get(school.url("recipients:unreachable")).text)
    assert "The first 300 of 350." in page
    assert page.count("Joan Puig: no email address") == 300


@pytest.mark.parametrize(
    ("language", "april", "november"),
    [
        ("en", "3 April 2026", "22 November 2026"),
        ("es", "3 de abril de 2026", "22 de noviembre de 2026"),
        ("ca", "3 d’abril de 2026", "22 de novembre de 2026"),
        ("it", "3 aprile 2026", "22 novembre 2026"),
        ("pl", "3 kwietnia 2026", "22 listopada 2026"),
        ("sv", "3 april 2026", "22 november 2026"),
    ],
)
def test_the_day_of_a_letter_is_written_as_the_language_writes_it(language, april, november):
    assert (letter_date(date(2026, 4, 3), language), letter_date(date(2026, 11, 22), language)) == (april, november)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("\n\n".join(["One line."] * 13), True),
        ("\n\n".join(["One line."] * 15), False),
        ("\n".join(["One line."] * 23), True),
        ("\n".join(["One line."] * 24), False),
        ("\n\n".join(["x" * 105] * 8), True),
        ("\n\n".join(["x" * 105] * 13), False),
        ("word " * 300, True),
        ("word " * 301, False),
        ("WORD " * 290, False),
    ],
)
def test_a_text_that_does_not_fit_on_one_page_is_shown_again(office_client, school, group, text, fits):
    people.student("Lucía", group)
    page = office_client.post(school.url("recipients:letters"), {"text": text}, follow=True).text
    assert ("It was not kept." in page) == (not fits)
    assert text.strip() in page.replace("\r\n", "\n")
    school.refresh_from_db()
    assert bool(school.letter_text) == fits
