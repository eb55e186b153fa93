"""What a file says, as small facts in any order: what every reader yields, and what the stage takes in.

A reader yields each fact as soon as it has read it, and keeps none: who belongs to whom is found by the database. Keys
are the file's own (a sourcedId, a number, or one that the reader makes up) and mean nothing outside it. Everything is
checked and normalised; of what is wrong a Mistake is yielded in its place.
"""

from typing import NamedTuple

# Whether somebody or something is there, or was and has gone. Of several rows on one the first of these counts.
HERE, GONE = "here", "gone"
STATUSES = (HERE, GONE)
# No file names pairs by more columns: the row and the number of the columns become one number.
_COLUMNS_AT_MOST = 256


class StagedPerson(NamedTuple):
    """One person. The same key twice: what stands later fills what stood empty.

    `kind`, `language`: values of Person. `status`: gone where the row says that the person has left.
    """

    key: str
    kind: str
    external_id: str = ""
    document: str = ""
    first_name: str = ""
    last_name: str = ""
    language: str = ""
    unit: str = ""
    status: str = HERE
    row: int = 0
    file: str = ""


class StagedContact(NamedTuple):
    """An address or number of a person, in the order in which they are written to: the first own one is primary."""

    person_key: str
    channel: str
    purpose: str
    value: str
    normalized: str


class StagedPlaces(NamedTuple):
    """Columns by which a file names two that belong together: student and guardian, or person and class.

    `number`: by which a `place` means them. `first`, `second`: the headings.
    """

    number: int
    file: str
    first: str
    second: str

    def at(self, row: int) -> int:
        """A row and these columns as one number: the `place` of a pair."""
        return row * _COLUMNS_AT_MOST + self.number


def row_and_columns(place: int) -> tuple[int, int]:
    """The row of a place, and the number of its StagedPlaces."""
    return divmod(place, _COLUMNS_AT_MOST)


class StagedGuardianship(NamedTuple):
    student_key: str
    guardian_key: str
    relation: str = ""
    status: str = HERE
    place: int = 0


class StagedFamily(NamedTuple):
    """Of files with changes alone: the row of this person names all the guardians, or all the students, there are."""

    person_key: str


class StagedGroup(NamedTuple):
    """A class or subject. `year` is the key of a StagedYear, or the name of a year; empty: the year of the import."""

    key: str
    kind: str
    name: str
    unit: str = ""
    year: str = ""
    external_id: str = ""
    status: str = HERE


class StagedEnrolment(NamedTuple):
    """`role`: a value of Enrolment.Role. What is "gone" may be known by its number alone, without person and class."""

    person_key: str
    group_key: str
    role: str = "student"
    status: str = HERE
    place: int = 0
    external_id: str = ""


class StagedUnit(NamedTuple):
    """A unit under its number in the school's own system."""

    external_id: str
    name: str


class StagedYear(NamedTuple):
    """A school year; days in ISO form, empty where the file has none."""

    key: str
    name: str
    starts_on: str = ""
    ends_on: str = ""


class StagedConsent(NamedTuple):
    """What a row says of a consent. `kind`: a value of Consent.Kind."""

    person_key: str
    kind: str
    granted: bool


class Mistake(NamedTuple):
    """What is wrong in a row, with a sentence for the office. `column` is a heading; empty: the whole row.

    `is_fatal`: the row was left out; else it was read without this cell.
    """

    row: int
    column: str
    message: str
    file: str = ""
    value: str = ""
    is_fatal: bool = True


class Remark(NamedTuple):
    """What the office is to know of a row that is read all the same, and whole. As Mistake."""

    row: int
    column: str
    message: str
    file: str = ""
    value: str = ""


class Coverage(NamedTuple):
    """Whether the file has everybody ("bulk": who is missing has left) or only changes ("delta"). One to a file."""

    of: str


Staged = (
    StagedPerson
    | StagedContact
    | StagedPlaces
    | StagedGuardianship
    | StagedFamily
    | StagedGroup
    | StagedEnrolment
    | StagedUnit
    | StagedYear
    | StagedConsent
    | Mistake
    | Remark
    | Coverage
)
