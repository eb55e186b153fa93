"""OneRoster from the file to the record: a night that repeats the last changes nothing, whichever version it speaks."""

import pytest

from apps.imports.reconciling.comparing_and_loading import Outcome, load
from apps.imports.sources import load_in_place
from apps.organizations.models import Unit
from apps.recipients.models import Enrolment, Group, Guardianship, ImportSource, Person
from tests.imports.facts import a_run, a_source
from tests.rosters.rosters import facts_of, zipped
from tests.rosters.test_oneroster import MANIFEST, ORGS, ROSTER, SECOND, USERS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scoped")]
STILL = {"created": 0, "changed": 0, "withdrawn": 0, "returned": 0}


def loaded(content: bytes, source: ImportSource) -> Outcome:
    return load(a_run(source), facts_of(content))


@pytest.mark.feature("S0.14")
def test_five_nights_change_nothing_and_nor_does_the_newer_version():
    source = a_source(format="oneroster")
    first = loaded(zipped(ROSTER), source)
    assert (first.counts["created"], first.mistakes) == (4, [])
    for files in (ROSTER, ROSTER, SECOND, SECOND, ROSTER):
        again = loaded(zipped(files), source)
        assert {name: again.counts[name] for name in STILL} == STILL
    assert sorted(Person.objects.values_list("kind", "first_name")) == [
        ("guardian", "Joan"),
        ("guardian", "Marta"),
        ("staff", "Ada"),
        ("student", "Aina"),
    ]
    aina = Person.objects.get(external_id="s1")
    assert sorted(pair.guardian.first_name for pair in aina.guardianships.all()) == ["Joan", "Marta"]
    assert sorted(Enrolment.objects.values_list("person__first_name", "group__name", "role")) == [
        ("Ada", "5A", "teacher"),
        ("Aina", "5A", "student"),
    ]
    assert {group.year.name for group in Group.objects.all()} == {"2026-27"}


@pytest.mark.feature("S0.14")
def test_a_delta_changes_whom_it_names_and_nobody_else():
    source = a_source(format="oneroster", most_withdrawn=50)
    loaded(zipped(ROSTER), source)
    header = USERS.splitlines()[0]
    changes = f"{header}\nt,tobedeleted,,,o1,teacher,,,Ada,Byron,,,,,,,,\ns9,,,,o1,student,,,Nil,Roca,,,,,,g1,,\n"
    manifest = MANIFEST.replace(",bulk", ",absent").replace("file.users,absent", "file.users,delta")
    delta = loaded(zipped({"manifest.csv": manifest, "users.csv": changes}), source)
    assert {name: delta.counts[name] for name in STILL} == STILL | {"created": 1, "withdrawn": 1}
    assert Guardianship.objects.filter(student__external_id="s9", guardian__external_id="g1").exists()
    assert Person.objects.filter(active=True).count() == 4


@pytest.mark.feature("S0.14")
def test_a_new_student_of_a_delta_is_in_the_unit_on_record_with_the_id_of_the_org(tmp_path):
    def arrives(name: str, files: dict[str, str]) -> None:
        path = tmp_path / name
        path.write_bytes(zipped(files))
        assert load_in_place("Nightly", path).state == "done"

    header = USERS.splitlines()[0]
    manifest = MANIFEST.replace(",bulk", ",absent").replace("file.users,absent", "file.users,delta")

    def changes(number: str) -> dict[str, str]:
        return {"manifest.csv": manifest, "users.csv": f"{header}\n{number},,,,o1,student,,,Nil,Roca,,,,,,,,\n"}

    arrives("all.zip", ROSTER)
    assert [(unit.external_id, unit.name) for unit in Unit.objects.all()] == [("o1", "Primary")]
    arrives("changes.zip", changes("s9"))
    assert Person.objects.get(external_id="s9").unit.name == "Primary"
    # The org is renamed: its number goes with the name.
    arrives("renamed.zip", ROSTER | {"orgs.csv": ORGS.replace("Primary", "Lower School")})
    arrives("more.zip", changes("s10"))
    assert Person.objects.get(external_id="s10").unit.name == "Lower School"
    assert sorted(Unit.objects.values_list("external_id", "name")) == [("", "Primary"), ("o1", "Lower School")]
