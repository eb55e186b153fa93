"""A stream of facts, compared with what is on record (compare) or put on record (load): all of it or nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.recipients.models import ContactPoint, Enrolment, Group, Guardianship, ImportRun, Person
from apps.rosters.facts import Mistake, Staged
from apps.rosters.refusing import FileRefused

from . import applying
from .counts import count
from .deciding_consents import decide_consents
from .deciding_contacts import decide_contacts
from .deciding_enrolments import decide_enrolments
from .deciding_groups import decide_groups
from .deciding_guardianships import decide_guardianships
from .deciding_people import decide_people
from .deciding_years import current_year
from .examples import examples
from .matching import match_people
from .mistakes import mistakes_of_people
from .safety_stop import stop_sentence
from .staging import MISTAKES_KEPT, Stage, staged
from .statements import Statements
from .uniting import unite_people
from .withdrawing import decide_withdrawals, may_withdraw

_LOCK = 4_101_000_000  # of PostgreSQL's advisory locks; the organisation is added
_LARGE = 2000  # people in a file; fewer are looked up one by one
_NEW_ROWS = ("created", "addresses", "guardianships", "enrolments")
_WRITTEN = [model._meta.db_table for model in (Person, ContactPoint, Guardianship, Group, Enrolment)]
Progress = Callable[[int], None]


@dataclass
class Outcome:
    """Counts by name (see count()) and the first mistakes.

    `examples`: the first remarks, and of a comparison the first rows of each kind.
    """

    counts: dict[str, int]
    mistakes: list[Mistake]
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def compare(run: ImportRun, facts: Iterable[Staged], progress: Progress = lambda done: None) -> Outcome:
    """What load() would do; writes nothing that stays. Raises what the reader raises."""
    with staged(facts, progress) as stage, transaction.atomic():
        statements = _decided(run, stage, is_dry=True)
        outcome = _outcome(statements, stage)
        outcome.examples |= examples(statements)
        statements.drop()
        transaction.set_rollback(True)
    return outcome


def load(run: ImportRun, facts: Iterable[Staged], progress: Progress = lambda done: None) -> Outcome:
    """Put the facts on record.

    Raises FileRefused with a sentence when the safety stop holds it, and what the reader raises. Another load of the
    same organisation is waited for.
    """
    with staged(facts, progress) as stage, transaction.atomic():
        statements = _decided(run, stage, is_dry=False)
        outcome = _outcome(statements, stage)
        run.counts = run.counts | outcome.counts
        stop = stop_sentence(run)
        if stop:
            raise FileRefused(stop)
        applying.apply_people(statements)
        applying.apply_contacts(statements)
        applying.apply_school(statements)
        statements.drop()
    if sum(outcome.counts[kind] for kind in _NEW_ROWS) > _LARGE:
        _refresh_statistics()
    return outcome


def _refresh_statistics() -> None:
    """Let PostgreSQL know of many new rows at once: until it does, it plans every page for empty tables."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(_WRITTEN)}")


def _decided(run: ImportRun, stage: Stage, is_dry: bool) -> Statements:
    """Everything decided, in the tables of the open transaction."""
    statements = Statements(is_large=stage.people > _LARGE, **_parameters(run))
    if statements.is_postgresql:  # SQLite has one writer anyway
        statements.run(f"SELECT pg_advisory_xact_lock({_LOCK + run.organization_id})")
    else:  # nothing else tells its planner how many people an organisation has
        statements.run("PRAGMA analysis_limit = 1000")
        statements.settle(*_WRITTEN)
    is_bulk = stage.coverage != "delta" and run.source is not None
    unite_people(statements)
    match_people(statements)
    decide_people(statements, is_dry)
    decide_withdrawals(statements, is_bulk and may_withdraw(run, stage, statements))
    stage.kept_away = decide_contacts(statements)
    stage.kept_away += decide_guardianships(statements, is_bulk)
    year = run.options.get("year") or current_year()
    is_delta = stage.coverage == "delta"
    stage.groups, stage.groups_changed = decide_groups(statements, year, is_delta=is_delta)
    stage.kept_away += decide_enrolments(statements, is_bulk)
    decide_consents(statements)
    return statements


def _outcome(statements: Statements, stage: Stage) -> Outcome:
    counts = count(statements, stage)
    more = mistakes_of_people(statements, stage)
    counts["mistakes"] += len(more)
    counts["left_out"] += counts["mismatches"]
    counts["groups"] = stage.groups
    counts["in_passing"] += stage.groups_changed
    counts["kept_away"] = stage.kept_away
    counts["held_back"] = int(stage.holds_back)
    return Outcome(counts, (stage.first_mistakes + more)[:MISTAKES_KEPT], stage.shown_remarks())


def _parameters(run: ImportRun) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "organization": run.organization_id,
        "source": run.source_id,
        "run": run.pk,
        "now": connection.ops.adapt_datetimefield_value(timezone.now()),
        "today": connection.ops.adapt_datefield_value(today),
        "year_ago": connection.ops.adapt_datefield_value(today - timedelta(days=365)),
        "true": True,
        "false": False,
    }


def problem_of(error: Exception) -> str:
    """The sentence for a load that failed."""
    if isinstance(error, FileRefused):
        return str(error)
    return _("Bedel could not write it. Nothing was loaded. Try once more; if it happens again, ask the operator.")
