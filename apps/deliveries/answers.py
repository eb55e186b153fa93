"""Who was asked, and what each answered: one line per student (or per address of people who are not registered)."""

import csv
import io
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from apps.campaigns.models import Mailing
from apps.core.dates import moment
from apps.core.normalizing import without_accents
from apps.recipients.models import AcademicYear, Enrolment, Group, Person
from apps.surveys.models import Answer, AnswerChange

from .log import defused
from .models import Delivery, DeliveryAbout


@dataclass
class Asked:
    """One line: the student (None: an unregistered address), to which addresses it went, and the answers that came."""

    student: Person | None
    name: str
    group: str = ""
    addresses: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    earlier: str = ""

    @property
    def value(self) -> str:
        """yes, no, received; `both` when two addresses answered differently; empty: not yet."""
        values = {answer.value for answer in self.answers}
        return "both" if len(values) > 1 else next(iter(values), "")

    @property
    def word(self) -> str:
        if self.value == "both":
            return _("Yes and no")
        return str(Answer.Value(self.value).label) if self.value else _("Not yet")

    @property
    def who(self) -> list[str]:
        return [str(answer.by_person or answer.by_address) for answer in self.answers]

    @property
    def at(self) -> datetime | None:
        return max((answer.at for answer in self.answers), default=None)


def asked_of(mailing: Mailing) -> list[Asked]:
    """Every student and address that the mailing asked, by name. A handful of queries, whatever their number."""
    lines = _lines(mailing)
    for answer in (
        Answer.objects.filter(question=mailing.question_id).select_related("by_person", "about").order_by("at")
    ):
        key = answer.about_id or answer.by_address
        line = lines.get(key) or lines.setdefault(key, Asked(answer.about, str(answer.about or answer.by_address)))
        line.answers.append(answer)
    _note_earlier(mailing, lines)
    return sorted(
        lines.values(), key=lambda line: without_accents(line.student.sorted_name if line.student else line.name)
    )


def how_many_answered(mailing: Mailing) -> int:
    """Students (and unregistered addresses) with at least one answer."""
    answers = Answer.objects.filter(question=mailing.question_id).order_by()
    about = answers.filter(about__isnull=False).values("about").distinct().count()
    return about + answers.filter(about__isnull=True).count()


def totals(lines: list[Asked]) -> Counter:
    """How many lines have which value; '' counts those who have not answered."""
    return Counter(line.value for line in lines)


def by_group(lines: list[Asked]) -> list[tuple[str, Counter]]:
    """The totals of each class, by its name."""
    groups: dict[str, Counter] = defaultdict(Counter)
    for line in lines:
        groups[line.group or _("No class")][line.value] += 1
    return sorted(groups.items())


def as_csv(lines: list[Asked]) -> str:
    """The answers as CSV with a BOM."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow([_("Student"), _("Class"), _("Answer"), _("Who answered"), _("Addresses mailed"), _("When")])
    for line in lines:
        cells = [line.name, line.group, line.word, ", ".join(line.who), ", ".join(line.addresses), moment(line.at)]
        writer.writerow([defused(cell) for cell in cells])
    return "\N{BYTE ORDER MARK}" + text.getvalue()


def _lines(mailing: Mailing) -> dict[int | str, Asked]:
    sent_to = Delivery.objects.filter(mailing=mailing, reason="")
    abouts = (
        DeliveryAbout.objects.filter(delivery__in=sent_to).select_related("person", "delivery").order_by("delivery_id")
    )
    lines: dict[int | str, Asked] = {}
    for each in abouts:
        line = lines.setdefault(each.person_id, Asked(each.person, each.person.full_name))
        line.addresses.append(each.delivery.address)
    about_nobody = sent_to.filter(~Exists(DeliveryAbout.objects.filter(delivery=OuterRef("pk"))))
    for delivery in about_nobody:
        lines[delivery.normalized] = Asked(None, delivery.name or delivery.address, addresses=[delivery.address])
    _name_groups(mailing, lines)
    return lines


def _name_groups(mailing: Mailing, lines: dict[int | str, Asked]) -> None:
    students = [key for key in lines if isinstance(key, int)]
    enrolments = Enrolment.objects.filter(person__in=students, role="student", group__kind=Group.Kind.CLASS)
    enrolments = enrolments.filter(group__year=mailing.year_id or AcademicYear.current())
    for person_id, name in enrolments.values_list("person_id", "group__name"):
        lines[person_id].group = name


def _note_earlier(mailing: Mailing, lines: dict[int | str, Asked]) -> None:
    """Where an answer was changed, what it was before and until when."""
    latest: dict[int, tuple[str, datetime]] = {}
    changes = (
        AnswerChange.objects.filter(answer__question=mailing.question_id).select_related("answer").order_by("at", "id")
    )
    for change in changes:
        before = latest.get(change.answer_id)
        if before and before[0] != change.value:
            key = change.answer.about_id or change.answer.by_address
            was = {"answer": Answer.Value(before[0]).label, "when": moment(change.at)}
            lines[key].earlier = _("Was %(answer)s until %(when)s") % was
        latest[change.answer_id] = (change.value, change.at)
