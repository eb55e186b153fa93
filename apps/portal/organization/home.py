"""What Home shows: what is going out, which answers are due, and what needs somebody."""

from collections import Counter, defaultdict

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.campaigns.composing.drafts import mailings_of
from apps.campaigns.models import Mailing
from apps.core.channels import EMAIL
from apps.deliveries.engine.tallies import tallies_of
from apps.deliveries.models import Delivery, DeliveryAbout
from apps.deliveries.pages.visible_mailings import RUNNING, mailings_seen_by
from apps.imports.failed_runs import failed_by_the_clock
from apps.organizations.models import Membership
from apps.organizations.permissions import SENDING, Permission
from apps.recipients.models import ContactPoint, ImportConflict, Person
from apps.recipients.people_lists import people_found
from apps.senders import account_trouble
from apps.senders.models import SenderAccount
from apps.surveys.models import Answer

_HELD = (Mailing.State.PENDING, Mailing.State.STOPPED)


def home_of(membership: Membership) -> dict:
    """The context of the page for one member: only what this member may see."""
    mailings = mailings_seen_by(membership)
    may_see_people = membership.may(Permission.VIEW_PEOPLE)
    running = _with_tallies(mailings.filter(state__in=RUNNING).order_by("starts_at", "id")[:20])
    recent = _with_tallies(mailings.filter(state=Mailing.State.DONE)[:5])
    troubled = list(account_trouble.accounts_in_trouble())
    return {
        "lead": _lead(running),
        "running": running,
        "recent": recent,
        "answers_due": _answers_due(mailings),
        "failed_addresses": _failed_addresses() if may_see_people else 0,
        "unreachable": _unreachable_students() if may_see_people else 0,
        "conflicts": _open_conflicts() if membership.may(Permission.MANAGE_PEOPLE) else 0,
        "failed_imports": failed_by_the_clock() if membership.may(Permission.MANAGE_PEOPLE) else [],
        "may_import": membership.may(Permission.MANAGE_PEOPLE),
        "may_set_up": membership.may(Permission.MANAGE_SENDERS),
        "troubled": [(account, account_trouble.sentence(account)) for account in troubled],
        "paused": _paused_for_themselves(running, troubled),
        "changed_drafts": _changed_drafts(membership),
        "first_steps": None if running or recent else _first_steps(),
    }


def _lead(running: list[Mailing]) -> str:
    """What is on its way, in a line: only what is being sent is going out."""
    states = Counter(mailing.state for mailing in running)
    sending, pending, stopped = (states[state] for state in (Mailing.State.SENDING, *_HELD))
    paused = sum(mailing.is_paused for mailing in running)
    parts = {
        ngettext("%(number)s message is going out", "%(number)s messages are going out", sending): sending,
        ngettext(
            "%(number)s message waits for its start", "%(number)s messages wait for their start", pending
        ): pending,
        ngettext("%(number)s message is stopped", "%(number)s messages are stopped", stopped - paused): stopped
        - paused,
        ngettext("%(number)s message is paused", "%(number)s messages are paused", paused): paused,
    }
    said = [words % {"number": number} for words, number in parts.items() if number]
    return f"{', '.join(said)}." if said else _("Nothing is going out now.")


def _paused_for_themselves(running: list[Mailing], troubled: list[SenderAccount]) -> list[Mailing]:
    """Those that stand still, but for an account in trouble, which is named already."""
    named = {account.pk for account in troubled}
    stopped = [mailing for mailing in running if mailing.state == Mailing.State.STOPPED and mailing.problem]
    return [mailing for mailing in stopped if mailing.waits_for_id not in named]


def _changed_drafts(membership: Membership) -> list[Mailing]:
    """Drafts again, because they could not start, or that lost a list: those that the member may write on."""
    if not membership.may_any(SENDING):
        return []
    changed = mailings_of(membership).filter(state=Mailing.State.DRAFT).exclude(problem="")
    return list(changed.order_by("-updated_at")[:5])


def _with_tallies(mailings) -> list[Mailing]:
    mailings = list(mailings)
    tallies = tallies_of([mailing.pk for mailing in mailings])
    for mailing in mailings:
        mailing.tally = tallies[mailing.pk]
    return mailings


def _answers_due(mailings) -> list[dict]:
    """Open questions of mailings that have begun, with how many answered what, per student asked about."""
    now = timezone.now()
    asked = mailings.filter(started_at__isnull=False, question__isnull=False)
    asked = list(asked.filter(Q(question__closes_at=None) | Q(question__closes_at__gt=now))[:5])
    values = _counted_answers([mailing.question_id for mailing in asked])
    abouts = DeliveryAbout.objects.filter(delivery__mailing__in=asked, delivery__reason="")
    students = dict(abouts.order_by().values_list("delivery__mailing").annotate(number=Count("person", distinct=True)))
    alone = Delivery.objects.filter(mailing__in=asked, reason="").filter(
        ~Exists(DeliveryAbout.objects.filter(delivery=OuterRef("pk")))
    )
    unregistered = dict(alone.order_by().values_list("mailing").annotate(number=Count("id")))
    due = []
    for mailing in asked:
        counted = values[mailing.question_id]
        total = students.get(mailing.pk, 0) + unregistered.get(mailing.pk, 0)
        due.append({"mailing": mailing, **counted, "waiting": max(0, total - sum(counted.values()))})
    return due


def _counted_answers(question_ids: list[int]) -> dict[int, Counter]:
    """Question id -> how many students (or, unregistered, addresses) have which latest answer."""
    latest: dict[tuple, str] = {}
    for question_id, about_id, address, value in (
        Answer.objects.filter(question__in=question_ids)
        .order_by("at", "id")
        .values_list("question_id", "about_id", "by_address", "value")
    ):
        latest[question_id, about_id or address] = value
    counted: dict[int, Counter] = defaultdict(Counter)
    for (question_id, _whom), value in latest.items():
        counted[question_id][value] += 1
    return counted


def _open_conflicts() -> int:
    return ImportConflict.objects.filter(decision=ImportConflict.Decision.OPEN).count()


def _failed_addresses() -> int:
    return ContactPoint.objects.filter(channel=EMAIL, health=ContactPoint.Health.FAILED).count()


def _unreachable_students() -> int:
    return people_found("students", show="unreachable").count()


def _first_steps() -> dict[str, bool]:
    """What a new school has done already."""
    return {
        "people": Person.objects.exists(),
        "sender": SenderAccount.objects.exists(),
        "message": Mailing.objects.exists(),
    }
