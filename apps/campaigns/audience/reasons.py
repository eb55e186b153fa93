"""Why somebody is left out, in words: the sentence and the next step. To whom it applies is asked in `why_not.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import QuerySet
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.organizations.models import Organization

from ..channels.channel import Channel

if TYPE_CHECKING:
    from .audience import AudienceRow


class Reason(models.TextChoices):
    """Why somebody is left out. Their order is that of pages, and the rank by which one of several reasons is told.

    Somebody may come in by several ways: a guardian of two students, a member of a list and of a class. If one of them
    leads to a copy he gets it. If none does, the first of their reasons here counts: what is wrong with an address, or
    its owner's wish, since but for that he would get it; then what the message leaves out; then what its writer may
    not; and last what nobody should lift.
    """

    NO_ADDRESS = "no_address", gettext_lazy("No email address on file")
    FAILED_ADDRESS = "failed_address", gettext_lazy("The address came back")
    CANNOT_RECEIVE = "cannot_receive", gettext_lazy("Cannot receive SMS")
    OPTED_OUT = "opted_out", gettext_lazy("Unsubscribed")
    NO_CONSENT = "no_consent", gettext_lazy("Has not accepted commercial mail")
    EXCLUDED = "excluded", gettext_lazy("On a list that is left out")
    FORMER = "former", gettext_lazy("No longer at the school")
    OUTSIDE_GROUPS = "outside_groups", gettext_lazy("Outside your groups")
    RESTRICTED = "restricted", gettext_lazy("Not to be contacted about this student")
    # Of those who get it, all but one at each address.
    SAME_ADDRESS = "same_address", gettext_lazy("Gets this once already, at the same address")


GETS_IT = ""  # in place of a reason
RANK = (GETS_IT, *Reason)

# A channel may say one otherwise (`Channel.sentence`).
_SENTENCES = {
    Reason.NO_ADDRESS: gettext_lazy("No email address on file."),
    Reason.FAILED_ADDRESS: gettext_lazy("This address returned earlier mail."),
    Reason.CANNOT_RECEIVE: gettext_lazy("This number cannot receive SMS (landline)."),
    Reason.OPTED_OUT: gettext_lazy("Unsubscribed."),
    Reason.NO_CONSENT: gettext_lazy("Has not accepted commercial mail."),
    Reason.EXCLUDED: gettext_lazy("On a list that this message leaves out, or at the same address as somebody on it."),
    Reason.FORMER: gettext_lazy(
        "On the list, but no longer at the school; of a guardian no child is. Tick “Former students too” to write"
        " to them."
    ),
    Reason.OUTSIDE_GROUPS: gettext_lazy("The writer of this message may not write to them."),
    Reason.RESTRICTED: gettext_lazy("Not to be contacted about this student (restricted guardian)."),
    Reason.SAME_ADDRESS: gettext_lazy("Gets this once already, at the same address."),
}
# The look of each reason's sign: what needs somebody, what came back, and what is as it should be.
_SIGNS = {Reason.NO_ADDRESS: "needs", Reason.FAILED_ADDRESS: "bad", Reason.CANNOT_RECEIVE: "needs"}
# Mended where the address or number stands.
OF_CONTACT_POINT = (Reason.FAILED_ADDRESS, Reason.CANNOT_RECEIVE)
_FOR_THE_OFFICE = {Reason.NO_ADDRESS, *OF_CONTACT_POINT, Reason.NO_CONSENT, Reason.RESTRICTED}


def choices() -> list[tuple[str, str]]:
    """All reasons, for the column where they are kept: as a function, so that a new one needs no migration."""
    return Reason.choices  # type: ignore[return-value]


@dataclass(frozen=True)
class NextStep:
    label: str
    url: str = ""


def sentence(reason: str, channel: Channel) -> str:
    """Why a message by `channel` does not go to somebody, in the words of the page, the log and the export."""
    return channel.sentence(reason) or str(_SENTENCES[Reason(reason)])


def label_of(reason: str, channel: Channel) -> str:
    """The same for a chip, on which there is little room."""
    return (channel.sentence(reason) or str(Reason(reason).label)).rstrip(".")


def sign_of(reason: str) -> str:
    return _SIGNS.get(Reason(reason), "skip")


def look_of(reason: str) -> str:
    """The suffix of the status class: needs, bad or idle."""
    return _SIGNS.get(Reason(reason), "idle")


def next_step(
    organization: Organization, row: "AudienceRow", channel: Channel, back: str = "", may_mend: bool = True
) -> NextStep:
    """What can be done about one row of a message by `channel`, with a link that leads on to the page `back`.

    Without a URL it is only words, as for those who may not change people.
    """
    query = "?" + urlencode({"next": back}) if back else ""
    reason = Reason(row.reason)
    if reason in _FOR_THE_OFFICE and not may_mend:
        return NextStep(_("Ask the office"))
    if reason == Reason.NO_ADDRESS and row.person_id:
        query = "?" + urlencode(({"next": back} if back else {}) | {"channel": channel.contact_kind})
        return NextStep(_("Add one"), organization.url("recipients:contact_point_add", row.person_id) + query)
    if reason in OF_CONTACT_POINT and row.contact_point_id:
        word = _("Change it") if reason == Reason.CANNOT_RECEIVE else _("Correct it")
        return NextStep(word, organization.url("recipients:contact_point", row.contact_point_id) + query)
    if reason == Reason.NO_CONSENT and row.person_id:
        return NextStep(_("Record consent"), organization.url("recipients:person", row.person_id) + query)
    if reason == Reason.RESTRICTED and row.person_id:
        return NextStep(_("Open person"), organization.url("recipients:person", row.person_id) + query)
    words = {Reason.OPTED_OUT: _("Their own wish"), Reason.OUTSIDE_GROUPS: _("Ask an administrator")}
    return NextStep(words.get(reason, ""))


def with_names(rows: "Sequence[AudienceRow]", people: QuerySet) -> dict[int, str]:
    """Person id -> name, for the students that `rows` are about: one query."""
    wanted = {i for row in rows for i in row.about_ids}
    return {person.pk: person.full_name for person in people.filter(pk__in=wanted)}
