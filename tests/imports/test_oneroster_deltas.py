"""OneRoster deltas: a file with changes alone does to the record what the whole roster would do."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.imports.sources import load_in_place
from apps.recipients.models import AcademicYear, Enrolment, Group, Guardianship, ImportRun, ImportSource, Person
from tests.rosters.rosters import zipped
from tests.rosters.test_oneroster import MANIFEST, ROSTER, SECOND, USERS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scoped"), pytest.mark.feature("S0.14")]
HEADERS = {name: text.splitlines()[0] for name, text in ROSTER.items()}


@pytest.fixture
def night(tmp_path):
    """Loads a roster, or with `rows` (file -> its rows) a delta; returns the run."""

    def loads(files: dict[str, str] | None = None, **rows: str) -> ImportRun:
        if rows:
            files = {f"{name}.csv": f"{HEADERS[f'{name}.csv']}\n{text}\n" for name, text in rows.items()}
            manifest = MANIFEST.replace(",bulk", ",absent")
            for name in rows:
                manifest = manifest.replace(f"file.{name},absent", f"file.{name},delta")
            files["manifest.csv"] = manifest
        path = tmp_path / "roster.zip"
        path.write_bytes(zipped(files))
        run = load_in_place("Nightly", path)
        assert run.state == "done", run.problem
        return run

    night_of_all = loads(ROSTER)
    assert night_of_all.counts["created"] == 4
    ImportSource.objects.update(most_withdrawn=60)
    return loads


def guardians(number: str = "s1") -> set[str]:
    return {pair.guardian.external_id for pair in Guardianship.objects.filter(student__external_id=number)}


def places(number: str = "s1") -> set[str]:
    return set(Enrolment.objects.filter(person__external_id=number).values_list("group__name", flat=True))


def aina(agents: str) -> str:
    return f's1,,,true,o1,student,aina,,Aina,Puig,,1,,,,"{agents}",5,'


def test_a_guardian_whom_the_row_of_a_student_no_longer_names_is_none_any_more(night):
    run = night(users=aina("g2"))
    assert guardians() == {"g2"}
    assert (run.counts["guardianships_removed"], run.counts["details"], run.counts["unchanged"]) == (1, 1, 0)
    assert night(users=aina("g2")).counts["details"] == 0


def test_an_empty_cell_takes_no_guardian_away_and_a_remark_says_so(night):
    run = night(users=aina(""))
    assert guardians() == {"g1", "g2"}
    (remark,) = run.examples["remarks"]
    assert remark["message"].startswith("1 student has no guardian here. Those on record stay")


def test_a_restricted_guardian_stays_restricted_though_the_delta_leaves_him_out(night):
    Guardianship.objects.filter(guardian__external_id="g1").update(restricted=True)
    night(users=aina("g2"))
    assert guardians() == {"g1", "g2"}


def test_where_guardians_name_their_students_a_student_left_out_is_no_longer_theirs(night):
    roster = ROSTER | {
        "users.csv": USERS.replace('"g1,g2"', "").replace("600123456,600123456,,,", "600123456,600123456,s1,,")
        + "s8,,,true,o1,student,nil,,Nil,Roca,,,,,,,5,\n"
    }
    night(roster)
    night(users='g1,,,true,o1,guardian,marta,,Marta,Serra,,,marta@x.example,,,"s1,s8",,')
    assert (guardians("s1"), guardians("s8")) == ({"g1"}, {"g1"})
    night(users="g1,,,true,o1,guardian,marta,,Marta,Serra,,,marta@x.example,,,s8,,")
    assert (guardians("s1"), guardians("s8")) == (set(), {"g1"})


def test_an_enrolment_that_moves_to_another_class_leaves_the_old_one(night):
    run = night(classes="c3,,,5B,5,co,5B,homeroom,,o1,y,,,", enrollments="e1,,,c3,o1,s1,student,,,")
    assert places() == {"5B"}
    assert (run.counts["enrolments"], run.counts["enrolments_removed"]) == (1, 1)
    again = night(enrollments="e1,,,c3,o1,s1,student,,,")
    assert (again.counts["enrolments"], again.counts["enrolments_removed"]) == (0, 0)


def test_what_is_to_be_deleted_is_known_by_its_number_alone(night):
    run = night(users="g2,tobedeleted,,,,,,,,,,,,,,,,", enrollments="e1,tobedeleted,,,,,,,,")
    assert (run.counts["withdrawn"], run.counts["enrolments_removed"], run.counts["mistakes"]) == (1, 1, 0)
    gone = Person.objects.get(external_id="g2")
    assert (gone.active, gone.first_name, gone.kind) == (False, "Joan", "guardian")
    assert places() == set()
    assert night(users="nobody,tobedeleted,,,,,,,,,,,,,,,,").counts["withdrawn"] == 0


def test_a_class_is_renamed_though_nobody_in_it_changes(night):
    run = night(classes="c1,,,5A Mar,5,co,5A,homeroom,,o1,y,,,")
    assert places() == {"5A Mar"}
    assert run.counts["in_passing"] == 1
    assert night(classes="c1,,,5A Mar,5,co,5A,homeroom,,o1,y,,,").counts["in_passing"] == 0


def test_a_class_of_a_past_year_that_is_cleared_away_keeps_its_students(night):
    past = timezone.localdate() - timedelta(days=90)
    AcademicYear.objects.update(starts_on=past - timedelta(days=280), ends_on=past)
    night(classes="c1,tobedeleted,,5A,5,co,5A,homeroom,,o1,y,,,", enrollments="e1,tobedeleted,,c1,o1,s1,student,,,")
    assert places() == {"5A"}


def test_a_class_of_this_year_that_is_cleared_away_loses_its_students(night):
    night(classes="c1,tobedeleted,,5A,5,co,5A,homeroom,,o1,y,,,")
    assert places() == set()
    assert Group.objects.filter(name="5A").exists()


def test_changes_to_nobody_on_record_are_refused(night, tmp_path):
    manifest = MANIFEST.replace(",bulk", ",absent").replace("file.enrollments,absent", "file.enrollments,delta")
    rows = f"{HEADERS['enrollments.csv']}\ne8,,,c8,o1,s8,student,,,\n"
    path = tmp_path / "changes.zip"
    path.write_bytes(zipped({"manifest.csv": manifest, "enrollments.csv": rows}))
    run = load_in_place("Nightly", path)
    assert run.state == "failed"
    assert "Nobody in this file of changes is on record." in run.problem


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        ({"enrollments.csv": HEADERS["enrollments.csv"] + "\ne2,,,c1,o1,t,teacher,,,\n"}, "1 of 2 places in classes"),
        ({"users.csv": USERS.replace('"g1,g2"', "g1")}, "1 of 2 guardians would go"),
    ],
)
def test_a_roster_with_a_part_cut_off_is_stopped(night, tmp_path, cut, said):
    ImportSource.objects.update(most_withdrawn=10)
    path = tmp_path / "roster.zip"
    path.write_bytes(zipped(ROSTER | cut))
    run = load_in_place("Nightly", path)
    assert said in run.problem
    assert (guardians(), places()) == ({"g1", "g2"}, {"5A"})
    assert load_in_place("Nightly", path, allow_withdrawing=60).state == "done"


def kinds() -> dict[str, str]:
    return dict(Person.objects.exclude(external_id="").values_list("external_id", "kind"))


def test_a_delta_of_the_newer_version_need_not_repeat_the_roles(night, tmp_path):
    night(SECOND)
    header = SECOND["users.csv"].splitlines()[0]
    users = f'{header}\ns1,,,true,aina,,Aina,Puig,,1,,,,"g1",5,secret,,,,,o1,\n'
    manifest = MANIFEST.replace(",bulk", ",absent").replace("file.users,absent", "file.users,delta")
    night({"manifest.csv": manifest, "users.csv": users})
    assert guardians() == {"g1"}
    assert kinds()["s1"] == "student"


def test_whoever_has_no_role_is_what_the_enrolments_say_and_becomes_what_a_later_role_says(night):
    def without(roles: str, *numbers: str) -> str:
        return "".join(
            row for row in roles.splitlines(keepends=True) if not any(f",{number}," in row for number in numbers)
        )

    roles = without(SECOND["roles.csv"], "s1", "g1")
    users = SECOND["users.csv"].replace("s1,", "s7,").replace("g1,,,", "g7,,,").replace('"g1,g2"', '"g7,g2"')
    files = SECOND | {
        "users.csv": users,
        "roles.csv": without(roles, "s7", "g7"),
        "enrollments.csv": ROSTER["enrollments.csv"].replace(",s1,", ",s7,"),
    }
    run = night(files)
    assert (kinds()["s7"], kinds()["g7"]) == ("student", "contact")
    (remark,) = run.examples["remarks"]
    assert remark["message"] == "1 person has no role: taken for a contact, without guardians."
    header = SECOND["roles.csv"].splitlines()[0]
    mended = files | {"roles.csv": f"{files['roles.csv']}r7,,,g7,primary,guardian,,,o1,\n"}
    assert header.count(",") == 9
    run = night(mended)
    assert kinds()["g7"] == "guardian"
    assert run.counts["changed"] == 1
    assert guardians("s7") == {"g2", "g7"}
