"""Builders of people for tests. All run inside the scope of an organisation."""

from datetime import date

from apps.campaigns.models import AudienceEntry, Mailing
from apps.recipients.models import AcademicYear, Consent, ContactPoint, Enrolment, Group, Guardianship, Person
from apps.senders.models import Sender
from apps.targetlists.models import TargetList


def year(name: str = "2026-27", starts: int = 2026) -> AcademicYear:
    dates = {"starts_on": date(starts, 9, 1), "ends_on": date(starts + 1, 6, 30)}
    return AcademicYear.objects.get_or_create(name=name, defaults=dates)[0]


def group(name: str, kind: str = "class", **fields) -> Group:
    return Group.objects.create(name=name, kind=kind, year=year() if kind != "staff" else None, **fields)


def person(name: str, address: str = "", kind: str = "contact", **fields) -> Person:
    """A person called `name` ("First Last"), with `address` as his own primary email if given."""
    first, _, last = name.partition(" ")
    made = Person.objects.create(first_name=first, last_name=last, kind=kind, **fields)
    if address:
        contact_point(made, address)
    return made


def contact_point(owner: Person, address: str, **fields) -> ContactPoint:
    point = ContactPoint(person=owner, value=address, **fields)
    point.clean()
    point.save()
    return point


def student(name: str, *groups: Group, address: str = "", communication: str = "", **fields) -> Person:
    made = person(name, address, kind="student", **fields)
    for each in groups:
        Enrolment.objects.create(person=made, group=each)
    if communication:
        contact_point(made, communication, purpose="communication", is_primary=False)
    return made


def guardian(name: str, address: str = "", *students: Person, restricted: bool = False) -> Person:
    made = person(name, address, kind="guardian")
    for each in students:
        Guardianship.objects.create(guardian=made, student=each, relation="mother", restricted=restricted)
    return made


def consent(owner: Person, granted: bool = True) -> Consent:
    return Consent.objects.create(person=owner, granted=granted)


def mailing(*chosen, by=None, **fields) -> Mailing:
    """A draft from the default sender to the `chosen` groups, people, target lists and typed addresses (texts)."""
    fields = {"subject": "School trip", "body": "<p>Dear {{ first_name }}</p>"} | fields
    user = by.user if by else None
    made = Mailing.objects.create(sender=Sender.objects.get(is_default=True), created_by=user, **fields)
    for each in chosen:
        names = {Group: "group", Person: "person", TargetList: "target_list"}
        if isinstance(each, str):
            AudienceEntry.objects.create(mailing=made, address=each, normalized=each.lower())
        else:
            AudienceEntry.objects.create(mailing=made, **{names[type(each)]: each})
    return made
