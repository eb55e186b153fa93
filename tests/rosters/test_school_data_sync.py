"""School Data Sync of both versions, by hand and by the samples of Microsoft where they are at hand."""

import pytest

from apps.rosters.facts import (
    Coverage,
    Mistake,
    StagedContact,
    StagedEnrolment,
    StagedGroup,
    StagedGuardianship,
    StagedPerson,
    StagedUnit,
    StagedYear,
)
from apps.rosters.readers import detect
from apps.rosters.refusing import FileRefused
from tests.rosters.rosters import SAMPLES, facts_of, mistakes, of, without_places, zipped

SECOND = {
    "orgs.csv": "sourcedId,name,type\no1,Primary,school\n",
    "academicSessions.csv": "sourcedId,title,type,schoolYear,startDate,endDate\n"
    "y1,Year,schoolYear,2026,2026-09-01,2027-06-20\n",
    "classes.csv": "sourcedId,orgSourcedId,title,sessionSourcedIds\nc1,o1,Biology 10,y1\n",
    "users.csv": "sourcedId,username,givenName,familyName,password,email,phone,sms\n"
    "s1,jack,Jack,Craig,secret,jack@x.example,,\n"
    "g1,jean,Jean,Craig,secret,jean@x.example,600123456,600123456\nt1,ada,Ada,Byron,secret,,,\nx1,max,Max,Roca,,,,\n",
    "roles.csv": "userSourcedId,orgSourcedId,role\ns1,o1,student\nt1,o1,professor\n",
    "enrollments.csv": "classSourcedId,userSourcedId,role\nc1,s1,student\nc1,t1,teacher\n",
    "relationships.csv": "userSourcedId,relationshipUserSourcedId,relationshipRole\ns1,g1,guardian\n",
}
FIRST = {
    "School.csv": "SIS ID,Name\n1,Contoso\n",
    "Section.csv": "SIS ID,School SIS ID,Section Name,Term StartDate,Term EndDate,Status\n"
    "11,1,Algebra,7/1/2026,6/30/2027,Active\n",
    "Student.csv": "SIS ID,School SIS ID,First Name,Last Name,Username,Password,Secondary Email,Status\n"
    "s1,1,Ora,Klein,ok,secret,ora@x.example,Active\ns2,1,Flo,Stark,fs,secret,,Inactive\n",
    "Teacher.csv": "SIS ID,School SIS ID,First Name,Last Name,Password,Status\nt1,1,Amy,Roe,secret,Active\n",
    "StudentEnrollment.csv": "Section SIS ID,SIS ID\n11,s1\n",
    "TeacherRoster.csv": "Section SIS ID,SIS ID\n11,t1\n",
    "User.csv": "Email,First Name,Last Name,Phone\nEva@x.example,Eva,Klein,600123456\n",
    "GuardianRelationship.csv": "SIS ID,Email,Role\ns1,eva@x.example,Parent\n",
}


@pytest.mark.feature("S0.14")
def test_the_second_version_says_who_is_who():
    assert without_places(facts_of(zipped(SECOND))) == [
        Coverage("bulk"),
        StagedUnit("o1", "Primary"),
        StagedYear("2026-27", "2026-27", "2026-09-01", "2027-06-20"),
        StagedGroup("c1", "class", "Biology 10", "Primary", "2026-27", "c1"),
        StagedPerson("s1", "student", "s1", "", "Jack", "Craig", "", "Primary", row=2, file="users.csv"),
        StagedContact("s1", "email", "own", "jack@x.example", "jack@x.example"),
        StagedPerson("g1", "guardian", "g1", "", "Jean", "Craig", row=3, file="users.csv"),
        StagedContact("g1", "email", "own", "jean@x.example", "jean@x.example"),
        StagedContact("g1", "phone", "own", "600123456", "+34600123456"),
        StagedPerson("t1", "staff", "t1", "", "Ada", "Byron", "", "Primary", row=4, file="users.csv"),
        StagedPerson("x1", "contact", "x1", "", "Max", "Roca", row=5, file="users.csv"),
        StagedGuardianship("s1", "g1", "guardian"),
        StagedEnrolment("s1", "c1", "student"),
        StagedEnrolment("t1", "c1", "teacher"),
    ]


@pytest.mark.feature("S0.14")
def test_the_first_version_says_who_is_who():
    assert without_places(facts_of(zipped(FIRST))) == [
        Coverage("bulk"),
        StagedUnit("1", "Contoso"),
        StagedGroup("11", "class", "Algebra", "Contoso", "2026-27", "11"),
        StagedYear("2026-27", "2026-27", "2026-07-01", "2027-06-30"),
        StagedPerson("s1", "student", "s1", "", "Ora", "Klein", "", "Contoso", row=2, file="Student.csv"),
        StagedContact("s1", "email", "own", "ora@x.example", "ora@x.example"),
        StagedPerson("s2", "student", "s2", "", "Flo", "Stark", "", "Contoso", "gone", row=3, file="Student.csv"),
        StagedPerson("t1", "staff", "t1", "", "Amy", "Roe", "", "Contoso", row=2, file="Teacher.csv"),
        StagedPerson("eva@x.example", "guardian", "", "", "Eva", "Klein", row=2, file="User.csv"),
        StagedContact("eva@x.example", "email", "own", "Eva@x.example", "eva@x.example"),
        StagedContact("eva@x.example", "phone", "own", "600123456", "+34600123456"),
        StagedGuardianship("s1", "eva@x.example", "Parent"),
        StagedEnrolment("s1", "11", "student"),
        StagedEnrolment("t1", "11", "teacher"),
    ]


def test_mistakes_are_named_by_file_row_and_column():
    broken = SECOND | {
        "relationships.csv": SECOND["relationships.csv"] + "s1,nobody,x\nnobody,g1,x\ns1,s1,x\n",
        "roles.csv": SECOND["roles.csv"] + "nobody,o1,student\n",
        "academicSessions.csv": SECOND["academicSessions.csv"] + "y2,Wrong,term,2026,soon,2027-01-01\n",
    }
    facts = facts_of(zipped(broken))
    assert mistakes(facts) == [
        ("academicSessions.csv", 3, "startDate"),
        ("roles.csv", 4, "userSourcedId"),
        ("relationships.csv", 3, "relationshipUserSourcedId"),
        ("relationships.csv", 4, "userSourcedId"),
        ("relationships.csv", 5, "userSourcedId"),
    ]
    assert of(Mistake, facts)[0].value == "soon"


@pytest.mark.parametrize("files", [FIRST, SECOND], ids=["v1", "v2.1"])
def test_passwords_are_never_read(files):
    assert "secret" not in str(facts_of(zipped(files)))


def test_users_without_roles_are_refused():
    files = {name: text for name, text in SECOND.items() if name != "roles.csv"}
    with pytest.raises(FileRefused, match=r"no roles\.csv"):
        facts_of(zipped(files))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the optional samples are not beside this repository")
@pytest.mark.parametrize(
    ("name", "students", "staff", "guardians", "pairs", "classes", "enrolments"),
    [("ms-sds-v1-100users", 86, 12, 0, 0, 28, 630), ("ms-sds-v2.1", 4, 2, 2, 3, 2, 6)],
)
def test_the_samples_of_microsoft_read_whole(name, students, staff, guardians, pairs, classes, enrolments):
    facts = facts_of(SAMPLES / name, country="US")
    assert detect(SAMPLES / name, name) == "sds"
    kinds = [person.kind for person in of(StagedPerson, facts)]
    assert [kinds.count(kind) for kind in ("student", "staff", "guardian")] == [students, staff, guardians]
    assert len(of(StagedGuardianship, facts)) == pairs
    assert (len(of(StagedGroup, facts)), len(of(StagedEnrolment, facts))) == (classes, enrolments)
    assert not mistakes(facts)


@pytest.mark.parametrize(
    ("role", "enrolled"),
    [("", "student"), ("learner", "student"), ("Lecturer", "teacher"), ("counselor", "teacher"), ("guardian", "")],
)
def test_nobody_is_a_student_of_a_class_by_another_role(role, enrolled):
    files = SECOND | {"enrollments.csv": f"classSourcedId,userSourcedId,role\nc1,x1,{role}\n"}
    facts = facts_of(zipped(files))
    assert [each.role for each in of(StagedEnrolment, facts)] == ([enrolled] if enrolled else [])
    assert mistakes(facts) == ([] if enrolled else [("enrollments.csv", 2, "role")])
