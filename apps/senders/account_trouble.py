"""An account in trouble: what its page and Home say about it, and how a saved form ends it."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from apps.channels.outcomes import AccountProblem
from apps.core.dates import moment
from apps.core.starting_work import start_on_commit

from .models import SenderAccount
from .secrets import SecretUnreadable

# What the circuit of an account consists of; who sends opens it, and end() closes it.
CIRCUIT = ("problem", "problem_since", "retry_at", "failures")


def accounts_in_trouble() -> QuerySet[SenderAccount]:
    """The accounts of the open organisation by which nothing leaves now."""
    return SenderAccount.objects.exclude(problem="")


def sentence(account: SenderAccount) -> str:
    """Since when nothing leaves by `account`, why, and what comes next; empty when nothing is wrong."""
    if not account.problem:
        return ""
    return f"{_since(account)} {_full_stop(account.problem)} {_next_attempt(account.retry_at)}"


def in_words(problem: AccountProblem | SecretUnreadable) -> str:
    """What is wrong with an account, in the language of the moment."""
    if isinstance(problem, SecretUnreadable):
        return _("What is stored to log in cannot be read any more. Type it again in the settings of the account.")
    return _(problem.message) % problem.values if problem.values else _(problem.message)


def end(account: SenderAccount) -> None:
    """Forget the trouble of `account`, which the caller saves: somebody has mended it, so it may be tried at once."""
    account.problem, account.problem_since, account.retry_at, account.failures = "", None, None, 0


def has_ended(account: SenderAccount) -> None:
    """Let the mailings go on that wait for `account`, once the open transaction is committed."""
    start_on_commit("deliveries.account_mended", account.pk, account.organization_id)


def _since(account: SenderAccount) -> str:
    if account.problem_since is None:
        return _("Nothing leaves by this account:")
    return _("Nothing leaves by this account since %(when)s:") % {"when": _near(account.problem_since)}


def _next_attempt(at: datetime | None) -> str:
    if at is None:
        return _("It is tried again when you have saved it.")
    if at <= timezone.now():
        return _("It is tried again now.")
    if _is_today(at):
        return _("It is tried again at %(when)s.") % {"when": _near(at)}
    return _("It is tried again %(when)s.") % {"when": _near(at)}


def _near(at: datetime) -> str:
    """The hour alone where it is of today."""
    return formats.date_format(timezone.localtime(at), "H:i") if _is_today(at) else moment(at)


def _is_today(at: datetime) -> bool:
    return timezone.localtime(at).date() == timezone.localdate()


def _full_stop(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
