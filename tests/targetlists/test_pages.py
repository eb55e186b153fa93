"""The pages of target lists: make, fill, find, filter, upload, rename, copy and delete."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import strip_tags

from apps.campaigns.models import AudienceEntry, Mailing
from apps.organizations.scoping import in_organization
from apps.recipients.models import Person
from apps.targetlists.members import add_addresses, add_people, new_static_list
from apps.targetlists.models import TargetList, TargetListMember, UploadedList, UploadedRow
from tests import people
from tests.conftest import make_member
from tests.reading import bare

pytestmark = pytest.mark.django_db


def text(response) -> str:
    """What one reads in the main part of a page."""
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(strip_tags(main).replace("&quot;", '"').replace("&#x27;", "'").split())


def names_on(school, target_list: TargetList) -> set[str]:
    with in_organization(school):
        return {str(member) for member in TargetListMember.objects.filter(list=target_list)}


@pytest.fixture
def mixed(scoped):
    """One person of every kind, and two members of the portal of whom one is on record."""
    group = people.group("5º A")
    student = people.student("Aina Puig", group, address="aina@x.example")
    people.guardian("Joan Puig", "joan@x.example", student)
    for name, kind in [
        ("Rosa Gil", "staff"),
        ("Club Nàutic", "contact"),
        ("Lluís Mas", "lead"),
        ("Turia SL", "account"),
    ]:
        people.person(name, f"{name.split()[0].lower()}@x.example".replace("í", "i"), kind=kind)
    member = make_member(scoped, "teacher", "rosa.gil@almendral.example")
    Person.objects.filter(last_name="Gil").update(membership=member)
    return group


@pytest.fixture
def picked(scoped):
    return TargetList.objects.create(name="Trip")


def url(school, name: str, *args) -> str:
    return school.url(f"targetlists:{name}", *args)


def test_without_lists_the_page_says_what_to_do(office_client, school):
    page = text(office_client.get(url(school, "index")))
    assert "No lists yet" in page
    assert "Make the first list" in page


@pytest.mark.feature("S1.19")
def test_a_list_is_made_and_people_are_ticked_onto_it(office_client, school, mixed):
    response = office_client.post(url(school, "new"), {"name": " Trip  to Valencia ", "kind": "static"})
    made = TargetList.objects.get(name="Trip to Valencia")
    assert response.url == url(school, "add", made.pk)
    page = office_client.get(response.url)
    assert "Puig, Aina" in text(page)
    ticked = Person.objects.filter(first_name__in=["Aina", "Turia"])
    office_client.post(response.url, {"do": "ticked", "person": [person.pk for person in ticked]})
    assert names_on(school, made) == {"Aina Puig", "Turia SL"}
    shown = text(office_client.get(url(school, "list", made.pk)))
    assert "2 on it" in shown
    assert "Puig, Aina" in shown


@pytest.mark.feature("S1.18")
@pytest.mark.parametrize("kind", ["student", "guardian", "staff", "contact", "lead", "account"])
def test_people_of_every_kind_are_found_and_added(office_client, school, mixed, picked, kind):
    office_client.post(url(school, "add", picked.pk) + f"?kind={kind}", {"do": "all"})
    (member,) = TargetListMember.objects.all()
    assert member.person.kind == kind


@pytest.mark.feature("S1.18")
def test_members_of_the_portal_come_as_people_or_by_their_address(office_client, school, office, mixed, picked):
    page = text(office_client.get(url(school, "add", picked.pk) + "?kind=members"))
    assert "Gil, Rosa" in page
    assert "office@ almendral.example" in page or "office@almendral.example" in page
    office_client.post(url(school, "add", picked.pk) + "?kind=members", {"do": "all"})
    assert names_on(school, picked) == {"Rosa Gil", "office@almendral.example"}


@pytest.mark.feature("S1.20")
def test_all_that_a_search_finds_come_onto_the_list_at_once(office_client, school, mixed, picked):
    address = url(school, "add", picked.pk) + "?q=puig"
    assert "Add all 2 found" in text(office_client.get(address))
    response = office_client.post(address, {"do": "all"}, follow=True)
    assert "2 more are on the list." in text(response)
    assert names_on(school, picked) == {"Aina Puig", "Joan Puig"}
    again = office_client.post(address, {"do": "all"}, follow=True)
    assert "Nobody was added" in text(again)
    assert len(names_on(school, picked)) == 2


@pytest.mark.feature("S1.20")
def test_a_search_by_group_address_and_former(office_client, school, mixed, picked):
    people.student("Old Puig", mixed, active=False)

    def found(query: str) -> set[str]:
        TargetListMember.objects.all().delete()
        office_client.post(url(school, "add", picked.pk) + query, {"do": "all"})
        return names_on(school, picked)

    assert found(f"?group={mixed.pk}") == {"Aina Puig"}
    assert found(f"?group={mixed.pk}&of=guardians") == {"Joan Puig"}
    assert found(f"?group={mixed.pk}&former=yes") == {"Aina Puig", "Old Puig"}
    assert found("?q=JOAN@x.example") == {"Joan Puig"}
    assert found("?group=987654321") == found("?q=nobody-of-this-name") == set()
    assert found("?q=%00&kind=nonsense&group=x&after=nonsense") == {
        "Aina Puig",
        "Joan Puig",
        "Rosa Gil",
        "Club Nàutic",
        "Lluís Mas",
        "Turia SL",
    }


def test_addresses_are_typed_and_bad_ones_stay_in_the_box(office_client, school, picked):
    address = url(school, "type", picked.pk)
    response = office_client.post(address, {"typed": "ampa@x.example; autocares@turia, AMPA@x.example"})
    assert "“autocares@turia” has no ending such as .es." in text(response)
    assert ">autocares@turia</textarea>" in response.content.decode()
    assert names_on(school, picked) == {"ampa@x.example"}
    assert office_client.post(address, {"typed": "guia@x.example"}).status_code == 302
    assert office_client.post(address, {}).status_code == 302
    assert names_on(school, picked) == {"ampa@x.example", "guia@x.example"}


def test_the_names_of_pasted_addresses_are_kept(office_client, school, picked):
    typed = 'Núria Puig <nuria@x.example>; "Roca, Pau" <pau@x.example>\tbus@x.example'
    office_client.post(url(school, "type", picked.pk), {"typed": typed})
    with in_organization(school):
        kept = set(picked.members.values_list("name", "normalized"))
    expected = {("Núria Puig", "nuria@x.example"), ("Roca, Pau", "pau@x.example"), ("", "bus@x.example")}
    assert kept == expected


def test_people_and_addresses_are_taken_off(office_client, school, mixed, picked):
    add_people(picked, Person.objects.all())
    add_addresses(picked, ["ampa@x.example", "guia@x.example"])
    address = picked.members.get(normalized="ampa@x.example")
    aina = Person.objects.get(first_name="Aina")
    data = {"do": "ticked", "person": [aina.pk], "address": [address.pk]}
    office_client.post(url(school, "remove", picked.pk), data)
    assert names_on(school, picked) >= {"guia@x.example", "Joan Puig"}
    assert not names_on(school, picked) & {"ampa@x.example", "Aina Puig"}
    office_client.post(url(school, "remove", picked.pk), {"do": "all_people"})
    assert names_on(school, picked) == {"guia@x.example"}
    office_client.post(url(school, "remove", picked.pk), {"do": "all_addresses", "show": "addresses"})
    assert "Nobody is on this list yet" in text(office_client.get(url(school, "list", picked.pk)))


def node(path: str, field: str = "", operator: str = "", value=None) -> dict:
    made = {f"field:{path}": field, f"operator:{path}": operator, f"was:{path}": field}
    return made | ({f"value:{path}": value} if value is not None else {})


def filter_form(**further) -> dict:
    """All of: a kind, and (in the name: puig, or no email address)."""
    return {
        "node": ["0", "0.0", "0.1", "0.1.0", "0.1.1"],
        "join:0": "all",
        "join:0.1": "any",
        **node("0.0", "kind", "is", ["student", "guardian"]),
        **node("0.1.0", "name", "contains", "puig"),
        **node("0.1.1", "email", "has_not"),
        **further,
    }


FILTER = {
    "all": [
        {"field": "kind", "operator": "is", "value": ["student", "guardian"]},
        {
            "any": [
                {"field": "name", "operator": "contains", "value": "puig"},
                {"field": "email", "operator": "has_not", "value": None},
            ]
        },
    ]
}


@pytest.fixture
def filtered(scoped):
    return TargetList.objects.create(name="Puigs", kind=TargetList.Kind.FILTER)


@pytest.mark.feature("S1.21")
def test_a_filter_is_built_counted_and_kept(office_client, school, mixed, filtered):
    address = url(school, "filter", filtered.pk)
    assert "Choose what to filter by" in text(office_client.get(address))
    page = text(office_client.post(address, filter_form(do="look")))
    assert "2 people meet this" in page
    assert (
        "kind of person is Student or Guardian, and (name contains “puig”, or email address is not on record)" in page
    )
    filtered.refresh_from_db()
    assert filtered.condition == {}
    office_client.post(address, filter_form(do="save"))
    filtered.refresh_from_db()
    assert filtered.condition == FILTER
    shown = text(office_client.get(url(school, "list", filtered.pk)))
    assert "2 on it" in shown
    people.student("Marta Puig")
    assert "3 on it" in text(office_client.get(url(school, "list", filtered.pk)))
    assert text_of_number(office_client, school, filtered) == "3"


def text_of_number(client, school, target_list: TargetList) -> str:
    return strip_tags(client.get(url(school, "number", target_list.pk)).content.decode()).strip()


def test_buttons_add_and_take_out_rows_and_keep_what_stands_in_the_others(office_client, school, mixed, filtered):
    address = url(school, "filter", filtered.pk)

    def nodes(action: str, **changes) -> list[str]:
        page = office_client.post(address, filter_form(do=action) | changes).content.decode()
        assert 'value="puig"' in page or "remove" in action or changes
        return re.findall(r'name="node" value="([\d.]+)"', page)

    assert nodes("look") == ["0", "0.0", "0.1", "0.1.0", "0.1.1"]
    assert nodes("condition:0") == ["0", "0.0", "0.1", "0.1.0", "0.1.1", "0.2"]
    assert nodes("condition:0.1") == ["0", "0.0", "0.1", "0.1.0", "0.1.1", "0.1.2"]
    assert nodes("group:0") == ["0", "0.0", "0.1", "0.1.0", "0.1.1", "0.2", "0.2.0", "0.2.1"]
    assert nodes("remove:0.1.0") == ["0", "0.0", "0.1", "0.1.0"]
    assert nodes("remove:0.1") == ["0", "0.0"]
    for nonsense in ("remove:0", "remove:0.7", "remove:x", "condition:0.0", "group:7", "condition:0.1.0.2", "?", ""):
        assert nodes(nonsense) == ["0", "0.0", "0.1", "0.1.0", "0.1.1"]
    # Another field: the value of the old one is not carried over.
    changed = office_client.post(address, filter_form(do="look") | {"field:0.1.0": "address"}).content.decode()
    assert 'value="puig"' not in changed


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"node": ["0"]},
        {"node": ["0", "0.0"], "join:0": "all", "field:0.0": "shoe size"},
        {"node": ["0.0", "7", "x", "0..1", "0", "0", "0.0.0"], "join:0": "any", "join:0.0": "sideways"},
        {"node": ["0." * 40 + "0"] * 300},
        {"node": ["0", "0.0"], "join:0": "all", "field:0.0": "children", "value:0.0": "٣"},
        {"node": ["0", "0.0"], "join:0": "all", "field:0.0": "left_on", "value:0.0": "2026-02-31"},
        {"node": ["0", "0.0"], "join:0": "all", "field:0.0": "group", "value:0.0": ["99999999999999999999", "x", "\0"]},
    ],
)
def test_a_form_that_makes_no_sense_keeps_nothing_and_is_said(office_client, school, filtered, data):
    response = office_client.post(url(school, "filter", filtered.pk), data | {"do": "save"})
    assert response.status_code == 200
    assert "field__error" in response.content.decode()
    filtered.refresh_from_db()
    assert filtered.condition == {}


def test_none_of_these_comes_back_as_it_was_built(office_client, school, mixed, filtered):
    address = url(school, "filter", filtered.pk)
    office_client.post(address, filter_form(do="save") | {"join:0.1": "none"})
    filtered.refresh_from_db()
    assert filtered.condition["all"][1] == {"not": FILTER["all"][1]}
    page = office_client.get(address).content.decode()
    assert re.findall(r'name="node" value="([\d.]+)"', page) == ["0", "0.0", "0.1", "0.1.0", "0.1.1"]
    assert page.count('<option value="none" selected>') == 1


def test_a_filter_that_nobody_meets_is_said_in_words(office_client, school, filtered):
    response = office_client.post(url(school, "filter", filtered.pk), filter_form(do="save"), follow=True)
    assert "The filter is kept. Nobody meets it at the moment." in text(response)
    assert "Nobody meets this filter" in text(response)


def test_a_filter_over_a_deleted_group_is_said_on_its_pages(office_client, school, mixed, filtered):
    condition = {"all": [{"field": "group", "operator": "is", "value": [str(mixed.pk)]}]}
    TargetList.objects.filter(pk=filtered.pk).update(condition=condition)
    mixed.delete()
    for page in ("list", "filter"):
        assert "no longer exists" in text(office_client.get(url(school, page, filtered.pk)))
    assert office_client.get(url(school, "index")).status_code == 200
    assert text_of_number(office_client, school, filtered) == "0"


def test_a_filter_that_leads_back_to_itself_is_not_kept(office_client, school, filtered):
    other = TargetList.objects.create(
        name="Other", kind="filter", condition={"field": "list", "operator": "is", "value": [str(filtered.pk)]}
    )
    data = {"node": ["0", "0.0"], "join:0": "all", **node("0.0", "list", "is", [str(other.pk)]), "do": "save"}
    page = text(office_client.post(url(school, "filter", filtered.pk), data))
    assert "does not work" in page or "leads back to itself" in page
    filtered.refresh_from_db()
    assert filtered.condition == {}


@pytest.mark.feature("S1.21")
def test_whoever_meets_a_filter_now_is_kept_as_a_list_by_hand(office_client, school, mixed, filtered):
    TargetList.objects.filter(pk=filtered.pk).update(condition=FILTER)
    office_client.post(url(school, "copy", filtered.pk), {"name": "Puigs of today"})
    people.student("Marta Puig")
    assert names_on(school, TargetList.objects.get(name="Puigs of today")) == {"Aina Puig", "Joan Puig"}


CSV = b"Email,Name,Seat\na@x.example,Ana,12\nb@x.example,Ben,14\n"


def upload(name: str = "coaches.csv", content: bytes = CSV) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.mark.feature("S3.4")
@pytest.mark.feature("S3.5")
def test_a_list_from_a_file_shows_its_rows_and_tags(office_client, school):
    data = {"name": "Coaches", "kind": "uploaded", "file": upload()}
    response = office_client.post(url(school, "new"), data, follow=True)
    page = text(response)
    assert "2 on it" in page
    assert "Its columns are tags of a message: seat" in page
    assert "Ana 12" in page
    found = text(office_client.get(response.redirect_chain[-1][0] + "?q=b@x"))
    assert "Ben" in found
    assert "Ana" not in found


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"Email,Name,Seat,seat\na@x.example,A,1,2\n", "Row 1, column 4: the name “seat” stands twice."),
        (b"Email,Name,First name\na@x.example,A,B\n", "Row 1, column 3: the name “First name” is taken already."),
        (b"Email\nnobody\n", "Row 2, column 1: “nobody” has no @ in it."),
        (b"", "The file is empty."),
    ],
)
def test_a_file_that_is_refused_makes_no_list_and_replaces_none(office_client, school, content, sentence):
    data = {"name": "Coaches", "kind": "uploaded", "file": upload(content=content)}
    assert sentence in text(office_client.post(url(school, "new"), data))
    with in_organization(school):
        assert not TargetList.objects.exists()
        assert not UploadedList.objects.exists()
        kept = TargetList.objects.create(name="Kept", kind="uploaded")
    response = office_client.post(url(school, "file", kept.pk), {"file": upload(content=content)})
    assert sentence in text(response)


def test_the_values_of_a_file_stand_below_their_names(office_client, school):
    """PostgreSQL keeps the keys of a row in an order of its own: the shortest first."""
    columns = ["a_long_name", "fee", "b"]
    with in_organization(school):
        file = UploadedList.objects.create(name="f.csv", variables=columns, rows_total=1)
        row = {"value": "a@x.example", "normalized": "a@x.example", "name": "Ana"}
        values = {"a_long_name": "first", "fee": "second", "b": "third"}
        UploadedRow.objects.create(list=file, row=2, variables=values, **row)
        made = TargetList.objects.create(name="File", kind="uploaded", uploaded=file)
    page = bare(office_client.get(school.url("targetlists:list", made.pk)).text)
    assert re.findall(r"<th>(a_long_name|fee|b)</th>", page) == columns
    assert re.findall(r">(first|second|third)</td>", page) == ["first", "second", "third"]


def test_another_file_takes_the_place_of_the_first(office_client, school):
    office_client.post(url(school, "new"), {"name": "Coaches", "kind": "uploaded", "file": upload()})
    with in_organization(school):
        made = TargetList.objects.get()
    office_client.post(url(school, "file", made.pk), {"file": upload("new.csv", b"Email\nc@x.example\n")})
    with in_organization(school):
        assert [row.value for row in UploadedRow.objects.all()] == ["c@x.example"]
        assert UploadedList.objects.get().target_list == made
    assert "Choose a file first." in text(office_client.post(url(school, "file", made.pk)))
    assert "Choose a file first." in text(office_client.post(url(school, "new"), {"name": "B", "kind": "uploaded"}))


def test_two_lists_cannot_have_one_name(office_client, school, picked, filtered):
    sentence = "A list is called “Trip” already. Choose another name."
    assert sentence in text(office_client.post(url(school, "new"), {"name": "Trip", "kind": "static"}))
    assert sentence in text(office_client.post(url(school, "rename", filtered.pk), {"name": "Trip"}))
    assert sentence in text(office_client.post(url(school, "copy", filtered.pk), {"name": "Trip"}))
    assert "Give the list a name." in text(office_client.post(url(school, "rename", filtered.pk), {"name": " "}))
    assert office_client.post(url(school, "rename", picked.pk), {"name": "Trip"}).status_code == 302
    office_client.post(url(school, "rename", picked.pk), {"name": "Journey"})
    picked.refresh_from_db()
    assert picked.name == "Journey"


def use(target_list: TargetList, state: str, by) -> Mailing:
    mailing = people.mailing(by=by, state=state)
    AudienceEntry.objects.create(mailing=mailing, target_list=target_list)
    return mailing


def test_a_list_is_deleted_after_saying_what_uses_it(office_client, school, office, picked, filtered):
    TargetList.objects.filter(pk=filtered.pk).update(
        condition={"field": "list", "operator": "is", "value": [str(picked.pk)]}
    )
    use(picked, "draft", office)
    use(picked, "done", office)
    page = text(office_client.get(url(school, "delete", picked.pk)))
    assert "1 draft uses it, and goes on without it" in page
    assert "1 message was sent with it. Its log stays as it is." in page
    assert "The filter “Puigs” asks for it. No message can use that filter until it is changed." in page
    assert "2 messages" in text(office_client.get(url(school, "index")))
    office_client.post(url(school, "delete", picked.pk))
    assert not TargetList.objects.filter(pk=picked.pk).exists()
    problems = dict(Mailing.objects.values_list("state", "problem"))
    assert problems == {"draft": "The list “Trip” was deleted: whom it chose is chosen no more.", "done": ""}


def test_a_draft_says_whom_it_leaves_out_no_more_until_somebody_has_gone_on(office_client, school, office, picked):
    mailing = people.mailing(by=office)
    AudienceEntry.objects.create(mailing=mailing, target_list=picked, is_excluded=True)
    office_client.post(url(school, "delete", picked.pk))
    sentence = "The list “Trip” was deleted: whom it left out is left out no more."
    assert sentence in text(office_client.get(school.get_absolute_url()))
    step = school.url("campaigns:recipients", mailing.pk)
    assert sentence in text(office_client.get(step))
    office_client.post(step, {"sender": mailing.sender_id, "to_guardians": "on", "do": "next"})
    assert sentence not in text(office_client.get(school.get_absolute_url()))


def test_a_list_of_a_message_that_waits_is_not_deleted(office_client, school, office, picked):
    use(picked, "pending", office)
    assert "Take the message back first." in text(office_client.post(url(school, "delete", picked.pk)))
    assert TargetList.objects.filter(pk=picked.pk).exists()


def test_a_list_that_a_waiting_message_uses_by_filters_of_filters_is_not_deleted(
    office_client, school, office, picked, filtered
):
    def asks_for(target_list):
        return {"field": "list", "operator": "is_not", "value": [str(target_list.pk)]}

    TargetList.objects.filter(pk=filtered.pk).update(condition=asks_for(picked))
    outer = TargetList.objects.create(name="Outer", kind="filter", condition={"all": [asks_for(filtered)]})
    use(outer, "pending", office)
    page = text(office_client.post(url(school, "delete", picked.pk)))
    assert "A message that waits for its start uses the filter “Outer”, which asks for it." in page
    assert TargetList.objects.filter(pk=picked.pk).exists()


def test_whose_file_is_exchanged_while_a_message_waits_is_told(office_client, school, office):
    office_client.post(url(school, "new"), {"name": "Coaches", "kind": "uploaded", "file": upload()})
    with in_organization(school):
        coaches = TargetList.objects.get(name="Coaches")
        use(coaches, "pending", office)
    page = text(office_client.post(url(school, "file", coaches.pk), {"file": upload()}, follow=True))
    assert "A message that waits for its start uses this list: it goes by the new file." in page


def test_deleting_a_list_from_a_file_deletes_its_rows(office_client, school):
    office_client.post(url(school, "new"), {"name": "Coaches", "kind": "uploaded", "file": upload()})
    with in_organization(school):
        office_client.post(url(school, "delete", TargetList.objects.get().pk))
        assert not UploadedRow.objects.exists()
        assert not UploadedList.objects.exists()


@pytest.mark.feature("S0.2")
def test_a_teacher_sees_the_names_of_lists_and_not_who_is_on_them(client, school, teacher, picked):
    client.force_login(teacher.user)
    page = client.get(url(school, "index"))
    assert "Trip" in text(page)
    assert url(school, "list", picked.pk) not in page.content.decode()
    for name in ("list", "number", "add", "rename", "delete"):
        assert client.get(url(school, name, picked.pk)).status_code == 403


def test_a_reader_sees_lists_and_changes_none(client, school, picked):
    client.force_login(make_member(school, "reader").user)
    assert "Add people" not in text(client.get(url(school, "list", picked.pk)))
    for name in ("add", "type", "remove", "rename", "delete"):
        assert client.post(url(school, name, picked.pk)).status_code == 403
    assert client.get(url(school, "new")).status_code == 403


def test_a_teacher_is_offered_no_list_that_tells_what_others_answered(client, school, scoped, office, picked):
    asked = TargetList.objects.create(
        name="Said Yes", kind="filter", condition={"field": "answer", "operator": "yes", "value": ["1"]}
    )
    through = {"any": [{"field": "kind", "operator": "is", "value": ["staff"]}]}
    through["any"].append({"field": "list", "operator": "is", "value": [str(asked.pk)]})
    TargetList.objects.create(name="Staff and those", kind="filter", condition=through)
    TargetList.objects.create(name="Staff", kind="filter", condition=through["any"][0])
    client.force_login(make_member(school, "teacher").user)
    page = text(client.get(url(school, "index")))
    assert "Said Yes" not in page
    assert "Staff and those" not in page
    assert "kind is Staff" not in page
    assert "Staff" in page
    assert picked.name in page
    client.force_login(office.user)
    assert "Said Yes" in text(client.get(url(school, "index")))


def test_a_new_list_of_chosen_people_is_whole_or_not_at_all(scoped, mixed, office):
    from django.core.exceptions import ValidationError

    made = new_static_list("Chosen", Person.objects.filter(kind="student"), ["x@y.example"], by=office.user)
    assert names_on(scoped, made) == {"Aina Puig", "x@y.example"}
    with pytest.raises(ValidationError):
        new_static_list("Chosen", Person.objects.all())
    with pytest.raises(ValidationError):
        new_static_list("Others", Person.objects.all(), ["no address"])
    assert TargetList.objects.count() == 1
