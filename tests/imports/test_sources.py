"""A file that comes every night: read as the first time, compared, stopped when it would empty the school."""

from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from apps.imports import runs
from apps.imports.reconciling import safety_stop
from apps.imports.reconciling.examples import examples_page
from apps.imports.runs import NotReady, change_run, confirm, plan, run_import, start_run, sweep
from apps.imports.sources import run_of, save_as_source
from apps.recipients.models import ImportRun, ImportSource, Person
from apps.rosters.refusing import FileRefused

pytestmark = pytest.mark.django_db
HEADER = "NIA;Nombre;Apellidos;Grupo\n"
ROWS = [f"{number};Name{number};Puig;5A\n" for number in range(1, 21)]


def upload(rows: list[str], header: str = HEADER) -> SimpleUploadedFile:
    return SimpleUploadedFile("roster.csv", (header + "".join(rows)).encode())


@pytest.fixture
def source(scoped, office) -> ImportSource:
    """A source whose twenty students are on record."""
    run = start_run(upload(ROWS), office.user)
    save_as_source(run, " Nightly  file ", withdraws=True)
    confirm(run, leave_out=False)
    run_import(run)
    return ImportSource.objects.get(name="Nightly file")


@pytest.fixture
def roster(tmp_path):
    def write(rows: list[str], header: str = HEADER):
        path = tmp_path / "roster.csv"
        path.write_text(header + "".join(rows))
        return path

    return write


def command(*arguments) -> str:
    out = StringIO()
    call_command("import_people", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_small_file_is_compared_at_once_and_shows_its_changes(source, office):
    run = run_of(source, upload([*ROWS[1:], "77;New;Pupil;5B\n"]), office.user)
    plan(run)
    assert (run.state, run.counts["created"], run.counts["withdrawn"], run.counts["unchanged"]) == ("planned", 1, 1, 19)
    assert [row["name"] for row in examples_page(run, "created")] == ["New Pupil"]
    assert [row["name"] for row in examples_page(run, "withdrawn")] == ["Name1 Puig"]
    assert examples_page(run, "withdrawn", page=2) == []
    assert not Person.objects.filter(first_name="New").exists()
    confirm(run, leave_out=False)
    run_import(run)
    assert (ImportRun.objects.get(pk=run.pk).state, Person.objects.filter(active=True).count()) == ("done", 20)


def test_a_large_file_is_compared_by_a_worker(source, office, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(runs, "SMALL_BYTES", 10)
    run = run_of(source, upload(ROWS), office.user)
    with django_capture_on_commit_callbacks(execute=True):
        plan(run)
        assert run.state == "planning"
    run = ImportRun.objects.get(pk=run.pk)
    assert (run.state, run.counts["unchanged"]) == ("planned", 20)


def test_a_comparison_whose_worker_died_is_called_again(source, office, django_capture_on_commit_callbacks):
    run = run_of(source, upload(ROWS), office.user)
    ImportRun.objects.filter(pk=run.pk).update(state="planning")
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert ImportRun.objects.get(pk=run.pk).state == "planned"


def test_other_columns_take_a_compared_file_back(source, office):
    run = start_run(upload(ROWS), office.user)
    plan(run)
    fields = ["external_id", "first_name", "last_name", ""]
    change_run(run, encoding="utf-8", delimiter=";", fields=fields, year="2026-27", kind="student")
    assert (run.state, run.examples, run.counts["people"]) == ("uploaded", {}, 20)


def test_the_safety_stop_asks_a_person_first(source, office):
    run = run_of(source, upload(ROWS[:10]), office.user)
    plan(run)
    sentence = "10 of 20 people would leave: more than 10 %. Nothing is loaded."
    assert safety_stop.stop_sentence(run) == sentence
    with pytest.raises(NotReady, match="10 of 20 people would leave"):
        confirm(run, leave_out=False)
    confirm(run, leave_out=False, allow_withdrawing=True)
    run_import(run)
    assert Person.objects.filter(active=True).count() == 10


def test_a_file_with_too_many_broken_rows_is_not_loaded(source, roster, school):
    with pytest.raises(CommandError, match="3 of 23 rows cannot be read: more than 10 %"):
        command(school.slug, roster([*ROWS, "97;;;5A\n", "98;;;5A\n", "99;;;5A\n"]), "--source", source.name)
    assert ImportRun.objects.first().state == "failed"


def test_columns_may_change_places_but_not_go_missing(source, office):
    rows = [f"5A;Puig;Name{number};{number}\n" for number in range(1, 21)]
    run = run_of(source, upload(rows, "Grupo;Apellidos;Nombre;NIA\n"), office.user)
    plan(run)
    assert run.counts["unchanged"] == 20
    with pytest.raises(FileRefused, match="Columns of Nightly file are missing in this file: NIA"):
        run_of(source, upload(["5A;Puig;Name1\n"], "Grupo;Apellidos;Nombre\n"), office.user)


def test_two_sources_cannot_have_one_name(source, office):
    run = start_run(upload(ROWS), office.user)
    with pytest.raises(ValueError, match="There is a source called Nightly file already"):
        save_as_source(run, "Nightly file")
    with pytest.raises(ValueError, match="Give the source a name"):
        save_as_source(run, "  ")


def test_the_command_loads_a_file_in_place_and_says_what_came_of_it(source, roster, school):
    path = roster([*ROWS[1:], "77;New;Pupil;5B\n"])
    said = command(school.slug, path, "--source", source.name, "--dry-run")
    assert [line.strip() for line in said.splitlines()] == [
        f"What loading {path} would do:",
        "20 rows",
        "1 new person: New Pupil",
        "1 person withdrawn: Name1 Puig",
        "19 people unchanged",
        "1 group added: 5B (2026-27)",
        "1 enrolment added: New Pupil (5B)",
        "0 mistakes",
        "Nothing was loaded: this was a dry run.",
    ]
    assert not Person.objects.filter(first_name="New").exists()
    before = ImportRun.objects.count()
    command(school.slug, path, "--source", source.name)
    run = ImportRun.objects.first()
    assert (ImportRun.objects.count(), run.state, run.source) == (before + 1, "done", source)
    for _night in range(5):
        said = command(school.slug, path, "--source", source.name)
        assert "20 people unchanged" in said
        assert "new" not in said
    assert Person.objects.filter(active=True).count() == 20


def test_the_command_is_refused_when_too_many_would_leave_and_may_be_allowed_to(source, roster, school):
    path = roster(ROWS[:15])
    with pytest.raises(CommandError, match="5 of 20 people would leave"):
        command(school.slug, path, "--source", source.name)
    assert Person.objects.filter(active=True).count() == 20
    with pytest.raises(CommandError, match="more than 20 %"):
        command(school.slug, path, "--source", source.name, "--allow-withdrawing", "20%")
    command(school.slug, path, "--source", source.name, "--allow-withdrawing", "25%")
    assert Person.objects.filter(active=True).count() == 15


def test_a_dry_run_is_stopped_as_the_load_would_be_and_leaves_no_run(source, roster, school):
    path, before = roster(ROWS[:15]), ImportRun.objects.count()
    with pytest.raises(CommandError, match="5 of 20 people would leave") as stopped:
        command(school.slug, path, "--source", source.name, "--dry-run")
    assert stopped.value.returncode == 1
    said = command(school.slug, path, "--source", source.name, "--dry-run", "--allow-withdrawing", "25%")
    assert "5 people withdrawn: Name16 Puig; Name17 Puig; Name18 Puig; Name19 Puig; Name20 Puig\n" in said
    assert (ImportRun.objects.count(), Person.objects.filter(active=True).count()) == (before, 20)


def test_a_dry_run_says_what_would_become_of_whom_and_what_cannot_be_read(source, roster, school):
    changed = [row.replace("Name1;Puig", "Name1;Roca") for row in ROWS]
    said = command(school.slug, roster([*changed, ";;;5A\n"]), "--source", source.name, "--dry-run")
    assert "1 person changed: Name1 Puig (last name: Roca instead of Puig)" in said
    assert "row 22: This row has no name." in said
    assert "1 mistake\n" in said


@pytest.mark.parametrize("percent", ["many", "101", "-1", "1.5"])
def test_only_a_percentage_allows_withdrawing(source, roster, school, percent):
    with pytest.raises(CommandError, match=f"{percent} is not a percentage from 0 to 100"):
        command(school.slug, roster(ROWS), "--source", source.name, f"--allow-withdrawing={percent}")


def test_an_unknown_organisation_is_refused(roster, db):
    with pytest.raises(CommandError, match="no organisation called nowhere"):
        command("nowhere", roster(ROWS), "--source", "Nightly file")


@pytest.mark.parametrize(
    ("name", "file_name", "sentence"),
    [
        ("Daily", "roster.csv", "no source called Daily"),
        ("Nightly file", "tonight.csv", "cannot be opened: No such file"),
        ("Nightly file", "empty", "no CSV file in this folder"),
    ],
)
def test_a_load_that_is_refused_stands_among_the_imports(
    source, roster, school, office_client, name, file_name, sentence
):
    path = roster(ROWS).with_name(file_name)
    (path.parent / "empty").mkdir()
    with pytest.raises(CommandError, match=sentence) as refused:
        command(school.slug, path, "--source", name)
    assert refused.value.returncode == 1
    run = ImportRun.objects.first()
    assert (run.state, run.file_name, run.source) == ("failed", file_name, source if name == source.name else None)
    assert file_name in office_client.get(school.url("imports:new")).text
    assert sentence in office_client.get(school.url("imports:run", run.pk), follow=True).text
    with pytest.raises(CommandError, match=sentence):
        command(school.slug, path, "--source", name, "--dry-run")
    assert ImportRun.objects.first() == run
    home = office_client.get(school.get_absolute_url()).text
    called = source.name if name == source.name else file_name
    assert f"The nightly import “{called}” was not loaded" in home
    assert sentence in home


def test_an_import_that_failed_at_night_and_is_loaded_again_needs_nobody(source, roster, school, office_client):
    path = roster(ROWS)
    with pytest.raises(CommandError):
        command(school.slug, path.with_name("missing.csv"), "--source", source.name)
    assert "was not loaded" in office_client.get(school.get_absolute_url()).text
    command(school.slug, path, "--source", source.name)
    assert "was not loaded" not in office_client.get(school.get_absolute_url()).text


def test_a_table_with_nobody_in_it_is_refused_at_night(source, roster, school):
    command(school.slug, roster(ROWS), "--source", source.name)
    path = roster(ROWS)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(CommandError, match="Nobody is in this file"):
        command(school.slug, path, "--source", source.name)
    assert Person.objects.filter(active=False).count() == 0


def test_a_folder_with_one_table_is_that_table(source, roster, school):
    folder = roster(ROWS).parent
    (folder / ".hidden").write_text("x")
    (folder / "readme.txt").write_text("x")
    assert len(list(folder.glob("*.csv"))) == 1
    assert "rows" in command(school.slug, folder, "--source", source.name)


def test_a_folder_that_names_its_columns_needs_no_source_before(scoped, school, tmp_path):
    files = {
        "users.csv": "sourcedId,givenName,familyName,email\ns1,Jack,Craig,j@x.example\ng1,Jean,Craig,g@x.example\n",
        "roles.csv": "userSourcedId,orgSourcedId,role\ns1,o1,student\n",
        "orgs.csv": "sourcedId,name,type\no1,Primary,school\n",
        "relationships.csv": "userSourcedId,relationshipUserSourcedId,relationshipRole\ns1,g1,guardian\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    said = command(school.slug, tmp_path, "--source", "Microsoft", "--dry-run")
    assert "2 new people: Jack Craig; Jean Craig" in said
    assert "There is no source called Microsoft yet. Loading makes it, and it withdraws nobody." in said
    assert not ImportSource.objects.exists()
    assert "2 new people" in command(school.slug, tmp_path, "--source", "Microsoft")
    assert "2 people unchanged" in command(school.slug, tmp_path, "--source", "Microsoft")
    assert not ImportSource.objects.get(name="Microsoft").withdraws
