"""OneRoster 1.1 and 1.2, as the specifications have it and as programs write it."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.rosters.facts import (
    Coverage,
    Mistake,
    Remark,
    StagedContact,
    StagedEnrolment,
    StagedGroup,
    StagedGuardianship,
    StagedPerson,
    StagedYear,
)
from apps.rosters.readers import detect
from apps.rosters.refusing import FileRefused
from tests.rosters.rosters import facts_of, mistakes, of, remarks, without_places, written, zipped

MANIFEST = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n" + "".join(
    f"file.{name},bulk\n" for name in ("orgs", "academicSessions", "classes", "enrollments", "users")
)
ORGS = (
    "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    "d,,,Almendral Group,district,,\no1,,,Primary,school,,d\n"
)
SESSIONS = (
    "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n"
    "t1,,,First term,term,2026-09-01,2026-12-20,y,2027\n"
    "y,,,Year,schoolYear,2026-09-01,2027-06-20,,2027\n"
)
CLASSES = (
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
    "termSourcedIds,subjects,subjectCodes,periods\n"
    "c1,,,5A,5,co,5A,homeroom,,o1,y,,,\nc2,,,Mathematics,5,co,M5,scheduled,,o1,t1,,,\n"
)
ENROLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n"
    "e1,,,c1,o1,s1,student,,,\ne2,,,c1,o1,t,teacher,true,,\ne3,tobedeleted,,c2,o1,s1,student,,,\n"
)
USERS = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password\n"
    's1,,,true,"d,o1",student,aina,,Aina,Puig,,1,,,,"g1,g2",5,secret\n'
    "s2,tobedeleted,,true,o1,student,pau,,Pau,Puig,,2,,,,,5,secret\n"
    "g1,,,true,o1,guardian,marta,,Marta,Serra,,,marta@x.example,600123456,600123456,,,secret\n"
    "g2,,,true,o1,parent,joan,,Joan,Puig,,,,,,s2,,secret\n"
    "t,,,true,o1,teacher,ada,,Ada,Byron,,,ada@x.example,,,,,secret\n"
)
ROSTER = {
    "manifest.csv": MANIFEST,
    "orgs.csv": ORGS,
    "academicSessions.csv": SESSIONS,
    "classes.csv": CLASSES,
    "enrollments.csv": ENROLMENTS,
    "users.csv": USERS,
    "demographics.csv": "sourcedId,birthDate,sex\ns1,2016-01-01,female\n",
}
# The same roster after 1.2: roles in a file of their own, a primary organisation.
SECOND = ROSTER | {
    "users.csv": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,"
    "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n"
    's1,,,true,aina,,Aina,Puig,,1,,,,"g1,g2",5,secret,,,,,o1,\n'
    "s2,tobedeleted,,true,pau,,Pau,Puig,,2,,,,,5,secret,,,,,o1,\n"
    "g1,,,true,marta,,Marta,Serra,,,marta@x.example,600123456,600123456,,,secret,,,,,o1,\n"
    "g2,,,true,joan,,Joan,Puig,,,,,,s2,,secret,,,,,o1,\n"
    "t,,,true,ada,,Ada,Byron,,,ada@x.example,,,,,secret,,,,,o1,\n",
    "roles.csv": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
    "userProfileSourcedId\n"
    "r1,,,s1,primary,student,,,o1,\nr2,,,s2,primary,student,,,o1,\nr3,,,g1,primary,guardian,,,o1,\n"
    "r4,,,g2,primary,parent,,,o1,\nr5,,,t,primary,teacher,,,o1,\nr6,,,t,secondary,parent,,,o1,\n",
    "userProfiles.csv": "sourcedId,password\nx,secret\n",
}


def changed(files: dict[str, str] = ROSTER, **texts) -> list:
    """The facts of a roster in which some files are other ones."""
    return facts_of(zipped(files | {f"{name}.csv": text for name, text in texts.items()}))


def users(*rows: str) -> str:
    return USERS + "".join(f"{row}\n" for row in rows)


def test_enrolments_in_other_roles_are_counted_and_told_in_one_line():
    rows = [f"x{number},,,c1,o1,g1,{role},,,\n" for number, role in enumerate(["guardian", "Mentor", "mentor"])]
    facts = changed(enrollments=ENROLMENTS + "".join(rows))
    assert of(StagedEnrolment, facts) == of(StagedEnrolment, changed())
    message = "3 rows are passed over: their role (guardian, mentor) is neither that of a student nor a teacher."
    assert of(Mistake, facts) == [Mistake(5, "role", message, "enrollments.csv", "guardian, mentor", is_fatal=False)]


@pytest.mark.feature("S0.14")
@pytest.mark.parametrize("files", [ROSTER, SECOND], ids=["1.1", "1.2"])
def test_a_roster_says_who_is_who(files):
    facts = facts_of(zipped(files))
    people = {person.key: person for person in of(StagedPerson, facts)}
    assert {key: (each.kind, each.first_name, each.unit, each.status) for key, each in people.items()} == {
        "s1": ("student", "Aina", "Primary", "here"),
        "s2": ("student", "Pau", "Primary", "gone"),
        "g1": ("guardian", "Marta", "Primary", "here"),
        "g2": ("guardian", "Joan", "Primary", "here"),
        "t": ("staff", "Ada", "Primary", "here"),
    }
    pairs = [("s1", "g1"), ("s1", "g2"), ("s2", "g2")]
    assert of(StagedGuardianship, facts) == [StagedGuardianship(*pair) for pair in pairs]
    assert of(StagedContact, facts)[:2] == [
        StagedContact("g1", "email", "own", "marta@x.example", "marta@x.example"),
        StagedContact("g1", "phone", "own", "600123456", "+34600123456"),
    ]
    assert facts[0] == Coverage("bulk")
    assert not mistakes(facts)


STAFF_ROLES = (
    "administrator aide proctor counselor principal districtAdministrator siteAdministrator systemAdministrator"
)


@pytest.mark.feature("S0.14")
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_the_roles_of_the_standard_and_those_that_schools_add(version):
    kinds = dict.fromkeys([*STAFF_ROLES.split(), "ext:Teacher"], "staff") | {
        "relative": "guardian",
        "learner": "student",
    }
    kinds |= dict.fromkeys(["mentor", "ext:coach"], "contact")
    first, second, roles = USERS, SECOND["users.csv"], SECOND["roles.csv"]
    for number, role in enumerate(kinds):
        first += f"n{number},,,true,o1,{role},,,Person,{number},,,,,,,,\n"
        second += f"n{number},,,true,,,Person,{number},,,,,,,,,,,,,o1,\n"
        roles += f"q{number},,,n{number},primary,{role},,,o1,\n"
    facts = changed(users=first) if version == "1.1" else changed(SECOND, users=second, roles=roles)
    found = {person.last_name: person.kind for person in of(StagedPerson, facts) if person.first_name == "Person"}
    assert found == {str(number): kind for number, kind in enumerate(kinds.values())}
    assert [each.value for each in of(Remark, facts)] == ["mentor", "ext:coach"]
    assert not mistakes(facts)


def test_a_role_that_is_not_known_is_told_in_one_line_and_takes_nothing_from_another_role():
    rows = [f"m{number},,,true,o1,Mentor,,,Mentor,{number},,,m{number}@x.example,,,,," for number in range(3)]
    facts = changed(users=users(*rows))
    said = "3 rows have the role “Mentor”, not known here: whoever has no other becomes a contact."
    assert of(Remark, facts) == [Remark(7, "role", said, "users.csv", "Mentor")]
    assert not mistakes(facts)
    facts = changed(
        SECOND, roles=SECOND["roles.csv"] + "r7,,,t,secondary,ext:coach,,,o1,\nr8,tobedeleted,,t,,sage,,,,\n"
    )
    said = "1 row has the role “ext:coach”, not known here: whoever has no other becomes a contact."
    assert of(Remark, facts) == [Remark(8, "role", said, "roles.csv", "ext:coach")]
    assert {each.key: each.kind for each in of(StagedPerson, facts)}["t"] == "staff"


def test_of_many_roles_that_are_not_known_the_first_are_told():
    rows = [f"m{number},,,true,o1,mentor{number},,,Mentor,{number},,,,,,,," for number in range(30)]
    told = of(Remark, changed(users=users(*rows)))
    assert [each.value for each in told] == [*(f"mentor{number}" for number in range(20)), "…"]
    assert told[-1].message.startswith("10 rows have the role “…”")


@pytest.mark.feature("S0.14")
@pytest.mark.parametrize("files", [ROSTER, SECOND], ids=["1.1", "1.2"])
def test_a_roster_says_who_is_in_which_class_of_which_year(files):
    facts = facts_of(zipped(files))
    assert of(StagedYear, facts) == [StagedYear("2026-27", "2026-27", "2026-09-01", "2027-06-20")]
    assert of(StagedGroup, facts) == [
        StagedGroup("c1", "class", "5A", "Primary", "2026-27", "c1"),
        StagedGroup("c2", "subject", "Mathematics", "Primary", "2026-27", "c2"),
    ]
    assert of(StagedEnrolment, facts) == [
        StagedEnrolment("s1", "c1", "student", external_id="e1"),
        StagedEnrolment("t", "c1", "teacher", external_id="e2"),
        StagedEnrolment("s1", "c2", "student", "gone", external_id="e3"),
    ]


@pytest.mark.parametrize("files", [ROSTER, SECOND], ids=["1.1", "1.2"])
def test_passwords_and_demographics_are_never_read(files):
    facts = facts_of(zipped(files))
    assert not any("secret" in value or "2016-01-01" in value for fact in facts for value in map(str, fact))


def test_a_folder_reads_as_its_zip(tmp_path):
    for name, text in ROSTER.items():
        (tmp_path / name).write_text(text)
    assert facts_of(tmp_path) == facts_of(str(tmp_path)) == facts_of(zipped(ROSTER))
    assert facts_of(zipped({f"export/{name}": text for name, text in ROSTER.items()})) == facts_of(zipped(ROSTER))


def test_one_file_of_changes_makes_a_delta_in_which_strangers_are_not_mistakes():
    manifest = MANIFEST.replace("users,bulk", "users,delta").replace("classes,bulk", "classes,absent")
    files = {"manifest.csv": manifest, "enrollments.csv": ENROLMENTS, "users.csv": USERS}
    facts = facts_of(zipped(files))
    assert facts[0] == Coverage("delta")
    assert not mistakes(facts)
    assert {column for _file, _row, column in remarks(facts)} == {"value"}
    assert len(of(StagedEnrolment, facts)) == 3


def test_a_delta_may_have_no_users():
    manifest = "propertyName,value\nfile.enrollments,delta\nfile.users,absent\n"
    facts = facts_of(zipped({"manifest.csv": manifest, "enrollments.csv": ENROLMENTS}))
    assert [type(fact) for fact in without_places(facts)] == [Coverage] + 3 * [StagedEnrolment]


def test_a_bulk_without_users_is_refused():
    with pytest.raises(FileRefused, match=r"users\.csv"):
        changed({"manifest.csv": MANIFEST, "orgs.csv": ORGS})


def test_what_the_manifest_says_and_the_folder_has_not_is_a_remark():
    facts = changed(manifest=MANIFEST.replace("file.orgs,bulk", "file.orgs,absent") + "file.roles,bulk\n")
    assert remarks(facts) == [("manifest.csv", 9, "value"), ("manifest.csv", 4, "value")]
    assert not mistakes(facts)
    assert all(not each.is_fatal for each in of(Mistake, facts))


@pytest.mark.parametrize(
    "header",
    [
        "SourcedID;Status;Role;Given Name;fammilyName;e-mail;agentSourceIds",
        "sourceId;status;role;first_name;last name;EMAIL;AGENTSOURCEDIDS",
        "sourced id;stauts;role;givenname;famliyName;Email Address;agent_sourced_id",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_columns_are_found_however_they_are_spelt(header, encoding):
    rows = [
        's1;active;Student;Iñaki;Muñoz;;"g1,g2"',
        "g1;;Guardian;Núria;Ortega;n@x.example;",
        "g2;;parent;Joan;Muñoz;;s1",
    ]
    content = "\n".join([header, *rows]).encode(encoding)  # without a line end at the end
    facts = facts_of(zipped({"manifest.csv": "propertyName,value", "users.csv": content}))
    people = [(each.key, each.kind, each.first_name, each.last_name) for each in of(StagedPerson, facts)]
    assert people == [
        ("s1", "student", "Iñaki", "Muñoz"),
        ("g1", "guardian", "Núria", "Ortega"),
        ("g2", "guardian", "Joan", "Muñoz"),
    ]
    assert {(each.student_key, each.guardian_key) for each in of(StagedGuardianship, facts)} == {
        ("s1", "g1"),
        ("s1", "g2"),
    }
    assert not mistakes(facts)


@pytest.mark.parametrize(
    ("starts", "ends", "year"),
    [
        ("1/9/2026", "20/6/2027", "2026-27"),
        ("9/1/2026", "6/20/2027", "2026-27"),
        ("01.09.2026", "20.06.2027", "2026-27"),
        ("2026-09-01T00:00:00.000Z", "2027-06-20", "2026-27"),
        ("2026-07-01", "2027-06-30", "2026-27"),
        ("2027-01-11", "2027-06-20", "2026-27"),
        ("2026-01-28", "2026-12-10", "2026"),
        ("", "", "2026-27"),
    ],
)
def test_years_are_named_by_their_days(starts, ends, year):
    row = f"y,,,Year,schoolYear,{starts},{ends},,2027\n"
    facts = changed(academicSessions=SESSIONS.splitlines()[0] + "\n" + row)
    assert [each.name for each in of(StagedYear, facts)] == [year]
    assert of(StagedGroup, facts)[0].year == year


@pytest.mark.feature("S0.14")
def test_guardians_in_a_loop_are_named_and_let_go():
    facts = changed(
        users=users(
            "g3,,,,o1,guardian,,,Anna,Roca,,,,,,g4,,",
            "g4,,,,o1,guardian,,,Pere,Roca,,,,,,g3,,",
            "s3,,,,o1,student,,,Nil,Roca,,,,,,s3,,",
            "s4,,,,o1,student,,,Ot,Roca,,,,,,nobody,,",
        )
    )
    assert mistakes(facts) == [("users.csv", row, "agentSourcedIds") for row in (7, 8, 9, 10)]
    assert {person.key for person in of(StagedPerson, facts)} >= {"g3", "g4", "s3", "s4"}
    assert len(of(StagedGuardianship, facts)) == 3


def test_who_teaches_and_has_children_is_staff_and_a_guardian():
    facts = changed(users=USERS.replace('"g1,g2"', '"g1,t"'))
    assert StagedGuardianship("s1", "t") in without_places(facts)
    assert not mistakes(facts)


@pytest.mark.feature("S0.14")
def test_a_class_in_two_years_counts_in_the_latest_and_is_named():
    last = "y0,,,Last year,schoolYear,2025-09-01,2026-06-20,,2026\n"
    facts = changed(academicSessions=SESSIONS + last, classes=CLASSES.replace(",o1,y,", ',o1,"y0,y",'))
    assert [each.year for each in of(StagedGroup, facts)] == ["2026-27", "2026-27"]
    assert remarks(facts) == [("classes.csv", 2, "termSourcedIds")]
    assert not mistakes(facts)


@pytest.mark.feature("S0.14")
def test_an_id_used_again_for_another_person_leaves_the_second_out():
    facts = changed(users=users("s1,,,,o1,student,,,Nil,Roca,,,,,,,,", "s1,,,,o1,student,,,Aina,Puig,,,,,,,,"))
    assert mistakes(facts) == [("users.csv", 7, "sourcedId")]
    assert "Nil" not in {person.first_name for person in of(StagedPerson, facts)}


def test_a_term_whose_parents_go_round_in_a_loop_has_a_year():
    rows = "a,,,A,term,2026-09-01,2026-12-20,b,\nb,,,B,term,2027-01-08,2027-06-20,a,\n"
    facts = changed(academicSessions=SESSIONS.splitlines()[0] + "\n" + rows)
    assert [each.name for each in of(StagedYear, facts)] == ["2026-27"]


def test_rows_that_cannot_be_read_are_named_by_file_row_and_column():
    facts = changed(
        users=users(",,,,o1,student,,,Nil,Roca,,,,,,,,", "s9,,,,o1,student,,,,,,,,,,,,", "s8,too,short"),
        enrollments=ENROLMENTS + "e9,,,nothing,o1,s1,student,,,\ne10,,,c1,o1,nobody,student,,,\n",
        classes=CLASSES + "c9,,,,,,,,,o1,y,,,\n",
    )
    assert mistakes(facts) == [
        ("classes.csv", 4, "title"),
        ("users.csv", 7, "sourcedId"),
        ("users.csv", 8, "givenName"),
        ("users.csv", 9, ""),
        ("enrollments.csv", 5, "classSourcedId"),
        ("enrollments.csv", 6, "userSourcedId"),
    ]


def test_a_file_that_cannot_be_read_at_all_is_refused_by_its_name():
    with pytest.raises(FileRefused, match=r"^enrollments\.csv: Row 3"):
        changed(enrollments=ENROLMENTS.replace("e2,", '"e2,'))
    with pytest.raises(FileRefused, match=r"users\.csv has no column sourcedid"):
        changed(users="role,givenName\nstudent,Aina\n")


HEADER = ["sourcedId", "status", "role", "givenName", "familyName", "email", "agentSourcedIds"]
NAME = st.text(alphabet="aáñłßéø' -", min_size=1, max_size=10).map(lambda text: " ".join(f"x{text}x".split()))


@pytest.mark.feature("S0.14")
@settings(max_examples=30, deadline=None)
@given(names=st.lists(NAME, min_size=2, max_size=30), seed=st.integers(0, 2**32))
def test_a_tenth_of_the_rows_broken_costs_these_rows_alone(names, seed):
    chance = random.Random(seed)
    good, broken = {}, []
    rows = []
    for number, name in enumerate(names):
        row = [f"p{number}", "active", chance.choice(["student", "guardian"]), name, "Puig", f"p{number}@x.example", ""]
        if chance.random() < 0.1:
            row = chance.choice([row[:3], ["", *row[1:]], [*row[:3], "", "", *row[5:]], [*row, "more"]])
            broken.append(len(rows) + 2)
        else:
            good[row[0]] = (row[2], name, row[5])
        rows.append(row)
    files = {"users.csv": written([HEADER, *rows], chance.choice(",;\t"), chance.choice(["utf-8", "utf-8-sig"]))}
    facts = facts_of(zipped({"manifest.csv": "propertyName,value", **files}))
    addresses = {each.person_key: each.value for each in of(StagedContact, facts)}
    assert {each.key: (each.kind, each.first_name, addresses[each.key]) for each in of(StagedPerson, facts)} == good
    assert [row for _file, row, _column in mistakes(facts)] == broken


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (ROSTER, "oneroster"),
        ({"users.csv": USERS}, "oneroster"),
        ({"users.csv": SECOND["users.csv"], "roles.csv": SECOND["roles.csv"]}, "oneroster"),
        ({"users.csv": "sourcedId,givenName,familyName\n", "roles.csv": "userSourcedId,role\n"}, "sds"),
        ({"Student.csv": "SIS ID,First Name,Last Name\n", "Teacher.csv": "SIS ID\n"}, "sds"),
    ],
)
def test_the_format_of_a_folder_is_found_out(files, found):
    assert detect(zipped(files), "roster.zip") == found


def test_a_folder_of_something_else_is_refused():
    with pytest.raises(FileRefused, match="format is not known"):
        detect(zipped({"lunches.csv": "day,dish\n", "rooms.csv": "room\n"}), "lunch.zip")
