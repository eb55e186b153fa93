"""The lists of people: by kind, by what is searched, by group, and by what is wrong with their addresses."""

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from apps.core.channels import EMAIL

from .models import AcademicYear, ContactPoint, Enrolment, Guardianship, Person
from .posted_ids import posted_id
from .reaching import out_of_reach
from .searching import narrowed

KINDS = {
    "students": Person.Kind.STUDENT,
    "guardians": Person.Kind.GUARDIAN,
    "staff": Person.Kind.STAFF,
    "contacts": Person.Kind.CONTACT,
    "leads": Person.Kind.LEAD,
    "companies": Person.Kind.ACCOUNT,
}
WORDS: dict[str, str] = {kind.value: word for word, kind in KINDS.items()}


def people_found(kind: str, search: str = "", group: str = "", show: str = "") -> QuerySet[Person]:
    """People of one kind (a word of KINDS). `show`: failed, no_address, unreachable, former; else those here now."""
    people = Person.objects.filter(kind=KINDS[kind])
    people = people.filter(active=False) if show == "former" else people.filter(active=True)
    if chosen := posted_id(group):
        people = people.filter(Exists(Enrolment.objects.filter(person=OuterRef("pk"), group=chosen)))
    people = _with_addresses(people, show)
    return narrowed(people, search) if search.strip() else people


def anybody_found(search: str) -> QuerySet[Person]:
    """People of all kinds, here or gone, by what is searched; nobody as long as nothing is."""
    return narrowed(Person.objects.all(), search) if search.strip() else Person.objects.none()


def _with_addresses(people: QuerySet[Person], show: str) -> QuerySet[Person]:
    emails = ContactPoint.objects.filter(channel=EMAIL)
    own = emails.filter(person=OuterRef("pk"))
    if show == "failed":
        return people.filter(Exists(own.filter(health=ContactPoint.Health.FAILED)))
    if show == "no_address":
        return people.filter(~Exists(own))
    if show == "unreachable":
        return people.filter(out_of_reach())
    return people


def with_details(people: QuerySet[Person]) -> QuerySet[Person]:
    """Prefetch what a line of the list shows: addresses, family, the classes of the current year."""
    classes = Enrolment.objects.filter(group__year=AcademicYear.current()).select_related("group")
    return people.prefetch_related(
        Prefetch("contact_points", ContactPoint.objects.all()),
        Prefetch("guardianships", Guardianship.objects.select_related("guardian")),
        Prefetch("wardships", Guardianship.objects.select_related("student")),
        Prefetch("enrolments", classes, to_attr="current_enrolments"),
    )
