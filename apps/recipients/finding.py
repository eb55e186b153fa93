"""Find people by name, address or number, by group, and by what is wrong with their addresses."""

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from apps.core.normalizing import without_accents

from .models import AcademicYear, ContactPoint, Enrolment, Guardianship, Person

KINDS = {
    "students": Person.Kind.STUDENT,
    "guardians": Person.Kind.GUARDIAN,
    "staff": Person.Kind.STAFF,
    "contacts": Person.Kind.CONTACT,
}
LEAST_DIGITS = 3
WORDS: dict[str, str] = {kind.value: word for word, kind in KINDS.items()}


def people_found(kind: str, search: str = "", group: str = "", show: str = "") -> QuerySet[Person]:
    """People of one kind (a word of KINDS). `show`: failed, no_address, unreachable, former; else those here now."""
    people = Person.objects.filter(kind=KINDS[kind])
    people = people.filter(active=False) if show == "former" else people.filter(active=True)
    if search:
        people = people.filter(_search(search))
    if group.isdecimal() and len(group) < 18:
        people = people.filter(Exists(Enrolment.objects.filter(person=OuterRef("pk"), group=int(group))))
    emails = ContactPoint.objects.filter(channel=ContactPoint.Channel.EMAIL)
    own = emails.filter(person=OuterRef("pk"))
    if show == "failed":
        people = people.filter(Exists(own.filter(health=ContactPoint.Health.FAILED)))
    elif show == "no_address":
        people = people.filter(~Exists(own))
    elif show == "unreachable":
        pairs = Guardianship.objects.filter(student=OuterRef("pk"), restricted=False)
        people = people.filter(~Exists(own), ~Exists(pairs.filter(Exists(emails.filter(person=OuterRef("guardian"))))))
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


def _search(search: str) -> Q:
    """Every word stands in the name, or the whole is part of an address or number: their own, or a guardian's."""
    plain = without_accents(search.replace("\0", ""))
    words = Q()
    for word in plain.split():
        words &= Q(search_name__contains=word)
    found = ContactPoint.objects.filter(_of_address(plain)).values("person")
    students = Guardianship.objects.filter(guardian__in=found).values("student")
    return Q(pk__in=found) | Q(pk__in=students) | words


def _of_address(plain: str) -> Q:
    condition = Q(normalized__contains=plain.replace(" ", ""))
    digits = "".join(c for c in plain if c.isascii() and c.isdigit())
    if len(digits) >= LEAST_DIGITS and not any(c.isalpha() for c in plain):
        # Numbers are kept as +34612555018; people write 612 55 50 18, 0034 612 ... or, in some countries, 0612 ...
        condition |= Q(channel=ContactPoint.Channel.PHONE, normalized__contains=digits.lstrip("0") or digits)
    return condition
