"""Who sees which messages: every role, on every page that shows them, by one rule."""

import pytest
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.organizations.models import Membership, Role
from apps.organizations.permissions import Permission, RoleName
from apps.organizations.scoping import in_organization
from apps.surveys.models import Question
from tests import people
from tests.conftest import make_member

pytestmark = [pytest.mark.django_db, pytest.mark.feature("S0.2")]

# Roles of the school's own.
SUPPORT, EVERYBODY, KEEPER = "writes to staff", "writes to everybody", "keeps the senders"
OWN_ROLES = {
    SUPPORT: [Permission.SEND_TO_STAFF],
    EVERYBODY: [Permission.SEND_TO_ALL],
    KEEPER: [Permission.MANAGE_SENDERS],
}
# Whether who has the role sees a message of his own, and one of somebody else.
SEES = {
    RoleName.ADMINISTRATOR: (True, True),
    RoleName.OFFICE: (True, True),
    RoleName.READER: (True, True),
    RoleName.TEACHER: (True, False),
    SUPPORT: (True, False),
    EVERYBODY: (True, True),  # who may stop a message may see it
    KEEPER: (False, False),  # wrote one when he had another role
}
LISTS = {"home": "organization:home", "history": "deliveries:history", "running": "deliveries:running"}
PAGES = {"log": "deliveries:log", "answers": "deliveries:answers"}


@pytest.fixture(params=SEES)
def member(request, school) -> Membership:
    if request.param in OWN_ROLES:
        with in_organization(school):
            Role.objects.create(name=request.param, permissions=OWN_ROLES[request.param])
    return make_member(school, request.param)


@pytest.fixture(params=["his own", "another's"])
def message(request, school, member):
    """A message that is being sent, with a question, and whether `member` sees it."""
    is_own = request.param == "his own"
    with in_organization(school):
        writer = member if is_own else make_member(school, RoleName.ADMINISTRATOR, "another@x.example")
        question = Question.objects.create(text="Will they come?")
        fields = {"state": "sending", "started_at": timezone.now(), "question": question}
        made = people.mailing(by=writer, subject="Trip to the sea", **fields)
    return made, SEES[member.role.name][0 if is_own else 1]


def test_every_page_shows_the_same_messages(client, school, member, message):
    mailing, sees = message
    client.force_login(member.user)
    shown = {}
    for page, name in LISTS.items():
        response = client.get(school.url(name))
        shown[page] = "Trip to the sea" in response.text
        assert response.status_code == 200 or (member.role.name == KEEPER and page != "home")
    for page, name in PAGES.items():
        shown[page] = client.get(school.url(name, mailing.pk)).status_code == 200
    assert shown == dict.fromkeys([*LISTS, *PAGES], sees)


def test_home_names_the_question_of_messages_one_sees_alone(client, school, member, message):
    client.force_login(member.user)
    home = client.get(school.get_absolute_url()).text
    assert ("Will they come?" in home, "1 message is going out." in home) == (message[1], message[1])


def test_home_names_changed_drafts_to_those_who_may_open_them(client, school, member, message):
    mailing, sees = message
    with in_organization(school):
        Mailing.objects.update(state="draft", problem="The list is gone.")
    client.force_login(member.user)
    home = client.get(school.get_absolute_url()).text
    opens = client.get(school.url("campaigns:check", mailing.pk)).status_code == 200
    assert ("The list is gone." in home) == opens == (sees and member.role.name != RoleName.READER)
