"""Families as the readers tell of them, and the import of a list of facts."""

from apps.imports.reconciling.comparing_and_loading import Outcome, compare, load
from apps.recipients.models import ImportRun, ImportSource
from apps.rosters.facts import (
    Coverage,
    Staged,
    StagedContact,
    StagedEnrolment,
    StagedGroup,
    StagedGuardianship,
    StagedPerson,
)


def student(key: str, first: str, last: str = "Puig", group: str = "", year: str = "", **more) -> list[Staged]:
    """A student whose number is the key, and the class that is named."""
    facts: list[Staged] = [StagedPerson(key, "student", more.pop("external_id", key), "", first, last, **more)]
    if group:
        facts.append(StagedGroup(f"{group} {year}", "class", group, "", year))
        facts.append(StagedEnrolment(key, f"{group} {year}"))
    return facts


def guardian(key: str, of: str, name: str, email: str = "", phone: str = "", relation: str = "") -> list[Staged]:
    """A guardian without a number, of the student with the key `of`."""
    first, _space, last = name.partition(" ")
    facts: list[Staged] = [StagedPerson(key, "guardian", "", "", first, last)]
    facts += [StagedContact(key, "email", "own", email, email.lower())] if email else []
    facts += [StagedContact(key, "phone", "own", phone, phone)] if phone else []
    return [*facts, StagedGuardianship(of, key, relation)]


def email(key: str, address: str, purpose: str = "own") -> list[Staged]:
    return [StagedContact(key, "email", purpose, address, address.lower())]


def a_source(**fields) -> ImportSource:
    return ImportSource.objects.create(**({"name": "Nightly", "format": "table", "withdraws": True} | fields))


def a_run(source: ImportSource | None = None, **options) -> ImportRun:
    options = {"year": "2026-27"} | options
    return ImportRun.objects.create(file_name="facts", format="table", source=source, options=options)


def loaded(facts: list[Staged], source: ImportSource | None = None, coverage: str = "bulk", **options) -> Outcome:
    return load(a_run(source, **options), [*facts, Coverage(coverage)])


def compared(facts: list[Staged], source: ImportSource | None = None, coverage: str = "bulk", **options) -> Outcome:
    return compare(a_run(source, **options), [*facts, Coverage(coverage)])
