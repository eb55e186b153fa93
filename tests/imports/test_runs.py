"""A roster file becomes people: guessed columns, named mistakes, all or nothing, and a second time no change."""

import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError

from apps.imports.reconciling import applying
from apps.imports.runs import NotReady, confirm, plan, run_import, start_run
from apps.imports.tasks import sweep_imports
from apps.recipients.models import AcademicYear, ContactPoint, Enrolment, Group, Guardianship, ImportRun, Person
from tests import people

pytestmark = pytest.mark.django_db

SPANISH = (
    "NIA;Nombre;Apellido 1;Apellido 2;Grupo;Correo madre;Madre nombre;Madre apellidos;Móvil madre;"
    "Correo padre;Padre\r\n"
    "1;Lucía;Ferrer;Ortega;5º A;nuria@x.example;Núria;Ortega;600 123 456;marc@x.example;Marc Ferrer\r\n"
    "2;Pablo;Ferrer;Ortega;2º B;nuria@x.example;Núria;Ortega;600 123 456;;\r\n"
    "3;Aina;Puig;;5º A;;;;;;\r\n"
)
SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "rosters" / "ms-sds-v2.1"


def upload(text: str | bytes, name: str = "roster.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def imported(content, user, leave_out: bool = False, name: str = "roster.csv") -> ImportRun:
    run = start_run(upload(content, name), user)
    confirm(run, leave_out)
    run_import(run)
    return ImportRun.objects.get(pk=run.pk)


@pytest.fixture
def user(scoped, office):
    return office.user


def test_students_come_with_classes_and_siblings_share_their_mother(user):
    run = imported(SPANISH, user)
    assert run.state == "done", run.problem
    lucia = Person.objects.get(external_id="1")
    assert (lucia.full_name, lucia.kind) == ("Lucía Ferrer Ortega", "student")
    assert [e.group.name for e in lucia.enrolments.all()] == ["5º A"]
    mother = Person.objects.get(kind="guardian", first_name="Núria")
    assert {pair.student.first_name for pair in mother.wardships.all()} == {"Lucía", "Pablo"}
    assert [p.normalized for p in mother.contact_points.order_by("channel")] == ["nuria@x.example", "+34600123456"]
    assert Person.objects.filter(kind="guardian").count() == 2
    assert AcademicYear.objects.count() == 1


def test_the_same_file_again_changes_nothing(user):
    imported(SPANISH, user)
    before = [model.objects.count() for model in (Person, ContactPoint, Group, Enrolment, Guardianship)]
    run = imported(SPANISH, user)
    assert (run.counts["created"], run.counts["changed"], run.counts["addresses"]) == (0, 0, 0)
    assert [model.objects.count() for model in (Person, ContactPoint, Group, Enrolment, Guardianship)] == before


def test_without_numbers_people_are_found_again_by_class_and_address(user):
    text = "First name,Last name,Class,Guardian 1 name,Guardian 1 email\nAina,Puig,5A,Joan Puig,joan@x.example\n"
    imported(text, user)
    imported(text, user)
    assert sorted(Person.objects.values_list("first_name", flat=True)) == ["Aina", "Joan"]


def test_what_was_typed_by_hand_is_not_overwritten(user):
    imported(SPANISH, user)
    mother = Person.objects.get(first_name="Núria")
    mother.contact_points.filter(channel="email").update(
        value="right@x.example", normalized="right@x.example", source="hand"
    )
    imported(SPANISH, user)
    assert [p.normalized for p in mother.contact_points.filter(channel="email")] == ["right@x.example"]


def test_a_new_address_in_the_file_takes_the_place_of_the_one_imported_before(user):
    imported(SPANISH, user)
    imported(SPANISH.replace("marc@x.example", "marc@new.example"), user)
    father = Person.objects.get(first_name="Marc")
    assert [p.normalized for p in father.contact_points.all()] == ["marc@new.example"]


def test_every_mistake_is_named_by_row_and_column_and_nothing_is_loaded(user):
    text = "Name,Email,Phone\nAina,no-at-sign,12\n" + "x" * 10_000 + ",a@nodomain,\n,,600\nPau,pau@x.example,\n"
    run = start_run(upload(text), user)
    errors = [(error.row, error.column) for error in run.errors.all()]
    assert errors == [(2, "Email"), (2, "Phone"), (3, "Name"), (4, "")]
    assert Person.objects.count() == 0
    with pytest.raises(NotReady, match="Mend the file"):
        confirm(run, leave_out=False)


def test_the_right_rows_load_when_the_others_are_left_out_on_purpose(user):
    run = imported("Name,Email\n,aina@x.example\nPau,pau@x.example\n", user, leave_out=True)
    assert run.state == "done"
    assert [person.first_name for person in Person.objects.all()] == ["Pau"]


def test_a_load_that_fails_midway_leaves_nothing_behind(user, monkeypatch):
    run = start_run(upload(SPANISH), user)
    confirm(run, leave_out=False)

    def breaks(statements):
        raise DatabaseError("disk full")

    monkeypatch.setattr(applying, "apply_school", breaks)
    run_import(run)
    assert (run.state, Person.objects.count(), Group.objects.count()) == ("failed", 0, 0)
    assert "Nothing was loaded" in run.problem


def test_a_second_press_of_load_is_one_load(user, office_client, school):
    run = start_run(upload(SPANISH), user)
    url = school.url("imports:confirm", run.pk)
    office_client.post(url)
    assert ImportRun.objects.get(pk=run.pk).state == "uploaded", "what it changes has not been seen"
    plan(run)
    for _press in range(2):
        assert office_client.post(url).status_code == 302
    assert ImportRun.objects.get(pk=run.pk).state in ("queued", "done")
    run_import(run)
    run_import(ImportRun.objects.get(pk=run.pk))
    assert Person.objects.filter(kind="student").count() == 3


def test_a_file_without_a_column_blanks_nothing(user):
    imported(SPANISH, user)
    imported("NIA,Nombre\n1,Lucía\n", user)
    assert Person.objects.get(external_id="1").full_name == "Lucía Ferrer Ortega"


def test_a_number_of_somebody_else_is_named_and_left_out(user):
    imported(SPANISH, user)
    run = imported("NIA,Nombre,Apellidos\n9,New,Pupil\n3,Marc,Soler\n", user)
    (error,) = run.errors.all()
    assert (run.state, error.row) == ("done", 3)
    assert "the number 3 belongs to Aina Puig" in error.message.lower().replace("aina puig", "Aina Puig")
    assert Person.objects.get(external_id="3").full_name == "Aina Puig"
    assert Person.objects.filter(external_id="9").exists()


def test_a_second_address_joins_the_first(user):
    imported("ID,Name,Email\n1,Aina,a@x.example\n", user)
    imported('ID,Name,Email\n1,Aina,"a@x.example, b@x.example"\n', user)
    points = Person.objects.get().contact_points.order_by("id")
    assert [(point.normalized, point.is_primary) for point in points] == [("a@x.example", True), ("b@x.example", False)]


def test_who_has_left_stays_away_when_a_file_still_names_him(user):
    imported(SPANISH, user)
    Person.objects.filter(external_id="3").update(active=False)
    imported(SPANISH, user)
    assert not Person.objects.get(external_id="3").active


@pytest.mark.parametrize(
    ("written", "phone"), [("6.00123456E+08", "+34600123456"), ("600123456.0", "+34600123456"), ("6.0012E+08", None)]
)
def test_a_number_that_the_spreadsheet_has_cut_is_a_mistake_and_not_another_number(user, written, phone):
    run = start_run(upload(f"Name,Phone\nAina,{written}\n"), user)
    if phone is None:
        assert [(error.row, error.column) for error in run.errors.all()] == [(2, "Phone")]
        return
    confirm(run, leave_out=False)
    run_import(run)
    assert ContactPoint.objects.get().normalized == phone


def test_a_row_with_too_few_cells_is_a_mistake(user):
    run = start_run(upload("Name,Class,Email\nAina,5A\n"), user)
    assert "2 cells" in run.errors.get().message


def test_an_import_whose_call_was_lost_is_called_again(user, django_capture_on_commit_callbacks):
    run = start_run(upload(SPANISH), user)
    confirm(run, leave_out=False)
    with django_capture_on_commit_callbacks(execute=True):
        sweep_imports()
    assert ImportRun.objects.get().state == "done"


def test_an_import_whose_worker_died_says_so_and_can_be_tried_again(user):
    run = start_run(upload(SPANISH), user)
    confirm(run, leave_out=False)
    ImportRun.objects.update(state="running")
    sweep_imports()
    failed = ImportRun.objects.get()
    assert failed.state == "failed"
    assert "Try once more" in failed.problem
    confirm(failed, leave_out=True)
    run_import(failed)
    assert Person.objects.filter(kind="student").count() == 3


def zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


SDS = {
    "folder/users.csv": "sourcedId,givenName,familyName,password,email,phone\n"
    "s1,Jack,Craig,secret,jack@x.example,\ng1,Jean,Craig,secret,jean@x.example,+34600123456\nt1,Ada,Byron,,ada@x.example,\n",
    "folder/roles.csv": "userSourcedId,orgSourcedId,role\ns1,o1,student\nt1,o1,teacher\n",
    "folder/orgs.csv": "sourcedId,name,type\no1,Primary,school\n",
    "folder/academicSessions.csv": "sourcedId,title,type,schoolYear,startDate,endDate\n"
    "y1,Year,schoolYear,2026,2026-09-01,2027-06-20\n",
    "folder/classes.csv": "sourcedId,orgSourcedId,title,sessionSourcedIds\nc1,o1,Biology 10,y1\n",
    "folder/enrollments.csv": "classSourcedId,userSourcedId,role\nc1,s1,student\nc1,t1,teacher\n",
    "folder/relationships.csv": "userSourcedId,relationshipUserSourcedId,relationshipRole\ns1,g1,guardian\n",
}


def test_a_school_data_sync_folder_brings_people_classes_and_guardians(user):
    run = imported(zipped(SDS), user, name="sds.zip")
    assert run.state == "done", run.problem
    kinds = dict(Person.objects.values_list("first_name", "kind"))
    assert kinds == {"Jack": "student", "Jean": "guardian", "Ada": "staff"}
    group = Group.objects.get()
    assert (group.name, group.unit.name, group.year.name) == ("Biology 10", "Primary", "2026-27")
    assert dict(group.enrolments.values_list("person__first_name", "role")) == {"Jack": "student", "Ada": "teacher"}
    assert Guardianship.objects.get().guardian.first_name == "Jean"
    again = imported(zipped(SDS), user, name="sds.zip")
    assert (again.counts["created"], again.counts["changed"]) == (0, 0)


def test_a_school_data_sync_folder_names_its_mistakes(user):
    broken = SDS | {
        "folder/relationships.csv": "userSourcedId,relationshipUserSourcedId,relationshipRole\ns1,nobody,x\n"
    }
    run = start_run(upload(zipped(broken), "sds.zip"), user)
    (error,) = run.errors.all()
    assert (error.file_name, error.row, error.column) == ("relationships.csv", 2, "relationshipUserSourcedId")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the optional samples are not beside this repository")
def test_the_sample_folder_of_microsoft_imports(user):
    files = {path.name: path.read_text(encoding="utf-8-sig") for path in SAMPLES.glob("*.csv")}
    run = imported(zipped(files), user, leave_out=True, name="sample.zip")
    assert run.state == "done", run.problem
    assert Person.objects.filter(kind="student").exists()
    assert Guardianship.objects.count() == 3


def test_the_pages_of_an_import_lead_from_the_file_to_the_students(
    office_client, school, scoped, django_capture_on_commit_callbacks
):
    answer = office_client.post(school.url("imports:new"), {"file": upload(SPANISH)})
    assert answer.status_code == 302
    page = office_client.get(answer.url, follow=True).content.decode()
    assert "Next: see the changes" in page
    run = ImportRun.objects.get()
    columns = {"field": run.mapping["fields"], "delimiter": ";", "encoding": "utf-8", "year": "2026-27"}
    form = columns | {"kind": "student", "do": "next"}
    page = office_client.post(school.url("imports:columns", run.pk), form, follow=True).content.decode()
    assert "What changes" in page
    assert "Nothing has been loaded yet." in page
    with django_capture_on_commit_callbacks(execute=True):
        office_client.post(school.url("imports:confirm", run.pk))
    page = office_client.get(school.url("imports:run", run.pk), follow=True).content.decode()
    assert "Loaded." in page
    assert people.Person.objects.filter(kind="student").count() == 3


def test_a_refused_file_is_said_on_the_page_and_not_kept(office_client, school, scoped):
    answer = office_client.post(school.url("imports:new"), {"file": upload(b"%PDF-1.7", "roster.xlsx")})
    assert "not a spreadsheet" in answer.content.decode()
    assert ImportRun.objects.count() == 0
