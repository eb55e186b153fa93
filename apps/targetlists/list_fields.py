"""Filter by other target lists. A list that leads back to itself, or through too many others, is met by nobody."""

from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.channels import EMAIL
from apps.recipients.models import ContactPoint
from apps.recipients.posted_ids import posted_ids

from .condition_fields import IS, IS_NOT, NOBODY, Field, ListUnusable
from .models import TargetList, TargetListMember, UploadedRow
from .person_fields import exists, unless

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
    points = ContactPoint.objects.filter(channel=EMAIL)
    return exists(points.filter(Exists(rows.filter(normalized=OuterRef("normalized")))))


def _meeting(target_list: TargetList) -> Q:
    """Raises ListUnusable: a filter that asks for what does not work is met by nobody, also where it says "is not"."""
    from .conditions import check, where  # this field is a part of what it asks for

    named = {"name": target_list.name}
    if target_list.pk in _opened.get():
        raise ListUnusable(_("The filter of the list “%(name)s” leads back to itself.") % named)
    if len(_opened.get()) >= MAX_LISTS_DEEP:
        raise ListUnusable(_("Filters ask for filters, more than %(number)s deep.") % {"number": MAX_LISTS_DEEP})
    with _opening(target_list.pk):
        if check(target_list.condition):
            raise ListUnusable(_("The filter of the list “%(name)s” does not work. Mend that first.") % named)
        return where(target_list.condition)


@contextmanager
def _opening(pk: int):
    token = _opened.set((*_opened.get(), pk))
    try:
        yield
    finally:
        _opened.reset(token)


@contextmanager
def saving(pk: int):
    """Within it a condition that leads to list `pk` has something wrong with it: it is about to become that list's."""
    with _opening(pk):
        yield


def _choices() -> list[tuple[str, Any, Any]]:
    return [(str(each.pk), each.name, each.get_kind_display()) for each in TargetList.objects.all()]


def _names(values: list[str]) -> dict[str, str]:
    return {str(each.pk): each.name for each in TargetList.objects.filter(pk__in=posted_ids(values))}


def _on_lists(operator: str, values: list[str]) -> Q:
    condition = NOBODY
    for each in TargetList.objects.filter(pk__in=values):
        condition = condition | on_list(each)
    return unless(operator, condition)


FIELDS = (Field("list", gettext_lazy("on the list"), gettext_lazy("Lists"), (IS, IS_NOT), _on_lists, _choices, _names),)
