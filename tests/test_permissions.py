"""Who may write to whom: every role, every part of an audience, by every way in which it can come into a message."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.campaigns.audience import audience
from apps.campaigns.models import AudienceEntry, Mailing
from apps.deliveries.engine.fan_out import fan_out
from apps.organizations.models import Membership, Role
from apps.organizations.permissions import Permission, RoleName
from apps.organizations.scoping import in_organization
from apps.recipients.models import Enrolment, Group, Guardianship, Person
from apps.targetlists.models import TargetList, TargetListMember
from tests import people
from tests.campaigns.drafts import fresh, post_recipients, url
from tests.conftest import make_member

pytestmark = [pytest.mark.django_db, pytest.mark.feature("S0.2")]

SUPPORT = "support"  # a role of the school's own: may write to staff alone
EVERYBODY = {RoleName.ADMINISTRATOR, RoleName.OFFICE}
# What can be chosen, the address it leads to, and the roles that may choose it. Everybody else reaches nobody by it.
PARTS = {
    "my class": ("joan@x.example", EVERYBODY | {RoleName.TEACHER}),
    "another class": ("olga@x.example", EVERYBODY),
    "a student of mine": ("joan@x.example", EVERYBODY | {RoleName.TEACHER}),
    "another student": ("olga@x.example", EVERYBODY),
    "a guardian of mine": ("joan@x.example", EVERYBODY | {RoleName.TEACHER}),
    "another guardian": ("olga@x.example", EVERYBODY),
    "the staff group": ("staff@x.example", EVERYBODY | {SUPPORT}),
    "somebody of the staff": ("staff@x.example", EVERYBODY | {SUPPORT}),
    "a contact": ("contact@x.example", EVERYBODY),
    "a lead": ("lead@x.example", EVERYBODY),
    "a company": ("company@x.example", EVERYBODY),
    "a typed address": ("typed@x.example", EVERYBODY),
    "an uploaded file": ("file@x.example", EVERYBODY),
}
ROLES = [*RoleName, SUPPORT]


@pytest.fixture
def cast(school) -> dict[str, Group | Person]:
    """What the parts are called by, in a school with two classes."""
    with in_organization(school):
        class_5a, class_6b, team = people.group("5º A"), people.group("6º B"), people.group("Team", kind="staff")
        aina, pau = people.student("Aina Puig", class_5a), people.student("Pau Roca", class_6b)
        staff = people.person("Anna Soler", "staff@x.example", kind="staff")
        Enrolment.objects.create(person=staff, group=team, role="teacher")
        return {
            "my class": class_5a,
            "another class": class_6b,
            "a student of mine": aina,
            "another student": pau,
            "a guardian of mine": people.guardian("Joan Puig", "joan@x.example", aina),
            "another guardian": people.guardian("Olga Roca", "olga@x.example", pau),
            "the staff group": team,
            "somebody of the staff": staff,
            "a contact": people.person("Club of Turia", "contact@x.example"),
            "a lead": people.person("Marta Vidal", "lead@x.example", kind="lead"),
            "a company": people.person("Buses of Turia", "company@x.example", kind="account"),
        }


@pytest.fixture(params=ROLES)
def writer(request, school, cast) -> Membership:
    """A member of each role; who has no other rights teaches 5º A."""
    if request.param == SUPPORT:
        with in_organization(school):
            Role.objects.create(name=SUPPORT, permissions=[Permission.SEND_TO_STAFF])
    member = make_member(school, request.param)
    with in_organization(school):
        me = people.person("Who Writes", kind="staff", membership=member)
        Enrolment.objects.create(person=me, group=cast["my class"], role="teacher")
    return member


def new_draft(writer: Membership) -> Mailing:
    with in_organization(writer.organization):
        return people.mailing(by=writer, year=people.year())


@pytest.fixture
def draft(writer) -> Mailing:
    return new_draft(writer)


def wanted(part: str, writer: Membership) -> list[str]:
    address, roles = PARTS[part]
    return [address] if writer.role.name in roles else []


def reached(mailing: Mailing) -> list[str]:
    with in_organization(mailing.organization):
        return [row.address for row in audience.getting(mailing)]


def choose_by_the_buttons(client, cast, draft: Mailing, part: str) -> None:
    chosen = cast.get(part)
    if isinstance(chosen, Group):
        post_recipients(client, draft, "add_all", group=chosen.pk)
    elif isinstance(chosen, Person):
        post_recipients(client, draft, "add", person=[chosen.pk])
    elif part == "a typed address":
        post_recipients(client, draft, "typed", typed="typed@x.example")
    else:
        file = SimpleUploadedFile("list.csv", b"email,name\nfile@x.example,Somebody\n")
        client.post(url(draft, "upload"), {"file": file})


def test_by_the_buttons_of_the_page(client, cast, writer):
    client.force_login(writer.user)
    for part in PARTS:
        draft = new_draft(writer)
        choose_by_the_buttons(client, cast, draft, part)
        assert reached(fresh(draft)) == wanted(part, writer), part


def test_by_entries_that_somebody_else_has_put_into_the_draft(cast, writer):
    for part in PARTS:
        if part != "an uploaded file":
            entries_reach_whom_he_may_write_to(cast, writer, part)


def entries_reach_whom_he_may_write_to(cast, writer: Membership, part: str) -> None:
    draft = new_draft(writer)
    with in_organization(draft.organization):
        fields = {"address": "typed@x.example", "normalized": "typed@x.example"}
        if chosen := cast.get(part):
            fields = {"group" if isinstance(chosen, Group) else "person": chosen}
        AudienceEntry.objects.create(mailing=draft, **fields)
        Mailing.objects.filter(pk=draft.pk).update(state="pending")
        draft.refresh_from_db()
        assert fan_out(draft), part
        getting = draft.deliveries.filter(reason="").values_list("address", flat=True)
        assert list(getting) == wanted(part, writer), part
        left_out = set(draft.deliveries.exclude(reason="").values_list("reason", flat=True))
        assert left_out == (set() if wanted(part, writer) else {"outside_groups"}), part


@pytest.mark.parametrize("kind", ["static", "filter"])
def test_by_a_target_list_of_everybody(client, cast, writer, draft, kind):
    with in_organization(draft.organization):
        if kind == "static":
            everybody = TargetList.objects.create(name="Everybody")
            for each in (*Person.objects.exclude(membership=writer), "typed@x.example"):
                fields = {"person": each} if isinstance(each, Person) else {"address": each, "normalized": each}
                TargetListMember.objects.create(list=everybody, **fields)
        else:
            kinds = {"field": "kind", "operator": "is", "value": list(Person.Kind.values)}
            everybody = TargetList.objects.create(name="Everybody", kind="filter", condition={"all": [kinds]})
    client.force_login(writer.user)
    post_recipients(client, draft, "add_all", group=f"list:{everybody.pk}")
    by_list = [part for part in PARTS if part != "an uploaded file" and (kind == "static" or part != "a typed address")]
    assert sorted(reached(draft)) == sorted({address for part in by_list for address in wanted(part, writer)})


def key_of_the_pane(cast, part: str) -> str:
    """Of the pane in which the part would be seen."""
    chosen = cast[part]
    if isinstance(chosen, Group):
        return str(chosen.pk)
    kinds = {"guardian": "guardians", "staff": "staff", "contact": "contacts", "lead": "leads", "account": "accounts"}
    own_class = cast["my class" if part == "a student of mine" else "another class"]
    return kinds.get(chosen.kind, str(own_class.pk))


def test_the_panes_show_nobody_else(client, cast, writer, draft):
    client.force_login(writer.user)
    for part in cast:
        response = client.get(url(draft), {"group": key_of_the_pane(cast, part)})
        if writer.role.name == RoleName.READER:
            assert response.status_code == 403, part
            continue
        name = cast[part].name if isinstance(cast[part], Group) else cast[part].sorted_name
        in_a_pane = response.content.decode().split('id="picker"')[1].split("Which addresses")[0]
        assert (name in in_a_pane) == bool(wanted(part, writer)), part


def test_who_is_kept_from_his_only_student_is_not_a_guardian_of_mine(client, school, teacher, cast):
    with in_organization(school):
        me = people.person("Who Writes", kind="staff", membership=teacher)
        Enrolment.objects.create(person=me, group=cast["my class"], role="teacher")
        draft = people.mailing(by=teacher, year=people.year())
        Guardianship.objects.filter(guardian=cast["a guardian of mine"]).update(restricted=True)
    client.force_login(teacher.user)
    post_recipients(client, draft, "add", person=[cast["a guardian of mine"].pk])
    assert reached(draft) == []
