"""Where the file and a detail mended by hand differ, a person decides, once."""

import pytest

from apps.imports.conflicts import keep, take
from apps.recipients.models import ContactPoint, ImportConflict, ImportSource
from apps.rosters.facts import StagedPerson
from tests.imports.facts import a_source, email, loaded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scoped"), pytest.mark.feature("B8")]


def ana(address: str, *more: str):
    facts = [StagedPerson("t", "staff", "7", "", "Ana", "Gil")]
    return facts + [fact for each in (address, *more) for fact in email("t", each)]


@pytest.fixture
def conflict():
    source = a_source()
    loaded(ana("file@x.example"), source)
    ContactPoint.objects.update(value="hand@x.example", normalized="hand@x.example", source="hand")
    loaded(ana("file@x.example"), source)
    return ImportConflict.objects.get()


def night(*wanted: str):
    return loaded(ana(*wanted), ImportSource.objects.get()).counts


def on_record() -> list[str]:
    return list(ContactPoint.objects.order_by("id").values_list("normalized", flat=True))


def test_what_is_kept_is_not_asked_about_again(conflict, office):
    assert keep(conflict, office.user)
    assert not take(conflict, office.user)
    assert night("file@x.example")["conflicts"] == 0
    assert (on_record(), conflict.decision) == (["hand@x.example"], "kept")


def test_what_is_taken_follows_the_file_from_then_on(conflict, office):
    assert take(conflict, office.user)
    assert (on_record(), ContactPoint.objects.get().is_primary) == (["file@x.example"], True)
    night("new@x.example")
    assert on_record() == ["new@x.example"]
    night("file@x.example")
    assert on_record() == ["file@x.example"]


def test_another_address_of_the_file_is_asked_about_anew(conflict, office):
    keep(conflict, office.user)
    assert night("third@x.example")["conflicts"] == 1
    assert ImportConflict.objects.get(decision="open").value == "third@x.example"


def test_nobody_has_to_decide_when_the_file_agrees(conflict):
    night("hand@x.example")
    assert not ImportConflict.objects.exists()
    assert on_record() == ["hand@x.example"]


def test_a_further_address_is_added_beside_the_pinned_one(conflict):
    assert night("file@x.example", "more@x.example")["addresses"] == 1
    assert on_record() == ["hand@x.example", "more@x.example"]
    assert ContactPoint.objects.get(is_primary=True).normalized == "hand@x.example"


def test_the_files_address_comes_back_when_the_pinned_one_is_deleted(conflict, office):
    keep(conflict, office.user)
    ContactPoint.objects.all().delete()
    night("file@x.example")
    assert on_record() == ["file@x.example"]
