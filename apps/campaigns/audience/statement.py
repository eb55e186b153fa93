"""The SQL of an audience: common table expressions that a count, a page of names and the fan out all begin with.

Written by hand, because the same expressions serve `WITH ... SELECT` and `WITH ... INSERT`, on SQLite and PostgreSQL.
They follow one another as one thinks of it, and each has a module that writes it:

    chosen          who is chosen: by a group, one by one, by a target list                     chosen.py
    chosen_person   the same people, whether the writer may write to them, whether they left    chosen.py
    candidate       one row per way an address came in, and why it is not used, if so           ways_in.py, why_not.py
    grouped, placed the ways by which a person came in at an address, taken together            one_copy_each.py
    recipient       one row per person and address; of the rows that share an address one gets it

A caller reads `candidate` (recipient, about: a student, address, reason: '' for whoever gets it) and `recipient`.
Text that is put together here comes from the code alone; values are parameters, named as in `%(mailing)s`.
"""

from dataclasses import dataclass
from typing import Any

from apps.recipients.models import Group, Guardianship, Person

from ..channels.registry import channel_of
from ..models import AudienceEntry, Mailing
from .chosen import chosen, chosen_person
from .one_copy_each import recipients
from .permitted import permitted_sql
from .target_lists import listed_people
from .ways_in import candidate, ways_in
from .why_not import excluded, kept_away, why_not


@dataclass(frozen=True)
class AudienceSql:
    """Two lists of common table expressions, without the word WITH, and the named parameters of both.

    `recipients` reads the `candidate` of the first, or a table of that name.
    """

    candidates: str
    recipients: str
    parameters: dict[str, Any]
    has_students: bool  # whether the mailing can be about anybody

    @property
    def whole(self) -> str:
        return f"{self.candidates}, {self.recipients}"


def audience_sql(mailing: Mailing) -> AudienceSql:
    """The expressions for one mailing. Asks who wrote it, and which target lists it uses."""
    permitted, listed = permitted_sql(mailing), listed_people(mailing)
    has_students = listed.have_students or _students_are_chosen(mailing)
    has_restricted = Guardianship.objects.filter(restricted=True).exists()
    why = why_not(mailing, listed, has_restricted, permitted.address)
    expressions = [
        *(excluded(listed) if listed.excludes else []),
        *(kept_away() if has_restricted else []),
        chosen(listed.people),
        chosen_person(mailing, permitted.person, bool(listed.people)),
        candidate(ways_in(mailing, why, listed.addresses, has_students)),
    ]
    channel = channel_of(mailing)
    parameters = {
        "mailing": mailing.pk,
        "organization": mailing.organization_id,
        "channel": channel.code,
        "contact_kind": channel.contact_kind,
        "writer": permitted.writer_id,
        **listed.parameters,
    }
    return AudienceSql(", ".join(expressions), recipients(bool(listed.addresses)), parameters, has_students)


def _students_are_chosen(mailing: Mailing) -> bool:
    """Whether a class, a subject or a student stands among the entries: for staff, four ways to look less."""
    entries = AudienceEntry.objects.filter(mailing=mailing)
    of_groups = entries.filter(group__isnull=False).exclude(group__kind=Group.Kind.STAFF)
    return of_groups.exists() or entries.filter(person__kind=Person.Kind.STUDENT).exists()
