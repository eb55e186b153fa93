"""Who was asked, and what each answered: one line per student (or per address of people about whom no student is).

Everything is counted and filtered by the database; only the lines of one page (or one portion of a download) are read.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from apps.campaigns.models import Mailing
from apps.core.dates import moment
from apps.core.exports import in_portions
from apps.recipients.models import AcademicYear, Enrolment, Group, Person
from apps.recipients.searching import of_name
from apps.surveys.models import Answer, AnswerChange

from ..models import Delivery, DeliveryAbout

# What a line may say: `both` where two addresses answered differently, `none` where nobody has answered yet.
VALUES = ("yes", "no", "both", "received", "none")


@dataclass
class Line:
    """One line: the student (None: an address), to which addresses it went, and the answers that came."""

    student: Person | None
    name: str
    value: str
    groups: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    earlier: str = ""

    @property
    def word(self) -> str:
        others = {"both": _("Yes and no"), "none": _("Not yet")}
        return others.get(self.value) or str(Answer.Value(self.value).label)

    @property
    def who(self) -> list[str]:
        return [str(answer.by_person or answer.by_address) for answer in self.answers]

    @property
    def at(self) -> datetime | None:
        return max((answer.at for answer in self.answers), default=None)


def students_asked(mailing: Mailing) -> QuerySet[Person]:
    """The students that copies of the mailing were about, each with its `value` and whether it was `changed`."""
    asked = DeliveryAbout.objects.filter(delivery__mailing=mailing, delivery__reason="")
    students = Person.objects.filter(Exists(asked.filter(person=OuterRef("pk"))))
    return _with_value(students, mailing, about=OuterRef("pk"))


def addresses_asked(mailing: Mailing) -> QuerySet[Delivery]:
    """The copies that were about no student, with `value` and `changed` as above."""
    about = DeliveryAbout.objects.filter(delivery=OuterRef("pk"))
    copies = Delivery.objects.filter(~Exists(about), mailing=mailing, reason="")
    return _with_value(copies, mailing, about=None, by_address=OuterRef("normalized"))


def _with_value(rows: QuerySet, mailing: Mailing, **of_row) -> QuerySet:
    """Annotate `rows` with what the answers say that belong to a row by the fields `of_row`."""
    answers = Answer.objects.filter(question=mailing.question_id, **of_row)
    presses = AnswerChange.objects.filter(
        answer__question=mailing.question_id, **{f"answer__{name}": value for name, value in of_row.items()}
    )
    yes, no = Exists(answers.filter(value="yes")), Exists(answers.filter(value="no"))
    value = Case(
        When(Q(yes) & Q(no), then=Value("both")),
        When(yes, then=Value("yes")),
        When(no, then=Value("no")),
        When(Exists(answers.filter(value="received")), then=Value("received")),
        default=Value("none"),
    )
    return rows.annotate(value=value, changed=Exists(presses.exclude(value=F("answer__value"))))


def narrowed_students(mailing: Mailing, answer: str = "", group: str = "", search: str = "") -> QuerySet[Person]:
    """students_asked, of one value (or "changed"), of one class (id, or "none"), by part of a name or an address."""
    students = _of_answer(students_asked(mailing), answer)
    classes = _class_enrolments(mailing).filter(person=OuterRef("pk"))
    if group == "none":
        students = students.filter(~Exists(classes))
    elif group.isascii() and group.isdigit() and len(group) < 18:
        students = students.filter(Exists(classes.filter(group=int(group))))
    search = search.replace("\0", "").strip()
    if search:
        mailed = DeliveryAbout.objects.filter(delivery__mailing=mailing, delivery__reason="", person=OuterRef("pk"))
        by_address = Exists(mailed.filter(delivery__normalized__contains=search.casefold()))
        students = students.filter(of_name(search) | Q(by_address))
    return students


def narrowed_addresses(mailing: Mailing, answer: str = "", search: str = "") -> QuerySet[Delivery]:
    """addresses_asked, of one value (or "changed"), by part of a name or an address."""
    copies = _of_answer(addresses_asked(mailing), answer)
    search = search.replace("\0", "").strip()
    if search:
        copies = copies.filter(Q(normalized__contains=search.casefold()) | Q(name__icontains=search))
    return copies


def _of_answer(rows: QuerySet, answer: str) -> QuerySet:
    if answer == "changed":
        return rows.filter(changed=True)
    return rows.filter(value=answer) if answer in VALUES else rows


def totals(rows: QuerySet) -> dict[str, int]:
    """How many rows have which value; `asked`: all; `changed`: how many changed their mind."""
    counts = {value: Count("pk", filter=Q(value=value)) for value in VALUES}
    return rows.aggregate(**counts, changed_mind=Count("pk", filter=Q(changed=True)), asked=Count("pk"))


def by_class(mailing: Mailing) -> list[dict]:
    """The totals of each class by its name, with its id; last the students without a class, if there are any."""
    asked = DeliveryAbout.objects.filter(delivery__mailing=mailing, delivery__reason="", person=OuterRef("person"))
    enrolments = _with_value(_class_enrolments(mailing).filter(Exists(asked)), mailing, about=OuterRef("person"))
    counts = {value: Count("pk", filter=Q(value=value)) for value in VALUES}
    classes = enrolments.order_by("group__name", "group").values("group", "group__name").annotate(**counts)
    found = [{"id": row["group"], "name": row["group__name"], **row} for row in classes]
    without = totals(narrowed_students(mailing, group="none"))
    return found + ([{"id": "none", "name": _("No class"), **without}] if found and without["asked"] else [])


def how_many_answered(mailing: Mailing) -> int:
    """Students (and addresses about no student) with at least one answer."""
    answers = Answer.objects.filter(question=mailing.question_id).order_by()
    about = answers.filter(about__isnull=False).values("about").distinct().count()
    return about + answers.filter(about__isnull=True).count()


def student_lines(mailing: Mailing, students: list[Person]) -> list[Line]:
    """The lines of these rows of students_asked. Four queries, however many they are."""
    lines = {each.pk: Line(each, each.full_name, each.value) for each in students}  # type: ignore[attr-defined]
    mailed = DeliveryAbout.objects.filter(delivery__mailing=mailing, delivery__reason="", person__in=lines)
    for person_id, address in mailed.order_by("delivery_id").values_list("person_id", "delivery__address"):
        lines[person_id].addresses.append(address)
    classes = _class_enrolments(mailing).filter(person__in=lines).order_by("group__name")
    for person_id, name in classes.values_list("person_id", "group__name"):
        lines[person_id].groups.append(name)
    answers = Answer.objects.filter(question=mailing.question_id, about__in=lines)
    _give(lines, answers, key=lambda answer: answer.about_id)
    return list(lines.values())


def address_lines(mailing: Mailing, copies: list[Delivery]) -> list[Line]:
    """The lines of these rows of addresses_asked. Two queries, however many they are."""
    lines = {
        each.normalized: Line(None, each.name or each.address, each.value, addresses=[each.address])  # type: ignore[attr-defined]
        for each in copies
    }
    answers = Answer.objects.filter(question=mailing.question_id, about=None, by_address__in=lines)
    _give(lines, answers, key=lambda answer: answer.by_address)
    return list(lines.values())


def table(mailing: Mailing) -> Iterator[list[str]]:
    """All lines as the cells of the download, read in portions."""
    for students in in_portions(students_asked(mailing).order_by("search_name", "id").iterator(chunk_size=500)):
        yield from map(_cells, student_lines(mailing, students))
    for copies in in_portions(addresses_asked(mailing).order_by("id").iterator(chunk_size=500)):
        yield from map(_cells, address_lines(mailing, copies))


def header() -> list[str]:
    """The first row of the download."""
    return [_("Student"), _("Class"), _("Answer"), _("Who answered"), _("Addresses mailed"), _("When"), _("Before")]


def _cells(line: Line) -> list[str]:
    when = formats.date_format(timezone.localtime(line.at), "Y-m-d H:i") if line.at else ""
    name = line.student.sorted_name if line.student else line.name
    parts = (", ".join(part) for part in (line.groups, [line.word], line.who, line.addresses))
    return [name, *parts, when, line.earlier]


def _class_enrolments(mailing: Mailing) -> QuerySet[Enrolment]:
    """Who is in which class, in the year of the mailing."""
    year = mailing.year_id or AcademicYear.current()
    return Enrolment.objects.filter(role=Enrolment.Role.STUDENT, group__kind=Group.Kind.CLASS, group__year=year)


def _give(lines: dict, answers: QuerySet[Answer], key) -> None:
    """Put the answers on their lines, and what was answered before."""
    changes: dict[int, list[AnswerChange]] = defaultdict(list)
    for change in AnswerChange.objects.filter(answer__in=answers).order_by("at", "id"):
        changes[change.answer_id].append(change)
    for answer in answers.select_related("by_person").order_by("at", "id"):
        line = lines[key(answer)]
        line.answers.append(answer)
        line.earlier = _earlier(changes[answer.pk]) or line.earlier


def _earlier(changes: list[AnswerChange]) -> str:
    """`Was No until Sun 22 Nov, 21:40`, for an answer that was changed: the last time it was."""
    for before, after in reversed(list(pairwise(changes))):
        if before.value != after.value:
            was = {"answer": before.get_value_display(), "when": moment(after.at)}
            return _("Was %(answer)s until %(when)s") % was
    return ""
