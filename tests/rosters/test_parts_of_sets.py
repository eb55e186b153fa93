"""A file out of a set that holds no people is refused before a person is made of each of its rows."""

import pytest

from apps.rosters.readers import detect, look
from apps.rosters.refusing import FileRefused
from tests.rosters.rosters import zipped
from tests.rosters.test_oneroster import ROSTER, USERS
from tests.rosters.test_school_data_sync import FIRST, SECOND

ONEROSTER = ("manifest.csv", "orgs.csv", "academicSessions.csv", "classes.csv", "enrollments.csv")
SECOND_VERSION = ("roles.csv", "orgs.csv", "classes.csv", "enrollments.csv", "relationships.csv")
FIRST_VERSION = ("School.csv", "Section.csv", "StudentEnrollment.csv", "TeacherRoster.csv")
FILES = [(ROSTER[name], name) for name in ONEROSTER] + [(SECOND[name], name) for name in SECOND_VERSION]
FILES += [(FIRST[name], name) for name in FIRST_VERSION]


@pytest.mark.feature("S0.14")
@pytest.mark.parametrize(("text", "name"), FILES)
def test_a_file_of_a_set_is_no_file_of_people(text, name):
    for source in (text.encode(), zipped({"export.csv": text})):
        with pytest.raises(FileRefused, match=r"This is one file of a .* set") as refusal:
            look(source, name)
        assert name.removesuffix(".csv") in str(refusal.value)
        assert str(refusal.value).endswith("Put all its files into one ZIP.")


def test_a_file_of_onerosters_classes_is_called_so():
    with pytest.raises(FileRefused) as refusal:
        look(ROSTER["classes.csv"].encode(), "anything.csv")
    assert str(refusal.value) == "This is one file of a OneRoster set (classes). Put all its files into one ZIP."


@pytest.mark.parametrize(
    "text",
    [
        USERS,
        SECOND["users.csv"],
        FIRST["Student.csv"],
        FIRST["Teacher.csv"],
        FIRST["User.csv"],
        "SIS ID,Name,Class,Email\n1,Aina Puig,5A,\n",
        "sourcedId,Nombre,Apellidos,Clase\n1,Aina,Puig,5A\n",
        "ID,Name,Type,Title\n1,Aina Puig,student,\n",
    ],
)
def test_people_alone_are_a_table(text):
    assert detect(text.encode(), "people.csv") == "table"
