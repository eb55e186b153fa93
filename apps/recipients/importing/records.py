"""What a file says about one person, whichever format it had."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Membership:
    """A group that a person belongs to. `kind`, `role`: values of Group.Kind and Enrolment.Role."""

    name: str
    unit: str = ""
    year: str = ""
    kind: str = "class"
    role: str = "student"


@dataclass(slots=True)
class PersonRecord:
    """One person. Addresses and numbers are pairs (as written, normalised). `row` is the row in the file."""

    row: int
    kind: str
    first_name: str = ""
    last_name: str = ""
    external_id: str = ""
    language: str = ""
    unit: str = ""
    commercial: bool | None = None
    relation: str = ""
    emails: list[tuple[str, str]] = field(default_factory=list)
    phones: list[tuple[str, str]] = field(default_factory=list)
    communication: list[tuple[str, str]] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    guardians: list["PersonRecord"] = field(default_factory=list)


@dataclass(slots=True)
class RowProblem:
    """What is wrong in a row: `column` is a heading, empty when it concerns the whole row."""

    row: int
    column: str
    message: str
    file_name: str = ""


@dataclass(slots=True)
class YearDates:
    """A school year that the file names, with its first and last day (ISO), where it gives them."""

    name: str
    starts_on: str = ""
    ends_on: str = ""
