"""What happens to answers when two people on record turn out to be one."""

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from apps.recipients.merging import move_rows
from apps.recipients.models import Person

from .models import Answer, AnswerChange

_SAME = ("question", "by_address")
FIGURES = ((_("Answers"), Answer, "by_person"), (_("Answers about them"), Answer, "about"))


def move(kept: Person, gone: Person) -> None:
    """Answers given, and answers about: of two by the same address the later counts, and the presses stay."""
    move_rows(Answer, "by_person", kept, gone)
    move_rows(Answer, "about", kept, gone, _SAME, first=_keep_latest)


def _keep_latest(going: QuerySet, counted: QuerySet) -> None:
    same = {name: OuterRef(name) for name in _SAME}
    later = going.filter(at__gt=OuterRef("at"), **same)
    values = {name: Subquery(later.values(name)[:1]) for name in ("value", "at")}
    twin = Subquery(counted.filter(**same).values("pk")[:1])
    of_change = going.filter(pk=OuterRef("answer")).annotate(twin=twin).values("twin")[:1]
    AnswerChange.objects.filter(answer__in=going).update(answer=Subquery(of_change))
    counted.filter(Exists(later)).update(**values)
