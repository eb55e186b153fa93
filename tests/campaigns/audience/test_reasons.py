"""Which reason is told of somebody who came in by several ways, and in which words."""

import pytest

from apps.campaigns.audience import audience
from apps.campaigns.audience.reasons import Reason, look_of, sentence
from apps.campaigns.channels.email.channel import EMAIL
from apps.campaigns.models import AudienceEntry
from apps.recipients.models import Enrolment, Guardianship
from apps.targetlists.models import OptOut, TargetList, TargetListMember
from tests import people

pytestmark = pytest.mark.django_db

ADDRESS = "joan@x.example"


def on_list(name: str, *members) -> TargetList:
    made = TargetList.objects.create(name=name)
    for person in members:
        TargetListMember.objects.create(list=made, person=person)
    return made


class Family:
    """Joan has two children: with one he is kept out in a way of its own, with the other something is the matter."""

    def __init__(self, teacher) -> None:
        self.mine, self.other = people.group("5º A"), people.group("6º B")
        me = people.person("Ada Teacher", kind="staff", membership=teacher)
        Enrolment.objects.create(person=me, group=self.mine, role="teacher")
        self.aina, self.pau = people.student("Aina Puig", self.mine), people.student("Pau Puig", self.other)
        self.joan = people.guardian("Joan Puig", ADDRESS, self.aina, self.pau)
        self.entries: list[dict] = [{"group": self.mine}, {"group": self.other}]
        self.fields: dict = {}

    def with_pau(self, reason: Reason) -> None:
        """Joan is kept out on account of Pau."""
        if reason == Reason.RESTRICTED:
            Guardianship.objects.filter(student=self.pau).update(restricted=True)
        elif reason == Reason.EXCLUDED:
            self.entries.append({"target_list": on_list("Not coming", self.pau), "is_excluded": True})
        elif reason == Reason.FORMER:
            self.pau.active = False
            self.pau.save()
            self.entries.append({"target_list": on_list("Choir", self.pau)})

    def with_aina(self, reason: Reason) -> None:
        """And about Aina, too, he would get it but for this."""
        if reason == Reason.NO_ADDRESS:
            self.joan.contact_points.all().delete()
        elif reason == Reason.FAILED_ADDRESS:
            self.joan.contact_points.get().mark_failed("no such mailbox")
        elif reason == Reason.OPTED_OUT:
            OptOut.objects.create(normalized=ADDRESS, scope="all")
        elif reason == Reason.NO_CONSENT:
            self.fields["commercial"] = True
        elif reason == Reason.RESTRICTED:
            Guardianship.objects.filter(student=self.aina).update(restricted=True)
        elif reason == Reason.EXCLUDED:
            self.entries.append({"target_list": on_list("Not this class", self.aina), "is_excluded": True})

    def told(self, by) -> list[tuple[str, str]]:
        mailing = people.mailing(by=by, **self.fields)
        for entry in self.entries:
            AudienceEntry.objects.create(mailing=mailing, **entry)
        return [(row.name, row.reason) for row in audience.left_out(mailing) if row.person_id == self.joan.pk]


OF_THE_ADDRESS = (Reason.NO_ADDRESS, Reason.FAILED_ADDRESS, Reason.OPTED_OUT, Reason.NO_CONSENT)


@pytest.mark.feature("S0.26")
@pytest.mark.parametrize("with_pau", [Reason.RESTRICTED, Reason.EXCLUDED, Reason.FORMER, Reason.OUTSIDE_GROUPS])
@pytest.mark.parametrize("with_aina", [*OF_THE_ADDRESS, Reason.EXCLUDED, Reason.RESTRICTED])
def test_of_several_ways_the_reason_that_ranks_first_is_told(scoped, office, teacher, with_aina, with_pau):
    """Above all what is wrong with the address: once that is mended he gets it about Aina, whatever is with Pau."""
    family = Family(teacher)
    family.with_pau(with_pau)
    family.with_aina(with_aina)
    writer = teacher if with_pau == Reason.OUTSIDE_GROUPS else office
    first = min(with_aina, with_pau, key=list(Reason).index)
    assert family.told(writer) == [("" if first == Reason.OUTSIDE_GROUPS else "Joan Puig", first)]


def test_addresses_rank_before_lists_and_lists_before_rights():
    of_contact_point = {*OF_THE_ADDRESS, Reason.CANNOT_RECEIVE}
    assert set(list(Reason)[:5]) == of_contact_point
    assert list(Reason)[5:9] == [Reason.EXCLUDED, Reason.FORMER, Reason.OUTSIDE_GROUPS, Reason.RESTRICTED]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence_and_a_look(reason):
    assert sentence(reason, EMAIL).endswith(".")
    assert look_of(reason) in ("needs", "bad", "idle")
