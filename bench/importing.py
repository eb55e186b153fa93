"""How long a school's file takes until all of it is on record, beside COPY and upsert of the same rows."""

import csv
import json
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from apps.recipients.models import ImportSource, Person
from bench.filling import School, make_school
from bench.inserting import settle
from bench.report import Report
from bench.roster_file import write_csv, write_xlsx
from bench.servers import BenchProblem, Installation

_SMALL = 10  # how many times fewer people show whether memory is flat


def run(options: Namespace, place: Installation) -> Report:
    """The figures of `bin/bench import`. Raises BenchProblem."""
    files = {
        "csv": place.folder / "roster.csv",
        "xlsx": place.folder / "roster.xlsx",
        "small": place.folder / "few.csv",
    }
    write_csv(files["csv"], options.people)
    write_xlsx(files["xlsx"], options.people)
    write_csv(files["small"], options.people // _SMALL)
    raw = [_raw(make_school(f"raw{number}"), files["csv"]) for number in range(2)]
    small = _import(place, make_school("small"), files["small"])
    school = make_school("almendral")
    first, second = _import(place, school, files["csv"]), _import(place, school, files["csv"])
    by_excel = _import(place, make_school("excel"), files["xlsx"])
    _look(options.people, first, second, by_excel)
    return _report(raw, small, first, second, by_excel)


def _report(raw: list[float], small: dict, first: dict, second: dict, by_excel: dict) -> Report:
    report = Report()
    report.add(people=first["counts"]["created"], all_raw_seconds=raw, raw_seconds=min(raw))
    report.add(csv_seconds=first["seconds"], counts=first["counts"])
    report.at_most("times_raw", first["seconds"] / min(raw), 4)
    report.add(xlsx_seconds=by_excel["seconds"])
    report.at_most("xlsx_times_csv", by_excel["seconds"] / first["seconds"], 2)
    report.add(second_seconds=second["seconds"])
    report.at_most("second_run", second["seconds"] / first["seconds"], 0.5)
    report.add(peak_mb_small=small["peak_mb"], peak_mb=first["peak_mb"], peak_mb_xlsx=by_excel["peak_mb"])
    report.at_most("memory_growth", first["peak_mb"] / small["peak_mb"], 1.1)
    return report


def _import(place: Installation, school: School, file: Path) -> dict[str, Any]:
    with school.scope():
        source = ImportSource.objects.get_or_create(name="School", defaults={"format": "table", "withdraws": True})[0]
    settle()
    return json.loads(place.run("-m", "bench.import_alone", str(file), str(school.organization.pk), str(source.pk)))


def _look(people: int, first: dict, second: dict, by_excel: dict) -> None:
    """Raises BenchProblem when what was loaded is not what was in the file."""
    created = first["counts"]["created"], by_excel["counts"]["created"]
    if any(abs(number - people) > people / 100 for number in created) or created[0] != created[1]:
        raise BenchProblem(f"Created {created} of {people} people.")
    if second["counts"]["unchanged"] != created[0] or second["counts"]["created"] or second["counts"]["changed"]:
        raise BenchProblem(f"The second run changed something: {second['counts']}")


def _raw(school: School, path: Path) -> float:
    """Seconds to read the file and write its rows by COPY and upsert, without checking or comparing anything.

    Every person is given a number, so that one key finds all of them again.
    """
    organization = school.organization.pk
    settle()
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _TABLES:
            cursor.execute(statement)
        with path.open(newline="", encoding="utf-8") as file, cursor.copy("COPY row_of_file FROM STDIN") as copy:
            rows = csv.reader(file, delimiter=";")
            next(rows)
            for row in rows:
                copy.write_row(row)
        for statement in _UPSERTS:
            cursor.execute(statement, {"organization": organization})
    seconds = time.perf_counter() - begun
    with school.scope():
        if not Person.objects.exists():
            raise BenchProblem("The raw statements wrote nobody.")
    return seconds


_TABLES = (
    "DROP TABLE IF EXISTS row_of_file",
    """CREATE TEMPORARY TABLE row_of_file (number text, first text, last text, class text, email text,
        first1 text, last1 text, email1 text, phone1 text, first2 text, last2 text, email2 text, phone2 text)""",
)
_PEOPLE = """INSERT INTO recipients_person (organization_id, kind, external_id, first_name, last_name, search_name,
    language, document, active, left_source, imported_name, language_source, created_at)
SELECT DISTINCT ON ({key}) %(organization)s, '{kind}', {key}, {first}, {last}, lower({last} || ' ' || {first}),
    '', '', true, '', '', '', now() FROM row_of_file
ON CONFLICT (organization_id, external_id) WHERE NOT external_id = ''
DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name, search_name = excluded.search_name"""
_CONTACTS = """INSERT INTO recipients_contactpoint (organization_id, person_id, channel, purpose, value, normalized,
    is_primary, health, health_reason, source)
SELECT DISTINCT ON (p.id) %(organization)s, p.id, '{channel}', 'own', {value}, {value}, true, 'good', '', 'import'
FROM row_of_file JOIN recipients_person p ON p.organization_id = %(organization)s AND p.external_id = {key}
ON CONFLICT (organization_id, person_id, channel, purpose, normalized) DO UPDATE SET value = excluded.value"""
_PAIRS = """INSERT INTO recipients_guardianship (organization_id, student_id, guardian_id, relation, restricted, source)
SELECT %(organization)s, s.id, g.id, '', false, 'import' FROM row_of_file
JOIN recipients_person s ON s.organization_id = %(organization)s AND s.external_id = number
JOIN recipients_person g ON g.organization_id = %(organization)s AND g.external_id = {key}
ON CONFLICT DO NOTHING"""
_UPSERTS = (
    "ANALYZE row_of_file",
    _PEOPLE.format(kind="student", key="number", first="first", last="last"),
    _PEOPLE.format(kind="guardian", key="email1", first="first1", last="last1"),
    _PEOPLE.format(kind="guardian", key="email2", first="first2", last="last2"),
    "ANALYZE recipients_person",
    _CONTACTS.format(channel="email", key="number", value="email"),
    _CONTACTS.format(channel="email", key="email1", value="email1"),
    _CONTACTS.format(channel="email", key="email2", value="email2"),
    _CONTACTS.format(channel="phone", key="email1", value="phone1"),
    _CONTACTS.format(channel="phone", key="email2", value="phone2"),
    _PAIRS.format(key="email1"),
    _PAIRS.format(key="email2"),
    """INSERT INTO recipients_academicyear (organization_id, name, starts_on, ends_on, external_id)
    VALUES (%(organization)s, '2026-27', '2026-09-01', '2027-06-30', '') ON CONFLICT DO NOTHING""",
    """INSERT INTO recipients_group (organization_id, kind, name, year_id, external_id)
    SELECT DISTINCT %(organization)s::bigint, 'class', class, y.id, '' FROM row_of_file
    JOIN recipients_academicyear y ON y.organization_id = %(organization)s ON CONFLICT DO NOTHING""",
    """INSERT INTO recipients_enrolment (organization_id, person_id, group_id, role, source)
    SELECT %(organization)s, p.id, g.id, 'student', 'import' FROM row_of_file
    JOIN recipients_person p ON p.organization_id = %(organization)s AND p.external_id = number
    JOIN recipients_group g ON g.organization_id = %(organization)s AND g.name = class ON CONFLICT DO NOTHING""",
)
