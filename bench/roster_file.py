"""A roster as a school's program writes it: a row a student, with class and the guardians whom siblings share."""

import csv
from collections.abc import Iterator
from pathlib import Path

from openpyxl import Workbook

from apps.portal.demo.names import FIRST_NAMES, LAST_NAMES

HEADER = (
    *("Student ID", "First name", "Last name", "Class", "Student email"),
    *("Guardian 1 first name", "Guardian 1 last name", "Guardian 1 email", "Guardian 1 phone"),
    *("Guardian 2 first name", "Guardian 2 last name", "Guardian 2 email", "Guardian 2 phone"),
)
FIELDS = (
    *("external_id", "first_name", "last_name", "group", "email"),
    *("guardian1_first_name", "guardian1_last_name", "guardian1_email", "guardian1_phone"),
    *("guardian2_first_name", "guardian2_last_name", "guardian2_email", "guardian2_phone"),
)
_CLASS_SIZE = 25


def rows(people: int) -> Iterator[tuple[str, ...]]:
    """So many rows that there are about `people` people in them: families of two students and two guardians."""
    for number in range(people // 2):
        family = number // 2
        mother, father = _name(family * 7 + 1), _name(family * 11 + 5)
        yield (
            *(f"S-{number:06}", *_name(number), f"Class {number // _CLASS_SIZE}", f"student{number}@school.example"),
            *(*mother, f"mother{family}@mail.example", f"+346{family:08}"),
            *(*father, f"father{family}@mail.example", f"+347{family % 50_000_000:08}"),
        )


def write_csv(path: Path, people: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        writer.writerows(rows(people))


def write_xlsx(path: Path, people: int) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEADER)
    for row in rows(people):
        sheet.append(row)
    book.save(path)


def _name(number: int) -> tuple[str, str]:
    first, last = FIRST_NAMES["es"], LAST_NAMES["es"]
    surnames = last[number // len(first) % len(last)], last[number // (len(first) * len(last)) % len(last)]
    return first[number % len(first)], " ".join(surnames)
