"""The same rules whatever the channel: each uses its kind of contact point, and keeps opt-outs of its own."""

import pytest

from apps.campaigns.audience import audience, picker
from apps.campaigns.audience.reasons import Reason, label_of, next_step, sentence
from apps.campaigns.channels import registry
from apps.campaigns.channels.channel import Channel
from apps.campaigns.channels.email.channel import EMAIL
from apps.campaigns.models import AudienceEntry
from apps.deliveries.engine.fan_out import fan_out
from apps.organizations.scoping import in_organization
from apps.recipients.models import ContactPoint
from apps.targetlists.models import TargetList, TargetListMember
from apps.targetlists.opting_out import has_opted_out, opt_in_again, opt_out
from tests import people
from tests.campaigns.drafts import text, url

pytestmark = pytest.mark.django_db

JOAN, MARTA, OLGA = "+34600000001", "+34600000002", "+34600000003"


class ByPhone(Channel):
    code, label, contact_kind = "by_phone", "By phone", "phone"
    bad_health = {"failed": "failed_address", "no_sms": "cannot_receive"}

    def sentence(self, reason: str) -> str | None:
        return "No primary number." if reason == "no_address" else None


@pytest.fixture
def by_phone():
    channel = ByPhone()
    registry.register(channel)
    yield channel
    registry.unregister(channel)


@pytest.fixture
def class_5a(scoped):
    return people.group("5º A")


def number(owner, value: str, **fields) -> ContactPoint:
    return people.contact_point(owner, value, channel="phone", **fields)


def guardian(name: str, value: str, *students, **fields):
    made = people.guardian(name, f"{name.split()[0].lower()}@x.example", *students, **fields)
    number(made, value)
    return made


def numbers(mailing) -> list[str]:
    return [row.normalized for row in audience.getting(mailing)]


def reasons(mailing) -> dict[str, str]:
    return {row.name or row.address: row.reason for row in audience.left_out(mailing)}


def test_every_kind_of_address_is_looked_for_among_those_of_the_channel(by_phone, class_5a, office):
    aina = people.student("Aina Puig", class_5a, address="aina@x.example", communication="gran@x.example")
    guardian("Joan Puig", JOAN, aina)
    number(aina, MARTA)
    number(aina, OLGA, purpose="communication", is_primary=False)
    only = {"to_guardians": False, "to_personal": False, "to_communication": False, "channel": "by_phone"}
    for kind, value in [("to_guardians", JOAN), ("to_personal", MARTA), ("to_communication", OLGA)]:
        assert numbers(people.mailing(class_5a, by=office, **only | {kind: True})) == [value]
    ContactPoint.objects.filter(normalized=OLGA).delete()
    mailing = people.mailing(class_5a, by=office, **only | {"to_communication": True})
    assert reasons(mailing) == {"Aina Puig": Reason.NO_ADDRESS}


def test_a_number_that_cannot_receive_or_failed_is_used_by_nobody_whoever_has_it(by_phone, class_5a, office):
    aina = people.student("Aina Puig", class_5a)
    joan, marta, olga = (
        guardian(name, value, aina) for name, value in [("Joan P", JOAN), ("Marta S", MARTA), ("Olga R", OLGA)]
    )
    ContactPoint.objects.filter(person=marta, channel="phone").update(health="no_sms")
    ContactPoint.objects.filter(person=olga, channel="phone").update(health="failed")
    # What is wrong with an email address is nothing to a message by phone.
    ContactPoint.objects.filter(person=joan, channel="email").update(health="failed")
    number(people.person("Twin Of Marta"), MARTA, health="good")
    mailing = people.mailing(class_5a, MARTA, by=office, channel="by_phone")
    assert numbers(mailing) == [JOAN]
    assert reasons(mailing) == {
        "Marta S": Reason.CANNOT_RECEIVE,
        "Olga R": Reason.FAILED_ADDRESS,
        MARTA: Reason.CANNOT_RECEIVE,
    }
    assert audience.count(mailing).skipped == {Reason.FAILED_ADDRESS: 1, Reason.CANNOT_RECEIVE: 2}
    by_email = people.mailing(class_5a, by=office)
    assert reasons(by_email) == {"Joan P": Reason.FAILED_ADDRESS}


def test_who_is_left_out_or_kept_away_shares_numbers_as_he_shares_addresses(by_phone, class_5a, office):
    aina, pau = people.student("Aina Puig", class_5a), people.student("Pau Puig", class_5a)
    guardian("Joan Puig", JOAN, aina, restricted=True)
    guardian("Ana Puig", JOAN, aina)
    guardian("Marta Serra", MARTA, pau)
    board = TargetList.objects.create(name="Board")
    TargetListMember.objects.create(list=board, person=guardian("Marta Of The Board", MARTA))
    mailing = people.mailing(class_5a, by=office, channel="by_phone")
    AudienceEntry.objects.create(mailing=mailing, target_list=board, is_excluded=True)
    assert numbers(mailing) == []
    restricted, excluded = Reason.RESTRICTED, Reason.EXCLUDED
    assert reasons(mailing) == {"Joan Puig": restricted, "Ana Puig": restricted, "Marta Serra": excluded}


def test_a_typed_number_needs_an_owner_who_accepted_commercial_messages(by_phone, scoped, office):
    people.consent(guardian("Joan Puig", JOAN))
    mailing = people.mailing(JOAN, MARTA, by=office, channel="by_phone", commercial=True)
    assert numbers(mailing) == [JOAN]
    assert reasons(mailing) == {MARTA: Reason.NO_CONSENT}


def test_opt_outs_hold_for_their_channel_alone(by_phone, scoped, office):
    joan = guardian("Joan Puig", JOAN)
    opt_out(JOAN, commercial=False, channel="by_phone")
    assert reasons(people.mailing(joan, by=office, channel="by_phone")) == {"Joan Puig": Reason.OPTED_OUT}
    assert [row.address for row in audience.getting(people.mailing(joan, by=office))] == ["joan@x.example"]
    assert not has_opted_out(JOAN, commercial=False)
    assert has_opted_out(JOAN, commercial=False, channel="by_phone")
    opt_in_again(JOAN, commercial=False, channel="by_phone")
    assert numbers(people.mailing(joan, by=office, channel="by_phone")) == [JOAN]


def test_a_channel_may_say_a_reason_in_its_own_words(by_phone):
    assert sentence(Reason.NO_ADDRESS, EMAIL) == "No email address on file."
    assert sentence(Reason.NO_ADDRESS, by_phone) == "No primary number."
    assert label_of(Reason.NO_ADDRESS, by_phone) == "No primary number"
    assert sentence(Reason.CANNOT_RECEIVE, by_phone) == "This number cannot receive SMS (landline)."


def test_the_check_page_and_the_log_say_it_in_these_words(by_phone, school, office_client, office):
    with in_organization(school):
        marta = guardian("Marta Serra", MARTA)
        ContactPoint.objects.filter(normalized=MARTA).update(health="no_sms")
        nobody = people.person("Pau Roca", "pau@x.example")
        mailing = people.mailing(marta, nobody, by=office, channel="by_phone")
    check = text(office_client.get(url(mailing, "check")))
    with in_organization(school):
        mailing.state = "pending"
        mailing.save()
        assert fan_out(mailing)
    log = text(office_client.get(school.url("deliveries:log", mailing.pk)))
    for page in (check, log):
        assert "No primary number." in page
        assert "This number cannot receive SMS (landline)." in page
        assert "Change it" in page


def test_a_number_that_cannot_receive_is_changed_where_it_stands(by_phone, scoped):
    row = audience.AudienceRow(1, "Marta", MARTA, MARTA, Reason.CANNOT_RECEIVE, contact_point_id=7)
    step = next_step(scoped, row, by_phone)
    assert (step.label, step.url) == ("Change it", scoped.url("recipients:contact_point", 7))
    assert next_step(scoped, row, by_phone, may_mend=False).label == "Ask the office"


def test_what_is_missing_is_added_as_what_the_channel_uses(by_phone, school, office_client):
    with in_organization(school):
        marta = people.person("Marta Serra")
    row = audience.AudienceRow(marta.pk, "Marta", "", "", Reason.NO_ADDRESS)
    url = next_step(school, row, by_phone, back="/somewhere").url
    for kind, begins_with in (("phone", "phone"), ("carrier", "email"), ("", "email")):
        form = office_client.get(url.replace("=phone", f"={kind}")).context["form"]
        assert form["channel"].value() == begins_with, kind


def test_a_kind_that_this_version_does_not_know_is_shown_by_its_code(school, office_client):
    with in_organization(school):
        point = people.contact_point(people.person("Marta Serra"), "loft 7", channel="loft")
    for name, pk in (("person", point.person_id), ("contact_point", point.pk), ("contact_point_delete", point.pk)):
        response = office_client.get(school.url(f"recipients:{name}", pk))
        assert response.status_code == 200, name
        assert "loft" in response.text, name


def test_the_panes_show_what_the_channel_uses(by_phone, class_5a, office):
    marta = guardian("Marta Serra", MARTA)
    for channel, kind in (("email", "email"), ("by_phone", "phone")):
        mailing = people.mailing(by=office, channel=channel, year=people.year())
        (person,) = picker.pane_of(mailing, office, "guardians").people
        assert person == marta
        assert [point.channel for point in person.contact_points.all()] == [kind]


def test_a_channel_that_this_version_does_not_know_reaches_nobody(class_5a, office):
    guardian("Joan Puig", JOAN, people.student("Aina Puig", class_5a))
    mailing = people.mailing(class_5a, by=office, channel="pigeon")
    assert reasons(mailing) == {"Joan Puig": Reason.NO_ADDRESS}
