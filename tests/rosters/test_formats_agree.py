"""The same school says the same, whichever format its program writes."""

import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.rosters.facts import Staged, StagedContact, StagedEnrolment, StagedGroup, StagedGuardianship, StagedPerson
from tests.rosters.rosters import facts_of, mistakes, of, written, zipped

NAME = st.text(alphabet="aáñłßéøüAB' -", min_size=1, max_size=10).map(lambda text: " ".join(f"x{text}x".split()))
MANIFEST = [["propertyName", "value"], ["file.users", "bulk"], ["file.roles", "bulk"], ["file.enrollments", "bulk"]]
SESSIONS = [
    ["sourcedId", "title", "type", "startDate", "endDate"],
    ["y", "Year", "schoolYear", "1/9/2026", "20/6/2027"],
]


@dataclass
class Member:
    """Somebody at the school. `children`: ids of students, of a guardian alone."""

    key: str
    kind: str
    first: str
    last: str
    email: str
    phone: str
    group: str = ""
    children: tuple[str, ...] = ()


def a_school(names: list[str], chance: random.Random) -> list[Member]:
    """Students with up to two guardians, whom they share as siblings do, and a teacher."""
    members = [_member("s", number, "student", name, chance) for number, name in enumerate(names)]
    teacher = _member("t", 0, "teacher", names[0], chance)
    families: list[list[str]] = [[] for _family in names]
    for student in members:
        families[chance.randrange(len(families))].append(student.key)
    guardians = [
        _member("g", 2 * number + parent, "guardian", names[number], chance, tuple(children))
        for number, children in enumerate(families)
        for parent in range(chance.randrange(3))
        if children
    ]
    return [*members, teacher, *guardians]


def _member(sign: str, number: int, kind: str, name: str, chance: random.Random, children=()) -> Member:
    email = chance.choice(["", f"{sign}{number}@x.example"])
    phone = chance.choice(["", f"6{ord(sign):03}{number:05}"])
    group = "" if sign == "g" else chance.choice(["5A", "5B"])
    return Member(f"{sign}{number}", kind, name, f"Puig {number}", email, phone, group, children)


def _guardians(school: list[Member], student: Member) -> list[Member]:
    return [each for each in school if student.key in each.children]


def as_table(school: list[Member]) -> tuple[list[str], list[list[str]]]:
    fields = ["external_id", "kind", "first_name", "last_name", "email", "phone", "group"]
    parts = ("external_id", "first_name", "last_name", "email", "phone")
    fields += [f"guardian{number}_{part}" for number in (1, 2) for part in parts]
    rows = []
    for each in school:
        if each.kind != "guardian":
            row = [each.key, each.kind, each.first, each.last, each.email, each.phone, each.group]
            for one in _guardians(school, each):
                row += [one.key, one.first, one.last, one.email, one.phone]
            rows.append(row + [""] * (len(fields) - len(row)))
    return fields, rows


def _folder(school: list[Member], header: list[str]) -> dict[str, list[list[str]]]:
    classes = [[each, each, "y"] for each in ("5A", "5B")]
    return {
        "academicSessions.csv": SESSIONS,
        "classes.csv": [header, *classes],
        "enrollments.csv": [
            ["classSourcedId", "userSourcedId", "role"],
            *([each.group, each.key, each.kind] for each in school if each.group),
        ],
    }


def as_oneroster(school: list[Member], chance: random.Random, is_second: bool) -> dict[str, list[list[str]]]:
    """Students name their guardians, or guardians their students, at random."""
    agents: dict[str, list[str]] = {each.key: [] for each in school}
    for each in school:
        for child in each.children:
            one, other = chance.sample([each.key, child], 2)
            agents[one].append(other)

    def role_of(each: Member) -> str:
        return "" if is_second else each.kind

    people = [
        [each.key, role_of(each), each.first, each.last, each.email, each.phone, ",".join(agents[each.key])]
        for each in school
    ]
    files = _folder(school, ["sourcedId", "title", "termSourcedIds"])
    head = ["sourcedId", "role", "givenName", "familyName", "email", "sms", "agentSourcedIds"]
    files |= {"manifest.csv": MANIFEST if is_second else MANIFEST[:2], "users.csv": [head, *people]}
    if is_second:
        roles = [[f"r{each.key}", each.key, "primary", each.kind] for each in school]
        files["roles.csv"] = [["sourcedId", "userSourcedId", "roleType", "role"], *roles]
    return files


def as_school_data_sync(school: list[Member]) -> dict[str, list[list[str]]]:
    pairs = [[child, each.key, "guardian"] for each in school for child in each.children]
    head = ["sourcedId", "givenName", "familyName", "email", "phone"]
    people = [[each.key, each.first, each.last, each.email, each.phone] for each in school]
    roles = [[each.key, "", each.kind] for each in school if each.group]
    return _folder(school, ["sourcedId", "title", "sessionSourcedIds"]) | {
        "users.csv": [head, *people],
        "roles.csv": [["userSourcedId", "orgSourcedId", "role"], *roles],
        "relationships.csv": [["userSourcedId", "relationshipUserSourcedId", "relationshipRole"], *pairs],
    }


def packed(files: dict[str, list[list[str]]], chance: random.Random) -> bytes:
    """A ZIP whose rows stand in any order, each file with its own separator, encoding and last line."""
    texts: dict[str, str | bytes] = {}
    for name, (header, *rows) in files.items():
        chance.shuffle(rows)
        content = written([header, *rows], chance.choice(",;\t"), chance.choice(["utf-8", "utf-8-sig"]), "\n")
        texts[name] = chance.choice([content, content.rstrip(b"\n")])
    return zipped(texts)


def said(facts: list[Staged]) -> set[tuple]:
    """What the facts say, but for the order, the row and the ids of classes.

    In a table guardians are keyed apart from whoever has a row.
    """
    groups = {each.key: (each.name, each.year) for each in of(StagedGroup, facts)}
    people = {
        (_key(each.key), each.kind, each.external_id, each.first_name, each.last_name, each.status)
        for each in of(StagedPerson, facts)
    }
    contacts = {
        (_key(each.person_key), each.channel, each.purpose, each.normalized) for each in of(StagedContact, facts)
    }
    pairs = {(each.student_key, _key(each.guardian_key), each.status) for each in of(StagedGuardianship, facts)}
    enrolments = {(each.person_key, *groups[each.group_key], each.role) for each in of(StagedEnrolment, facts)}
    return people | contacts | pairs | enrolments


def _key(key: str) -> str:
    return key.removeprefix("guardian ")


@pytest.mark.feature("S0.14")
@settings(max_examples=40, deadline=None)
@given(names=st.lists(NAME, min_size=1, max_size=8), seed=st.integers(0, 2**32))
def test_a_school_says_the_same_in_each_format(names, seed):
    chance = random.Random(seed)
    school = a_school(names, chance)
    fields, rows = as_table(school)
    table = facts_of(written([fields, *rows], ";"), fields=fields, year="2026-27")
    folders = [
        as_oneroster(school, chance, is_second=False),
        as_oneroster(school, chance, is_second=True),
        as_school_data_sync(school),
    ]
    others = [facts_of(packed(files, chance)) for files in folders]
    assert not mistakes(table)
    assert len(of(StagedGuardianship, table)) == sum(len(each.children) for each in school)
    for facts in others:
        assert not mistakes(facts)
        assert said(facts) == said(table)
