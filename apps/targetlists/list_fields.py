"""Filter by other target lists. A list that leads back to itself, or through too many others, is met by nobody."""

from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.recipients.models import ContactPoint

from .condition_fields import IS, IS_NOT, NOBODY, Field
from .models import TargetList, TargetListMember, UploadedRow
from .person_fields import exists, unless
from .school_fields import ids_of

MAX_LISTS_DEEP = 3
_opened: ContextVar[tuple[int, ...]] = ContextVar("opened_lists", default=())


def on_list(target_list: TargetList) -> Q:
    """People on a list, and those whose own or communication address stands on it."""
    if target_list.kind == TargetList.Kind.FILTER:
        return _meeting(target_list)
    if target_list.kind == TargetList.Kind.UPLOADED:
        rows = UploadedRow.objects.filter(list=target_list.uploaded_id or 0)
        return _with_address_on(rows)
    members = TargetListMember.objects.filter(list=target_list.pk)
    return exists(members) | _with_address_on(members.exclude(normalized=""))


def _with_address_on(rows: Any) -> Q:
    points = ContactPoint.objects.filter(channel=ContactPoint.Channel.EMAIL)
    return exists(points.filter(Exists(rows.filter(normalized=OuterRef("normalized")))))


def _meeting(target_list: TargetList) -> Q:
    from .conditions import problems, where  # this field is a part of what it asks for

    if target_list.pk in _opened.get() or len(_opened.get()) >= MAX_LISTS_DEEP:
        return NOBODY
    with _opening(target_list.pk):
        return NOBODY if problems(target_list.condition) else where(target_list.condition)


@contextmanager
def _opening(pk: int):
    token = _opened.set((*_opened.get(), pk))
    try:
        yield
    finally:
        _opened.reset(token)


def leads_to(condition: Any, pk: int, depth: int = 0) -> bool:
    """Whether `condition` asks for list `pk`, directly or by the filters of the lists that it asks for."""
    from .conditions import leaves

    asked = [leaf for leaf in leaves(condition) if leaf.get("field") == "list" and isinstance(leaf.get("value"), list)]
    ids = {number for leaf in asked for number in ids_of(each for each in leaf["value"] if isinstance(each, str))}
    if pk in ids:
        return True
    lists = TargetList.objects.filter(pk__in=ids, kind=TargetList.Kind.FILTER) if depth < MAX_LISTS_DEEP else []
    return any(leads_to(each.condition, pk, depth + 1) for each in lists)


def _choices() -> list[tuple[str, Any, Any]]:
    return [(str(each.pk), each.name, each.get_kind_display()) for each in TargetList.objects.all()]


def _names(values: list[str]) -> dict[str, str]:
    return {str(each.pk): each.name for each in TargetList.objects.filter(pk__in=ids_of(values))}


def _on_lists(operator: str, values: list[str]) -> Q:
    condition = NOBODY
    for each in TargetList.objects.filter(pk__in=values):
        condition = condition | on_list(each)
    return unless(operator, condition)


FIELDS = (Field("list", _("on the list"), _("Lists"), (IS, IS_NOT), _on_lists, _choices, _names),)
