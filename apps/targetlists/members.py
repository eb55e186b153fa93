"""Who is on a list: put on, taken off, counted, and read page by page, as sets also where there are a million."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.normalizing import normalize_email
from apps.core.typed_addresses import TypedAddress
from apps.organizations.scoping import current_organization
from apps.recipients.models import Person

from .conditions import first_people_meeting, number_meeting, people_meeting
from .models import TargetList, TargetListMember

NAME_LENGTH = 200
# By which a page of people is read: the order of an index, so that the first hundred of a million come at once.
PEOPLE_ORDER = ("kind", "search_name", "id")


def new_static_list(name: str, people: QuerySet[Person], addresses: Iterable[str] = (), by=None) -> TargetList:
    """A list picked by hand of everybody in `people` and of these addresses, whole or not at all.

    `people` may be any query of the open organisation; `by` is the user. Raises ValidationError with a sentence when
    the name is empty or taken, or an address is none.
    """
    name = free_name(name)
    try:
        with transaction.atomic():
            made = TargetList.objects.create(name=name, kind=TargetList.Kind.STATIC, created_by=by)
            add_people(made, people)
            add_addresses(made, addresses)
    except IntegrityError:
        raise ValidationError(_taken(name)) from None
    return made


def copy_of_filter(target_list: TargetList, name: str, by=None) -> TargetList:
    """Whoever meets the filter now, as a list picked by hand. Raises ValidationError as new_static_list() does."""
    return new_static_list(name, people_meeting(target_list.condition), by=by)


def free_name(name: str, but: TargetList | None = None) -> str:
    """`name` with single spaces. Raises ValidationError when it is empty, too long or another list's name."""
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise ValidationError(_("Give the list a name."))
    if len(name) > NAME_LENGTH:
        raise ValidationError(_("The name is too long: at most 200 characters."))
    others = TargetList.objects.exclude(pk=but.pk) if but else TargetList.objects.all()
    if others.filter(name=name).exists():
        raise ValidationError(_taken(name))
    return name


def add_people(target_list: TargetList, people: QuerySet[Person]) -> int:
    """Put everybody in `people` on a list picked by hand, in one statement; who is on it already stays once."""
    sql, parameters = people.order_by().values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO targetlists_targetlistmember "
            "(organization_id, list_id, person_id, address, normalized, name) "
            f"SELECT %s, %s, p.id, '', '', '' FROM ({sql}) p WHERE true ON CONFLICT DO NOTHING",
            [current_organization().pk, target_list.pk, *parameters],
        )
        added = cursor.rowcount
    return _changed(target_list, added)


def add_addresses(target_list: TargetList, addresses: Iterable[str]) -> int:
    """Put these addresses on a list picked by hand. Raises ValidationError with the sentence of the first bad one."""
    return add_typed(target_list, [TypedAddress(each, "", each.strip(), normalize_email(each)) for each in addresses])


def add_typed(target_list: TargetList, typed: Iterable[TypedAddress]) -> int:
    """Put these addresses on a list picked by hand, under their names; one that is on it already stays as it is."""
    members = [
        TargetListMember(list=target_list, name=each.name, address=each.address, normalized=each.normalized)
        for each in typed
    ]
    before = target_list.members.exclude(normalized="").count()
    TargetListMember.objects.bulk_create(members, ignore_conflicts=True, batch_size=1000)
    return _changed(target_list, target_list.members.exclude(normalized="").count() - before)


def remove_people(target_list: TargetList, people: QuerySet[Person]) -> int:
    """Take everybody in `people` off a list picked by hand."""
    removed, _models = target_list.members.filter(person__in=people.order_by().values("pk")).delete()
    return _changed(target_list, removed)


def remove_addresses(target_list: TargetList, ids: Iterable[int] | None = None) -> int:
    """Take addresses off, by the ids of the members; all of them when no ids are given."""
    members = target_list.members.exclude(normalized="")
    removed, _models = (members if ids is None else members.filter(pk__any_of=list(ids))).delete()
    return _changed(target_list, removed)


def people_on(target_list: TargetList) -> QuerySet[Person]:
    """The people on record who are on the list: none of an uploaded one."""
    if target_list.kind == TargetList.Kind.FILTER:
        return people_meeting(target_list.condition)
    members = TargetListMember.objects.filter(list=target_list.pk, person__isnull=False)
    return Person.objects.filter(pk__in=members.values("person"))


def first_people_on(target_list: TargetList, number: int) -> QuerySet[Person]:
    """As people_on(), for reading a page of them in PEOPLE_ORDER; `number` is how many are on the list."""
    if target_list.kind == TargetList.Kind.FILTER:
        return first_people_meeting(target_list.condition, number)
    return people_on(target_list)


def addresses_on(target_list: TargetList) -> QuerySet:
    """The addresses on the list of people who are not on record, each with `value`, `name` and `id`."""
    if target_list.uploaded is not None:
        return target_list.uploaded.rows.all()
    return target_list.members.exclude(normalized="").annotate(value=F("address"))


def number_of(target_list: TargetList) -> int:
    """How many are on the list, people and addresses."""
    if target_list.kind == TargetList.Kind.FILTER:
        return number_meeting(target_list.condition)
    return numbers_of([target_list])[target_list.pk]


def numbers_of(lists: Iterable[TargetList]) -> dict[int, int]:
    """How many are on each list that is not a filter, by its id, counted in one query."""
    counted = [each for each in lists if each.kind != TargetList.Kind.FILTER]
    numbers = {each.pk: each.uploaded.rows_total if each.uploaded else 0 for each in counted}
    static = [each.pk for each in counted if each.kind == TargetList.Kind.STATIC]
    rows = TargetListMember.objects.filter(list__in=static).order_by().values_list("list").annotate(Count("id"))
    return numbers | dict(rows)


def _changed(target_list: TargetList, number: int) -> int:
    if number > 0:
        TargetList.objects.filter(pk=target_list.pk).update(updated_at=timezone.now())
    return max(number, 0)


def _taken(name: str) -> str:
    return _("A list is called “%(name)s” already. Choose another name.") % {"name": name}
