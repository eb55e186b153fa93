"""Keyset pages: the same rows in the same order as plain slicing, forwards and backwards."""

import pytest
from django.test import RequestFactory

from apps.core.keyset import paginate
from apps.recipients.models import Person

ORDERS = [("search_name", "id"), ("-id",), ("-search_name", "id")]


@pytest.fixture
def people(scoped):
    for number in range(23):
        Person.objects.create(kind=Person.Kind.STUDENT, first_name="Ana", last_name=f"Name{number % 5}")
    return Person.objects.all()


def page_at(people, order, **query):
    return paginate(people, RequestFactory().get("/", query), order=order, size=7)


@pytest.mark.parametrize("order", ORDERS)
def test_walking_forwards_shows_every_row_once_in_order(people, order):
    seen, query = [], {}
    for _step in range(10):
        page = page_at(people, order, **query)
        seen += [row.pk for row in page.rows]
        if not page.next_cursor:
            break
        query = {"after": page.next_cursor}
    assert seen == list(people.order_by(*order).values_list("pk", flat=True))


@pytest.mark.parametrize("order", ORDERS)
def test_going_back_shows_the_page_one_came_from(people, order):
    first = page_at(people, order)
    second = page_at(people, order, after=first.next_cursor)
    back = page_at(people, order, before=second.previous_cursor)
    assert [row.pk for row in back.rows] == [row.pk for row in first.rows]


@pytest.mark.parametrize(
    "cursor", ["nonsense", "", "bnVsbA", "W10", "é", "WyJhIl0", "WyJcdWQ4MDAiLDFd", "W3siYXQiOiIyMDI2LTExLTIyIn1d"]
)
def test_a_broken_cursor_shows_the_first_page(people, cursor):
    page = page_at(people, ("-id",), after=cursor)
    assert [row.pk for row in page.rows] == list(people.order_by("-id").values_list("pk", flat=True)[:7])
