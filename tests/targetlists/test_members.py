"""Members of lists as sets: many at once, once each, counted, and read page by page."""

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from apps.core.keyset import paginate
from apps.organizations.scoping import in_organization
from apps.recipients.models import Person
from apps.targetlists.conditions import people_meeting
from apps.targetlists.members import (
    PEOPLE_ORDER,
    add_addresses,
    add_people,
    first_people_on,
    number_of,
    numbers_of,
    remove_people,
)
from apps.targetlists.models import TargetList, TargetListMember, UploadedList
from apps.targetlists.uploading import PORTION, FileRefused, upload_list
from tests import people

from .test_uploading import csv_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def picked(scoped):
    return TargetList.objects.create(name="Trip")


def make_people(number: int) -> None:
    Person.objects.bulk_create(
        Person(kind="contact", last_name=f"Contact {n:04}", search_name=f"contact {n:04}") for n in range(number)
    )


@pytest.mark.feature("S1.20")
def test_however_many_come_on_a_list_it_takes_one_insert(picked):
    make_people(250)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert add_people(picked, people_meeting({"field": "kind", "operator": "is", "value": ["contact"]})) == 250
    assert len([query for query in queries if "INSERT" in query["sql"]]) == 1
    assert add_people(picked, Person.objects.all()) == 0
    people.person("One More")
    assert add_people(picked, Person.objects.all()) == 1
    assert number_of(picked) == 251


def test_nobody_of_another_organisation_comes_along(picked, other_school):
    with in_organization(other_school):
        people.person("Chiara Rossi")
    assert add_people(picked, Person.objects.all()) == 0


def test_lists_are_counted_in_one_query(picked, django_assert_num_queries):
    make_people(30)
    add_people(picked, Person.objects.all())
    add_addresses(picked, ["a@x.example", "b@x.example", "A@x.example"])
    empty = TargetList.objects.create(name="Empty")
    uploaded = UploadedList.objects.create(name="x.csv", rows_total=7)
    file = TargetList.objects.create(name="File", kind="uploaded", uploaded=uploaded)
    with django_assert_num_queries(1):
        assert numbers_of([picked, empty, file]) == {picked.pk: 32, file.pk: 7} | {empty.pk: 0}


def test_pages_of_members_hold_each_once_in_order(picked):
    make_people(250)
    people.student("Aina Puig")
    add_people(picked, Person.objects.all())
    seen, cursor = [], ""
    while True:
        request = RequestFactory().get("/", {"after": cursor} if cursor else {})
        page = paginate(first_people_on(picked, 251), request, PEOPLE_ORDER, size=100)
        seen += [person.full_name for person in page]
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == [*(f"Contact {n:04}" for n in range(250)), "Aina Puig"]


def test_people_are_taken_off_and_stay_on_record(picked):
    make_people(20)
    add_people(picked, Person.objects.all())
    assert remove_people(picked, Person.objects.filter(search_name__lt="contact 0005")) == 5
    assert number_of(picked) == 15
    assert Person.objects.count() == 20


def test_a_deleted_person_leaves_every_list(picked):
    make_people(2)
    add_people(picked, Person.objects.all())
    Person.objects.first().delete()
    assert number_of(picked) == TargetListMember.objects.count() == 1


def test_a_list_changes_its_date_only_when_somebody_comes_or_goes(picked):
    make_people(1)
    before = TargetList.objects.get().updated_at
    add_people(picked, Person.objects.filter(pk=0))
    assert TargetList.objects.get().updated_at == before
    add_people(picked, Person.objects.all())
    assert TargetList.objects.get().updated_at > before


@pytest.mark.feature("S3.4")
def test_a_file_of_several_portions_keeps_the_first_of_each_address(scoped):
    rows = [f"p{n % (PORTION + 300)}@x.example,Row {n}" for n in range(2 * PORTION + 50)]
    uploaded = upload_list(csv_file("Email,Name\n" + "\n".join(rows)), None)
    assert uploaded.rows_total == uploaded.rows.count() == PORTION + 300
    first, later = uploaded.rows.get(normalized="p7@x.example"), uploaded.rows.get(normalized="p2299@x.example")
    assert (first.name, first.row) == ("Row 7", 9)
    assert later.name == "Row 2299"


def test_a_bad_row_far_down_leaves_nothing_behind(scoped):
    rows = [f"p{n}@x.example" for n in range(PORTION + 10)]
    with pytest.raises(FileRefused, match=f"Row {PORTION + 12}, column 1"):
        upload_list(csv_file("Email\n" + "\n".join([*rows, "nobody"])), None)
    assert not UploadedList.objects.exists()


def test_more_addresses_than_a_list_takes_are_refused(scoped, monkeypatch):
    monkeypatch.setattr("apps.targetlists.uploading.MAX_ROWS", 5)
    upload_list(csv_file("Email\n" + "a@x.example\n" * 9), None)
    with pytest.raises(FileRefused, match="more than 200,000 addresses"):
        upload_list(csv_file("Email\n" + "\n".join(f"p{n}@x.example" for n in range(6))), None)
