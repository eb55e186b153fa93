"""Finding people: by parts of what is known of them, among everybody, and where many are found."""

import pytest

from apps.organizations.scoping import in_organization
from apps.recipients import searching
from apps.recipients.models import Person
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def everybody(scoped):
    lucia = people.student("Lucía Ferrer Ortega", external_id="VLC-20418")
    nuria = people.guardian("Núria Ortega", "nuria@correo.example", lucia)
    people.contact_point(nuria, "612 55 50 18", channel="phone")
    people.person("Bo Li", kind="staff", document="12345678Z")
    people.person("Tess O’Brien", kind="contact")
    people.person("Gal·la Mas", kind="contact")
    people.person("Ana Vidal", "ana@ortega.example", kind="lead", active=False)


def names(text: str) -> set[str]:
    return {person.first_name for person in searching.narrowed(Person.objects.all(), text)}


FOUND = {
    "ortega lucia": {"Lucía"},
    "ega": {"Lucía", "Núria", "Ana"},
    "ORTEGA": {"Lucía", "Núria", "Ana"},
    "li": {"Bo"},
    "b": {"Bo"},
    "uc": set(),
    "nuria@correo.example": {"Lucía", "Núria"},
    "5550": {"Lucía", "Núria"},
    "0612 555": {"Lucía", "Núria"},
    "12.345.678-z": {"Bo"},
    "VLC-20418": {"Lucía"},
    "@": set(),
    "%": set(),
    "lucia vidal": set(),
    "Ferrer Ortega, Lucía": {"Lucía"},
    "Li,Bo": {"Bo"},
    "o'brien": {"Tess"},
    "O’Brien, Tess": {"Tess"},
    "gal.la": {"Gal·la"},
    "galla": {"Gal·la"},
    "gal·la": {"Gal·la"},
    "vlc-20418": {"Lucía"},
    "VLC-2041": set(),
    "12345678": {"Bo"},
    "1234": set(),
    "Núria Ortega <nuria@correo.example>": {"Lucía", "Núria"},
}


def test_people_are_found_by_what_is_known_of_them(everybody):
    assert {text: names(text) for text in FOUND} == FOUND


def test_many_are_found_as_few_are(everybody, monkeypatch):
    few = {text: names(text) for text in (*FOUND, "nobody at all")}
    monkeypatch.setattr(searching, "MOST", 0)
    assert {text: names(text) for text in few} == few


def test_a_long_count_stops(office_client, school, everybody, monkeypatch):
    monkeypatch.setattr(searching, "MOST", 2)
    monkeypatch.setattr("apps.recipients.views.MOST", 2)
    page = office_client.get(school.url("recipients:find"), {"q": "ortega"}).text
    assert "More than 2 people" in page
    assert all(name in page for name in ("Ortega, Núria", "Ferrer Ortega, Lucía", "Vidal, Ana"))


def test_anybody_is_found_with_kind_and_whether_he_is_here(office_client, school, everybody):
    page = office_client.get(school.url("recipients:find"), {"q": "vidal"}).text
    assert "Lead" in page
    assert "no longer here" in page
    assert "Nobody fits" in office_client.get(school.url("recipients:find"), {"q": "xyz"}).text
    assert "Vidal" not in office_client.get(school.url("recipients:find")).text


def test_an_empty_list_leads_to_everybody(office_client, school, everybody):
    people.person("Eva Sanz", kind="guardian")
    page = office_client.get(school.url("recipients:list", "guardians"), {"q": "vidal"}).text
    assert school.url("recipients:find") + "?q=vidal" in page


def test_people_of_another_school_are_not_found(office_client, school, everybody, other_school):
    with in_organization(other_school):
        people.guardian("Olga Ortega", "olga@ortega.example")
    assert "Olga" not in office_client.get(school.url("recipients:find"), {"q": "ortega"}).text
