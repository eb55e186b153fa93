"""How long it takes to say who gets a commercial mailing to lists, beside the same question in plain SQL."""

import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from apps.campaigns.audience import audience
from apps.campaigns.models import AudienceEntry, Mailing
from apps.core.large_sets import large_sets
from apps.recipients.models import Consent, Person
from apps.targetlists.conditions import number_meeting
from apps.targetlists.models import TargetList, TargetListMember, UploadedList, UploadedRow
from bench.filling import School, add_staff, make_mailing, make_school
from bench.inserting import insert_numbered, settle, without_triggers
from bench.report import Report
from bench.servers import BenchProblem, Installation

_REPEATS = 3
_STAFF = {"field": "kind", "operator": "is", "value": ["staff"]}
_AGREED = {"field": "commercial", "operator": "is", "value": ["accepted"]}
_BEGINS = {"field": "name", "operator": "begins", "value": "g"}
_REACHED = {"field": "email", "operator": "works"}
_FILTER = {"all": [_STAFF, _AGREED, _REACHED]}
_ALTERNATIVES = {"all": [_STAFF, {"any": [_BEGINS, _REACHED]}, _AGREED]}

# Who is on one of the lists gets it, or does not for the first of these reasons: the same answer, written by hand for
# these lists alone, without names, rights, groups, former people, families, and whatever else a mailing may have.
_RAW = """WITH listed AS (
    SELECT person_id FROM targetlists_targetlistmember WHERE list_id = %(static)s
    UNION
    SELECT p.id FROM recipients_person p WHERE p.organization_id = %(organization)s AND p.kind = 'staff'
        AND p.search_name < 'm'
), excluded_person AS (
    SELECT person_id FROM targetlists_targetlistmember WHERE list_id = %(excluded)s
), excluded_address AS (
    SELECT c.normalized FROM recipients_contactpoint c JOIN excluded_person x ON x.person_id = c.person_id
), reached AS (
    SELECT c.normalized, CASE
        WHEN listed.person_id IN (SELECT person_id FROM excluded_person) THEN 'excluded'
        WHEN c.id IS NULL THEN 'no_address'
        WHEN c.normalized IN (SELECT normalized FROM excluded_address) THEN 'excluded'
        WHEN c.health = 'failed' THEN 'failed_address'
        WHEN c.normalized IN (SELECT normalized FROM targetlists_optout WHERE organization_id = %(organization)s)
            THEN 'opted_out'
        WHEN NOT EXISTS (SELECT 1 FROM recipients_consent k
            WHERE k.person_id = c.person_id AND k.kind = 'commercial' AND k.granted) THEN 'no_consent'
        ELSE '' END AS reason
    FROM listed LEFT JOIN recipients_contactpoint c ON c.person_id = listed.person_id AND c.is_primary
    UNION ALL
    SELECT u.normalized, CASE
        WHEN u.normalized IN (SELECT normalized FROM excluded_address) THEN 'excluded'
        WHEN u.normalized IN (SELECT normalized FROM targetlists_optout WHERE organization_id = %(organization)s)
            THEN 'opted_out'
        WHEN NOT EXISTS (SELECT 1 FROM recipients_contactpoint kc JOIN recipients_consent k
                ON k.person_id = kc.person_id AND k.kind = 'commercial' AND k.granted
            WHERE kc.organization_id = %(organization)s AND kc.channel = 'email' AND kc.normalized = u.normalized)
            THEN 'no_consent'
        ELSE '' END
    FROM targetlists_uploadedrow u WHERE u.list_id = %(uploaded)s
)
SELECT reason, COUNT(*), COUNT(DISTINCT normalized) FROM reached GROUP BY reason"""


def run(options: Namespace, place: Installation) -> Report:
    """The figures of `bin/bench audience`. Raises BenchProblem."""
    school = make_school("almendral")
    add_staff(school, options.people)
    report = Report()
    with school.scope():
        mailing, parameters = _lists(school, options.people)
        settle()
        raw_seconds, raw = _quickest(lambda: _raw(parameters))
        seconds, counted = _quickest(lambda: audience.count(mailing))
        filter_seconds, filtered = _quickest(lambda: number_meeting(_FILTER))
        alternatives_seconds, _number = _quickest(lambda: number_meeting(_ALTERNATIVES))
    skipped = {reason.value: number for reason, number in counted.skipped.items()}
    if skipped | {"": counted.getting} != raw:
        raise BenchProblem(f"The audience says {counted.getting} and {skipped}, the raw statement {raw}.")
    report.add(getting=counted.getting, skipped=skipped, raw_seconds=raw_seconds, audience_seconds=seconds)
    report.at_most("times_raw", seconds / raw_seconds, 1.5)
    report.add(filtered=filtered)
    report.at_most("filter_seconds", filter_seconds, 1.0)
    report.at_most("filter_with_alternatives_seconds", alternatives_seconds, 1.0)
    return report


def _lists(school: School, number: int) -> tuple[Mailing, dict[str, Any]]:
    """A commercial mailing to a list of a third, a filter and a file, less a tenth; nine of ten have agreed."""
    first = Person.objects.order_by("pk").values_list("pk", flat=True)[0] - 1
    before_m = {"field": "name", "operator": "begins", "value": "abcdefghijkl"}
    letters = [{**before_m, "value": letter} for letter in "abcdefghijkl"]
    with without_triggers():
        columns = {"person": f"{first} + n", "granted": "n % 10 <> 3"}
        insert_numbered(Consent, number, columns)
        static, excluded = TargetList.objects.create(name="A third"), TargetList.objects.create(name="A tenth")
        insert_numbered(TargetListMember, number // 3, {"list": str(static.pk), "person": f"{first} + 3 * n"})
        insert_numbered(TargetListMember, number // 10, {"list": str(excluded.pk), "person": f"{first} + 10 * n"})
        file = UploadedList.objects.create(name="families.csv", variables=["amount"], rows_total=number // 10)
        address = "'staff' || (n * 7) || '@mail.example'"
        columns = {"list": str(file.pk), "row": "n + 1", "value": address, "normalized": address}
        insert_numbered(UploadedRow, number // 10, columns)
    condition = {"all": [_STAFF, {"any": letters}]}
    filtered = TargetList.objects.create(name="Up to L", kind="filter", condition=condition)
    uploaded = TargetList.objects.create(name="From a file", kind="uploaded", uploaded=file)
    mailing = make_mailing(school)
    mailing.entries.all().delete()
    Mailing.objects.filter(pk=mailing.pk).update(commercial=True)
    for each in (static, filtered, uploaded):
        AudienceEntry.objects.create(mailing=mailing, target_list=each)
    AudienceEntry.objects.create(mailing=mailing, target_list=excluded, is_excluded=True)
    ids = {"static": static.pk, "excluded": excluded.pk, "uploaded": file.pk, "organization": mailing.organization_id}
    return Mailing.objects.get(pk=mailing.pk), ids


def _raw(parameters: dict[str, Any]) -> dict[str, int]:
    """How many there are of each reason; "" for those who get it."""
    with large_sets() as cursor:
        cursor.execute(_RAW, parameters)
        found = {reason: (rows, addresses) for reason, rows, addresses in cursor.fetchall()}
    rows, addresses = found.pop("")
    skipped = {reason: rows for reason, (rows, _addresses) in found.items()}
    return {**skipped, "": addresses, "same_address": rows - addresses}


def _quickest(ask: Callable[[], Any]) -> tuple[float, Any]:
    """The least seconds of some runs, and the answer."""
    found: list[tuple[float, Any]] = []
    for _run in range(_REPEATS):
        begun = time.perf_counter()
        answer = ask()
        found.append((time.perf_counter() - begun, answer))
    return min(found, key=lambda each: each[0])
