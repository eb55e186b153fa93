"""Who was asked, and what each answered: one line per student (or per address of people about whom no student is).

Everything is counted and filtered by the database; only the lines of one page (or one portion of a download) are read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
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
    students = Person.objects.filter(pk__in=_students_of(_copies(mailing)))
    return _with_value(students, mailing, about=OuterRef("pk"))


def addresses_asked(mailing: Mailing) -> QuerySet[Delivery]:
    """The copies that were about no student, with `value` and `changed` as above."""
    about = DeliveryAbout.objects.filter(delivery=OuterRef("pk"))
    return _with_value(_copies(mailing).filter(~Exists(about)), mailing, about=None, by_address=OuterRef("normalized"))


def _copies(mailing: Mailing) -> QuerySet[Delivery]:
    return Delivery.objects.filter(mailing=mailing, reason="")


def _students_of(copies: QuerySet[Delivery]) -> QuerySet:
    """The ids of the students that these copies were about: a set, for SQLite would look a condition up for each."""
    return copies.filter(abouts__isnull=False).order_by().values("abouts__person")


def _with_value(rows: QuerySet, mailing: Mailing, **of_row) -> QuerySet:
    """Annotate `rows` with what the answers say together that belong to a row by the fields `of_row`."""
    answers = Answer.objects.filter(question=mailing.question_id, **of_row).order_by()
    together = answers.values("question").annotate(low=Min("value"), high=Max("value"))
    said = together.annotate(said=Case(When(low=F("high"), then=F("low")), default=Value("both"))).values("said")
    # Not by the presses themselves, which SQLite would read from the whole organisation for each row.
    changed = answers.filter(Q(changes__value__lt=F("value")) | Q(changes__value__gt=F("value")))
    return rows.annotate(value=Coalesce(Subquery(said), Value("none")), changed=Exists(changed))


def narrowed_students(mailing: Mailing, answer: str = "", group: str = "", search: str = "") -> QuerySet[Person]:
    """students_asked, of one value (or "changed"), of one class (id, or "none"), by part of a name or an address."""
    students = _of_answer(students_asked(mailing), answer)
    classes = _class_enrolments(mailing).order_by().values("person")
    if group == "none":
        students = students.exclude(pk__in=classes)
    elif group.isascii() and group.isdigit() and len(group) < 18:
        students = students.filter(pk__in=classes.filter(group=int(group)))
    search = search.replace("\0", "").strip()
    if search:
        mailed = _students_of(_copies(mailing).filter(normalized__contains=search.casefold()))
        students = students.filter(of_name(search) | Q(pk__in=mailed))
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


def totals_of(mailings: Sequence[Mailing]) -> dict[int, dict[str, dict[str, int]]]:
    """Of each mailing, by its id, how many `students` and how many `addresses` have which value; `asked`: all.

    Two queries, however many mailings and answers there are.
    """
    copies = Delivery.objects.filter(mailing__in=mailings, reason="").order_by().values("mailing")
    students, addresses = Count("abouts__person", distinct=True), Count("pk", filter=Q(abouts=None))
    asked = {row["mailing"]: row for row in copies.annotate(students=students, addresses=addresses)}
    answers = Answer.objects.filter(question__in=[each.question_id for each in mailings if each.question_id])
    part = Case(When(about=None, then=Value("addresses")), default=Value("students"))
    answers = answers.order_by().values("question", part=part).annotate(**_said(Coalesce("about", "pk"), "value"))
    said = {(row["question"], row["part"]): row for row in answers}
    return {
        each.pk: {
            part: _totals(asked.get(each.pk, {}).get(part, 0), said.get((each.question_id, part), {}))
            for part in ("students", "addresses")
        }
        for each in mailings
    }


def _said(line: Any, value: str) -> dict[str, Count]:
    """How many lines have a yes, a no, either, and "received" among their answers, which stand in column `value`."""
    wanted = {"yes": ["yes"], "no": ["no"], "either": ["yes", "no"], "received": ["received"]}
    return {name: Count(line, distinct=True, filter=Q(**{f"{value}__in": each})) for name, each in wanted.items()}


def _totals(asked: int, said: Mapping[str, int]) -> dict[str, int]:
    """The lines by value, from what _said() counts."""
    yes, no, received = (said.get(name, 0) for name in ("yes", "no", "received"))
    both = yes + no - said.get("either", 0)
    values = {"yes": yes - both, "no": no - both, "both": both, "received": received}
    return values | {"none": max(0, asked - sum(values.values())), "asked": asked}


def summed(parts: dict[str, dict[str, int]]) -> dict[str, int]:
    """The totals of students and addresses together."""
    return {name: sum(part[name] for part in parts.values()) for name in (*VALUES, "asked")}


def by_class(mailing: Mailing) -> list[dict]:
    """How many of each class have which value, by its name, with its id; last the students without a class, if any."""
    students, classes = _students_of(_copies(mailing)), _class_enrolments(mailing)
    enrolments = _answered(classes.filter(person__in=students), mailing, "person__answers_about")
    counts = {"asked": Count("person", distinct=True), **_said("person", "given__value")}
    rows = enrolments.order_by("group__name", "group").values("group", "group__name").annotate(**counts)
    found = [{"id": row["group"], "name": row["group__name"], **_totals(row["asked"], row)} for row in rows]
    outside = Person.objects.filter(pk__in=students).exclude(pk__in=classes.values("person"))
    counts = {"asked": Count("pk", distinct=True), **_said("pk", "given__value")}
    without = _answered(outside, mailing, "answers_about").aggregate(**counts)
    if found and without["asked"]:
        found.append({"id": "none", "name": _("No class"), **_totals(without["asked"], without)})
    return found


def _answered(rows: QuerySet, mailing: Mailing, answers: str) -> QuerySet:
    """Join the answers to the question of the mailing to `rows`, as `given`."""
    # With the organisation, where the one index that serves begins: without, SQLite takes the question's, for each row.
    wanted = {"organization": mailing.organization_id, "question": mailing.question_id}
    condition = Q(**{f"{answers}__{name}": value for name, value in wanted.items()})
    return rows.annotate(given=FilteredRelation(answers, condition=condition))


def how_many_answered(question_ids: Iterable[int]) -> dict[int, int]:
    """Question -> students (and addresses about no student) with at least one answer, of those that have any."""
    lines = Count("about", distinct=True) + Count("pk", filter=Q(about=None))
    answers = Answer.objects.filter(question__in=question_ids).order_by()
    return dict(answers.values_list("question").annotate(number=lines))


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
