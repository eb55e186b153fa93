"""Organisations cannot meet: the whole URL table, walked by a stranger. A URL that is not listed here fails."""

from datetime import date

import pytest
from django.urls import URLPattern, get_resolver

from apps.campaigns.models import Attachment, Mailing, TestSend
from apps.deliveries.models import Delivery
from apps.organizations.models import Membership, Organization, Role, Unit
from apps.organizations.scoping import in_organization
from apps.recipients.models import AcademicYear, ImportRun, ImportSource, Note, NoteFolder
from apps.senders.models import Sender, SenderAccount
from apps.surveys.models import Question
from apps.targetlists.models import TargetList
from tests import people
from tests.conftest import make_member

pytestmark = [pytest.mark.django_db, pytest.mark.feature("B17")]

# URL name -> what its arguments are: names of things that `rows_of` makes, or plain values.
ORGANIZATION_URLS: dict[str, tuple] = {
    "organization:home": (),
    "organization:settings": (),
    "organization:limits": (),
    "members:index": (),
    "members:add": (),
    "members:member": ("member",),
    "members:person": ("member",),
    "members:way_in": ("member",),
    "members:end": ("member",),
    "members:roles": (),
    "members:role_add": (),
    "members:role": ("role",),
    "members:role_delete": ("role",),
    "senders:list": (),
    "senders:add": (),
    "senders:edit": ("sender",),
    "senders:make_default": ("sender",),
    "senders:account_add": (),
    "senders:account_edit": ("account",),
    "senders:account_check": ("account",),
    "recipients:index": (),
    "recipients:find": (),
    "recipients:list": ("students",),
    "recipients:add": ("students",),
    "recipients:person": ("person",),
    "recipients:edit": ("person",),
    "recipients:consent": ("person",),
    "recipients:duplicates": (),
    "recipients:merge_choose": ("person",),
    "recipients:merge": ("person", "guardian"),
    "recipients:apart": ("person", "guardian"),
    "recipients:note_add": ("person",),
    "recipients:note_edit": ("note",),
    "recipients:note_delete": ("note",),
    "recipients:here": ("person",),
    "recipients:contact_point_sms": ("contact_point",),
    "recipients:enrol": ("person",),
    "recipients:leave": ("enrolment",),
    "recipients:contact_point_add": ("person",),
    "recipients:contact_point": ("contact_point",),
    "recipients:contact_point_delete": ("contact_point",),
    "recipients:contact_point_primary": ("contact_point",),
    "recipients:guardian_add": ("person",),
    "recipients:guardianship": ("guardianship",),
    "recipients:groups": (),
    "recipients:group": ("group",),
    "recipients:group_add": (),
    "recipients:group_edit": ("group",),
    "recipients:group_delete": ("group",),
    "recipients:group_members": ("group",),
    "recipients:group_enrol": ("group", "student"),
    "recipients:years": (),
    "recipients:year_add": (),
    "recipients:year_edit": ("year",),
    "recipients:year_delete": ("year",),
    "recipients:year_copy": ("year",),
    "recipients:year_move_up": ("year",),
    "recipients:units": (),
    "recipients:unit_add": (),
    "recipients:unit_edit": ("unit",),
    "recipients:unit_delete": ("unit",),
    "recipients:unreachable": (),
    "recipients:unreachable_download": (),
    "recipients:letters": (),
    "targetlists:index": (),
    "targetlists:new": (),
    "targetlists:list": ("static_list",),
    "targetlists:number": ("static_list",),
    "targetlists:rename": ("static_list",),
    "targetlists:copy": ("filter_list",),
    "targetlists:delete": ("static_list",),
    "targetlists:add": ("static_list",),
    "targetlists:type": ("static_list",),
    "targetlists:remove": ("static_list",),
    "targetlists:filter": ("filter_list",),
    "targetlists:file": ("file_list",),
    "imports:new": (),
    "imports:sample": (),
    "imports:past": (),
    "imports:run": ("import_run",),
    "imports:confirm": ("import_run",),
    "imports:compare": ("import_run",),
    "imports:file": ("import_run",),
    "imports:columns": ("import_run",),
    "imports:changes": ("import_run",),
    "imports:change_rows": ("import_run", "created"),
    "imports:load": ("import_run",),
    "imports:mistakes": ("import_run",),
    "imports:source_save": ("import_run",),
    "imports:sources": (),
    "imports:source": ("import_source",),
    "imports:source_delete": ("import_source",),
    "imports:conflicts": (),
    "imports:decide": (),
    "imports:progress": ("import_run",),
    "campaigns:new": (),
    "campaigns:to_group": ("group",),
    "campaigns:to_person": ("person",),
    "campaigns:saved": (),
    "campaigns:delete": ("draft",),
    "campaigns:recipients": ("draft",),
    "campaigns:upload": ("draft",),
    "campaigns:counted": ("draft",),
    "campaigns:content": ("draft",),
    "campaigns:attachment": ("draft", "attachment"),
    "campaigns:check": ("draft",),
    "campaigns:left_out": ("draft", "no_address"),
    "campaigns:preview": ("draft",),
    "campaigns:send_test": ("draft",),
    "campaigns:tests": ("draft",),
    "campaigns:send": ("draft",),
    "deliveries:history": (),
    "deliveries:running": (),
    "deliveries:log": ("sent",),
    "deliveries:log_download": ("sent",),
    "deliveries:progress": ("sent",),
    "deliveries:answers": ("sent",),
    "deliveries:answers_download": ("sent",),
    "deliveries:stop": ("sent",),
    "deliveries:resume": ("sent",),
    "deliveries:count_as_sent": ("sent",),
    "deliveries:send_again": ("sent",),
    "deliveries:take_back": ("sent",),
}
# Outside every organisation; each with its own tests.
OTHER_URLS = {"portal:start", "portal:health", "families:answer", "families:unsubscribe", "heard:events"}


def organization_patterns(patterns=None, prefix: str = "", namespaces: tuple = ()) -> dict[str, URLPattern]:
    """URL name with namespaces -> pattern, for all that lives below /o/<slug>/."""
    found = {}
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            if route.startswith("o/<slug:organization_slug>/"):
                found[":".join((*namespaces, entry.name))] = entry
        else:
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            found |= organization_patterns(entry.url_patterns, route, inner)
    return found


def rows_of(organization: Organization, member: Membership) -> dict[str, object]:
    """One row of every kind that a URL may name, in `organization`."""
    with in_organization(organization):
        year, _new = AcademicYear.objects.get_or_create(
            name="2026-27", starts_on=date(2026, 9, 1), ends_on=date(2027, 6, 30)
        )
        AcademicYear.objects.create(name="2025-26", starts_on=date(2025, 9, 1), ends_on=date(2026, 6, 30))
        group = people.group("5º A")
        student = people.student("Aina Puig", group, address="aina@x.example")
        guardian = people.guardian("Joan Puig", "joan@x.example", student)
        draft = people.mailing(group, by=member)
        question = Question.objects.create(text="Will you come?")
        sent = people.mailing(group, by=member, state=Mailing.State.DONE, question=question)
        Delivery.objects.create(mailing=sent, person=guardian, address="joan@x.example", normalized="joan@x.example")
        return {
            "member": member.pk,
            "role": Role.objects.create(name="Support staff", permissions=["send_to_staff"]).pk,
            "person": student.pk,
            "guardian": guardian.pk,
            "contact_point": student.contact_points.get().pk,
            "guardianship": student.guardianships.get().pk,
            "enrolment": student.enrolments.get().pk,
            "group": group.pk,
            "year": year.pk,
            "unit": Unit.objects.create(name="Primary").pk,
            "draft": draft.pk,
            "entry": draft.entries.get().pk,
            "sent": sent.pk,
            "attachment": Attachment.objects.create(mailing=draft, name="a.pdf", content_type="x/y", size=1).pk,
            "note": Note.objects.create(
                person=guardian, folder=NoteFolder.objects.create(name="Folder"), text="Note", by=member.user
            ).pk,
            "test_send": TestSend.objects.create(mailing=draft, address="a@x.example").pk,
            "import_source": ImportSource.objects.create(name="School", format="table").pk,
            "import_run": ImportRun.objects.create(file="x.csv", file_name="x.csv", format="table", state="done").pk,
            "static_list": TargetList.objects.create(name="Picked").pk,
            "filter_list": TargetList.objects.create(name="Filtered", kind=TargetList.Kind.FILTER).pk,
            "file_list": TargetList.objects.create(name="From a file", kind=TargetList.Kind.UPLOADED).pk,
            "sender": Sender.objects.get().pk,
            "account": SenderAccount.objects.get().pk,
        }


@pytest.fixture
def ours(school, administrator):
    return rows_of(school, administrator)


@pytest.fixture
def theirs(other_school):
    return rows_of(other_school, make_member(other_school, "administrator"))


def arguments(name: str, rows: dict) -> tuple:
    return tuple(rows.get(argument, argument) for argument in ORGANIZATION_URLS[name])


def names_rows(name: str, rows: dict) -> bool:
    return any(argument in rows for argument in ORGANIZATION_URLS[name])


def test_every_url_of_an_organisation_stands_in_the_table():
    assert set(organization_patterns()) == set(ORGANIZATION_URLS)


def test_every_view_of_an_organisation_says_who_may_use_it():
    silent = [
        name for name, entry in organization_patterns().items() if not hasattr(entry.callback, "required_permissions")
    ]
    assert silent == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_member_of_another_organisation_gets_404_everywhere(client, school, ours, theirs, other_school, method):
    with in_organization(other_school):
        stranger = Membership.objects.select_related("user").first().user
    client.force_login(stranger)
    for name in ORGANIZATION_URLS:
        response = getattr(client, method)(school.url(name, *arguments(name, ours)))
        assert response.status_code == 404, name


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_ids_of_another_organisation_do_not_exist_here(administrator_client, school, ours, theirs, method):
    for name in ORGANIZATION_URLS:
        if names_rows(name, theirs):
            response = getattr(administrator_client, method)(school.url(name, *arguments(name, theirs)))
            assert response.status_code in (404, 405), name


def test_the_ids_of_this_organisation_do_exist(administrator_client, school, ours):
    for name in ORGANIZATION_URLS:
        if name != "campaigns:attachment":  # a row without its file: 404 by right
            response = administrator_client.get(school.url(name, *arguments(name, ours)))
            assert response.status_code in (200, 302, 405), name


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_not_logged_in_is_sent_to_the_login(client, school, ours, method):
    for name in ORGANIZATION_URLS:
        response = getattr(client, method)(school.url(name, *arguments(name, ours)))
        assert response.status_code == 302, name
        assert response.url.startswith("/accounts/login/"), name


@pytest.mark.feature("S0.1")
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_member_without_permissions_is_refused(client, school, ours, method):
    member = make_member(school, "reader", "nobody@almendral.example")
    with in_organization(school):
        member.role = Role.objects.create(name="nothing", permissions=[])
        member.save()
    client.force_login(member.user)
    for name, entry in organization_patterns().items():
        if entry.callback.required_permissions:
            response = getattr(client, method)(school.url(name, *arguments(name, ours)))
            assert response.status_code in (403, 405), name
