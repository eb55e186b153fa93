"""Which reason is told of somebody who came in by several ways, and in which words."""

from itertools import product

import pytest

from apps.campaigns.audience import audience
from apps.campaigns.audience.reasons import Reason, look_of, sentence
from apps.campaigns.channels.email.channel import EMAIL
from apps.campaigns.models import AudienceEntry
from apps.recipients.models import Enrolment, Guardianship, Person
from apps.targetlists.models import OptOut, TargetList, TargetListMember
from tests import people

pytestmark = pytest.mark.django_db


def on_list(person: Person) -> TargetList:
    made = TargetList.objects.create(name=f"List {TargetList.objects.count()}")
    TargetListMember.objects.create(list=made, person=person)
    return made


class Family:
    """Joan has two children: with one he is kept out in a way of its own, with the other something is the matter."""

    def __init__(self, writer) -> None:
        self.writer, self.address = writer, f"joan{Person.objects.count()}@x.example"
        self.aina, self.pau = people.student("Aina Puig"), people.student("Pau Puig")
        self.joan = people.guardian("Joan Puig", self.address, self.aina, self.pau)
        self.entries: list[dict] = [{"person": self.aina}, {"person": self.pau}]
        self.fields: dict = {}

    def with_pau(self, reason: Reason) -> None:
        """Joan is kept out on account of Pau; the writer may write about Aina alone, when that is the reason."""
        if reason == Reason.RESTRICTED:
            Guardianship.objects.filter(student=self.pau).update(restricted=True)
        elif reason == Reason.EXCLUDED:
            self.entries.append({"target_list": on_list(self.pau), "is_excluded": True})
        elif reason == Reason.FORMER:
            Person.objects.filter(pk=self.pau.pk).update(active=False)
            self.entries[1] = {"target_list": on_list(self.pau)}
        elif reason == Reason.OUTSIDE_GROUPS:
            Enrolment.objects.create(person=self.aina, group=self.writer.person.enrolments.get().group)

    def with_aina(self, reason: Reason) -> None:
        """And about Aina, too, he would get it but for this."""
        if reason == Reason.NO_ADDRESS:
            self.joan.contact_points.all().delete()
        elif reason == Reason.FAILED_ADDRESS:
            self.joan.contact_points.get().mark_failed("no such mailbox")
        elif reason == Reason.OPTED_OUT:
            OptOut.objects.create(normalized=self.address, scope="all")
        elif reason == Reason.NO_CONSENT:
            self.fields["commercial"] = True
        elif reason == Reason.RESTRICTED:
            Guardianship.objects.filter(student=self.aina).update(restricted=True)
        elif reason == Reason.EXCLUDED:
            self.entries.append({"target_list": on_list(self.aina), "is_excluded": True})

    def told(self) -> list[tuple[str, str]]:
        mailing = people.mailing(by=self.writer, **self.fields)
        for entry in self.entries:
            AudienceEntry.objects.create(mailing=mailing, **entry)
        return [(row.name, row.reason) for row in audience.left_out(mailing) if row.person_id == self.joan.pk]


OF_THE_ADDRESS = (Reason.NO_ADDRESS, Reason.FAILED_ADDRESS, Reason.OPTED_OUT, Reason.NO_CONSENT)


@pytest.mark.feature("S0.26")
def test_of_several_ways_the_reason_that_ranks_first_is_told(scoped, office, teacher):
    """Above all what is wrong with the address: once that is mended he gets it about Aina, whatever is with Pau."""
    me = people.person("Ada Teacher", kind="staff", membership=teacher)
    Enrolment.objects.create(person=me, group=people.group("5º A"), role="teacher")
    kept_out = (Reason.EXCLUDED, Reason.FORMER, Reason.OUTSIDE_GROUPS, Reason.RESTRICTED)
    for with_pau, with_aina in product(kept_out, (*OF_THE_ADDRESS, Reason.EXCLUDED, Reason.RESTRICTED)):
        family = Family(teacher if with_pau == Reason.OUTSIDE_GROUPS else office)
        family.with_pau(with_pau)
        family.with_aina(with_aina)
        first = min(with_aina, with_pau, key=list(Reason).index)
        name = "" if first == Reason.OUTSIDE_GROUPS else "Joan Puig"
        assert family.told() == [(name, first)], (with_pau, with_aina)


def test_addresses_rank_before_lists_and_lists_before_rights():
    of_contact_point = {*OF_THE_ADDRESS, Reason.CANNOT_RECEIVE}
    assert set(list(Reason)[:5]) == of_contact_point
    assert list(Reason)[5:9] == [Reason.EXCLUDED, Reason.FORMER, Reason.OUTSIDE_GROUPS, Reason.RESTRICTED]


def test_every_reason_has_a_sentence_and_a_look():
    for reason in Reason:
        assert sentence(reason, EMAIL).endswith("."), reason
        assert look_of(reason) in ("needs", "bad", "idle"), reason
