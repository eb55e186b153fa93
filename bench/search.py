"""How long it takes to find somebody among a million people, beside the least the database can do."""

import statistics
import time
from argparse import Namespace
from collections.abc import Callable
from functools import partial

from django.db import connection
from django.test import RequestFactory

from apps.core.channels import PHONE
from apps.core.keyset import paginate
from apps.portal.demo.names import LAST_NAMES
from apps.recipients.models import ContactPoint, Person
from apps.recipients.people_lists import people_found, with_details
from apps.recipients.searching import narrowed, number_up_to_most
from bench.filling import School, add_staff, make_school
from bench.inserting import insert_numbered, settle, without_triggers
from bench.report import Report
from bench.servers import BenchProblem, Installation

_REPEATS = 5


def run(options: Namespace, place: Installation) -> Report:
    """The figures of `bin/bench search`. Raises BenchProblem."""
    school = make_school("almendral")
    add_staff(school, options.people)
    report = Report()
    with school.scope():
        _add_numbers(school, options.people)
        searches, nobody = _searches(options.people)
        found = {name: _page(text)[1] for name, text in searches.items()}
        wrong = [name for name, number in found.items() if (number == 0) != (name == nobody)]
        if wrong:
            raise BenchProblem(f"These searches do not find what they should: {', '.join(wrong)}.")
        in_list = {name: _milliseconds(partial(_page, text)) for name, text in searches.items()}
        of_all = {name: _milliseconds(partial(_anybody, text)) for name, text in searches.items()}
        floor = {"primary_key": _milliseconds(_by_key), "index_of_parts": _milliseconds(_by_part)}
    report.add(found=found, floor_milliseconds=floor, list_milliseconds=in_list, anybody_milliseconds=of_all)
    every = [*in_list.values(), *of_all.values()]
    report.add(median_milliseconds=statistics.median(every))
    report.at_most("worst_milliseconds", max(every), 100)
    return report


def _add_numbers(school: School, people: int) -> None:
    """A telephone number for everybody, beside the address each has."""
    first = Person.objects.order_by("pk").values_list("pk", flat=True)[0] - 1
    number = "'+346' || lpad((n::bigint * 7919 % 100000000)::text, 8, '0')"
    columns = {"person": f"{first} + n", "channel": "'phone'", "value": number, "normalized": number}
    with without_triggers():
        insert_numbered(ContactPoint, people, columns)
    settle()


def _searches(people: int) -> tuple[dict[str, str], str]:
    """What is searched by name; and the name of the one search that must find nobody."""
    somebody = Person.objects.order_by("pk")[people // 2]
    phone = ContactPoint.objects.get(person=somebody, channel=PHONE)
    last = somebody.last_name.split()[0]
    searches = {
        "full_name": somebody.full_name,
        "part_of_last_name": max(LAST_NAMES["es"], key=len)[1:5],
        "last_name": last,
        "two_words": f"{somebody.first_name} {last}",
        "two_letters": last[:2],
        "full_address": f"staff{people // 2}@mail.example",
        "domain": "@mail.example",
        "part_of_number": phone.normalized[4:10],
        "nobody": "Xochiquetzal Wrzesniewski",
    }
    return searches, "nobody"


def _page(text: str) -> tuple[list[Person], int]:
    """What the page of one list reads for a search: a hundred people with their details, and how many there are."""
    found = people_found("staff", text)
    return paginate(with_details(found), RequestFactory().get("/")).rows, number_up_to_most(found)


def _anybody(text: str) -> tuple[list[Person], int]:
    """The same for people of all kinds."""
    found = narrowed(Person.objects.all(), text)
    rows = paginate(with_details(found), RequestFactory().get("/"), ("kind", "search_name", "id")).rows
    return rows, number_up_to_most(found)


def _milliseconds(ask: Callable[[], object]) -> float:
    """The median of some runs."""
    taken = []
    for _run in range(_REPEATS):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def _by_key() -> None:
    _ask("SELECT * FROM recipients_person WHERE id = (SELECT max(id) FROM recipients_person)")


def _by_part() -> None:
    _ask("SELECT person_id FROM recipients_contactpoint WHERE normalized LIKE '%staff12345@%'")


def _ask(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.fetchall()
