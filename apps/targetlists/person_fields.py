"""Filter by what stands on a person's own record: kind, name, language, consents, addresses, lists."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.normalizing import without_accents
from apps.organizations.models import Unit
from apps.recipients.models import Consent, ContactPoint, Person
from apps.recipients.searching import parts_of_name

from .alternatives import HasRow
from .condition_fields import (
    BEFORE,
    CONTAINS,
    IS,
    IS_NOT,
    LAST_DAYS,
    NOBODY,
    NOT_CONTAINS,
    SINCE,
    Field,
    Operator,
    Takes,
    yes_or_no,
)
from .models import OptOut

PERSON, CONTACT, CONSENT = _("Person"), _("Address and telephone"), _("Consent")
NONE = "none"  # the choice for an empty column
_BEGINS = Operator("begins", _("begins with"), Takes.TEXT)
_HAS = (Operator("has", _("is on record"), Takes.NOTHING), Operator("has_not", _("is not on record"), Takes.NOTHING))
_FAILED = Operator("failed", _("came back [ko]"), Takes.NOTHING)
_WORKS = Operator("works", _("is on record and did not come back"), Takes.NOTHING)
_NO_SMS = Operator("no_sms", _("cannot receive SMS"), Takes.NOTHING)
_ANSWERS = {"accepted": _("accepted"), "refused": _("not accepted"), "never": _("never asked")}


def unless(operator: str, condition: Q) -> Q:
    """`condition`, turned round when the operator is a negative one."""
    return ~condition if operator in (IS_NOT.name, NOT_CONTAINS.name, "no", "has_not") else condition


def exists(rows: QuerySet, of_person: str = "person") -> Q:
    """People for whom there is one of `rows`; `of_person` names the column that points to the person."""
    return Q(HasRow(rows, of_person))


def unit_choices() -> list[tuple[str, Any, Any]]:
    return [(str(unit.pk), unit.name, "") for unit in Unit.objects.all()]


def _column(name: str):
    """A function for a column that holds one of the values, `none` standing for an empty one."""

    def function(operator: str, values: list[str]) -> Q:
        condition = Q(**{f"{name}__in": ["" if value == NONE else value for value in values]})
        return unless(operator, condition)

    return function


def _unit(operator: str, values: list[str]) -> Q:
    condition = Q(unit__isnull=True) if NONE in values else Q()
    ids = [int(value) for value in values if value != NONE]
    return unless(operator, condition | Q(unit__in=ids) if ids else condition)


def _flag(condition: Q):
    return lambda operator, _value: unless(operator, condition)


def _name(operator: str, text: str) -> Q:
    """Every word stands in the name, or the name begins so. A text of signs alone, such as an accent, is in no name."""
    if operator != _BEGINS.name:
        parts = parts_of_name(text)
        condition = Q(*(Q(search_name__contains=part.text) for part in parts)) if parts else NOBODY
        return unless(operator, condition)
    words = without_accents(text).split()
    return Q(search_name__startswith=" ".join(words)) if words else NOBODY


def _day(name: str, is_moment: bool = False):
    """A function for a date (or moment) that may be unknown."""
    part = f"{name}__date" if is_moment else name

    def function(operator: str, value: Any) -> Q:
        if operator == BEFORE.name:
            return Q(**{f"{part}__lt": value})
        first = timezone.localdate() - timedelta(days=value) if operator == LAST_DAYS.name else value
        return Q(**{f"{part}__gte": first})

    return function


def _points(channel: str):
    def function(operator: str, _value: None) -> Q:
        points = ContactPoint.objects.filter(channel=channel)
        if operator == _WORKS.name:
            return exists(points.exclude(health=ContactPoint.Health.FAILED))
        if operator in (_FAILED.name, _NO_SMS.name):
            return exists(points.filter(health=operator))
        return unless(operator, exists(points))

    return function


def _address(operator: str, text: str) -> Q:
    part = without_accents(text).replace(" ", "")
    return unless(operator, exists(ContactPoint.objects.filter(normalized__contains=part)))


def _opted_out(operator: str, scopes: list[str]) -> Q:
    refused = OptOut.objects.filter(channel=OuterRef("channel"), normalized=OuterRef("normalized"), scope__in=scopes)
    return unless(operator, exists(ContactPoint.objects.filter(Exists(refused))))


def _consent(kind: str):
    def function(operator: str, values: list[str]) -> Q:
        asked = Consent.objects.filter(kind=kind)
        conditions = {
            "accepted": exists(asked.filter(granted=True)),
            "refused": exists(asked.filter(granted=False)),
            "never": ~exists(asked),
        }
        condition = conditions[values[0]]
        for value in values[1:]:
            condition |= conditions[value]
        return unless(operator, condition)

    return function


def _fixed(choices):
    return lambda: [(value, label, "") for value, label in choices]


FIELDS = (
    Field("kind", _("kind of person"), PERSON, (IS, IS_NOT), _column("kind"), _fixed(Person.Kind.choices)),
    Field("name", _("name"), PERSON, (CONTAINS, NOT_CONTAINS, _BEGINS), _name),
    Field(
        "language",
        _("language"),
        PERSON,
        (IS, IS_NOT),
        _column("language"),
        _fixed([*settings.LANGUAGES, (NONE, pgettext_lazy("language", "not known"))]),
    ),
    Field(
        "unit",
        _("unit"),
        PERSON,
        (IS, IS_NOT),
        _unit,
        lambda: [*unit_choices(), (NONE, pgettext_lazy("unit", "none"), "")],
    ),
    Field("active", _("at the school now"), PERSON, yes_or_no(_("is so"), _("is not so")), _flag(Q(active=True))),
    Field("left_on", _("left the school"), PERSON, (SINCE, BEFORE, LAST_DAYS), _day("left_on")),
    Field("created", _("on record since"), PERSON, (SINCE, BEFORE, LAST_DAYS), _day("created_at", is_moment=True)),
    Field(
        "login",
        _("logs in to Bedel"),
        PERSON,
        yes_or_no(_("is so"), _("is not so")),
        _flag(Q(membership__isnull=False)),
    ),
    Field("email", _("email address"), CONTACT, (*_HAS, _WORKS, _FAILED), _points("email")),
    Field("phone", _("telephone number"), CONTACT, (*_HAS, _FAILED, _NO_SMS), _points("phone")),
    Field("address", _("address or number"), CONTACT, (CONTAINS, NOT_CONTAINS), _address),
    Field("opted_out", _("has unsubscribed from"), CONTACT, (IS, IS_NOT), _opted_out, _fixed(OptOut.Scope.choices)),
    Field(
        "commercial",
        Consent.Kind.COMMERCIAL.label,
        CONSENT,
        (IS, IS_NOT),
        _consent("commercial"),
        _fixed(_ANSWERS.items()),
    ),
    Field(
        "photographs",
        Consent.Kind.PHOTOGRAPHS.label,
        CONSENT,
        (IS, IS_NOT),
        _consent("photographs"),
        _fixed(_ANSWERS.items()),
    ),
)
