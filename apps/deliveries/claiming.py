"""Which packet is next: in turn over the organisations, within the limits of their accounts, by conditional UPDATE."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from apps.campaigns.models import Mailing
from apps.organizations.models import Organization
from apps.organizations.scoping import in_organization, without_scope
from apps.senders.models import SenderAccount

from .models import ConnectionSlots, Packet, Turn

LEASE = timedelta(minutes=5)
MOST_CONNECTIONS = 10  # of one worker to one account; more gain nothing
_ALLOWANCES_A_MINUTE = 12
_CLOCK_JUMP = timedelta(hours=5)  # no time of ours lies further ahead: then the clock was set back


@dataclass(frozen=True)
class Claim:
    """A packet leased to this worker: how many of its rows may go now, and over how many connections."""

    packet: Packet
    rows: int
    connections: int


def claim(worker: str, without_accounts: Collection[int] = ()) -> Claim | None:
    """Lease the next packet that may go out now to `worker`; None when there is none.

    `without_accounts` have enough in hand. Runs outside every scope: the caller opens that of the organisation.
    """
    now = timezone.now()
    with without_scope():
        candidates = list(_candidates(now, without_accounts))
    for mailing in candidates:
        with in_organization(mailing.organization):
            claimed = _claim_of(mailing, worker, now)
        if claimed:
            return claimed
    return None


def packets_wait() -> bool:
    """Whether there is a packet that may be sent now."""
    with without_scope():
        return _candidates(timezone.now(), ()).exists()


def let_go_of_connections(worker: str, account_id: int) -> None:
    """Say that `worker` has closed its connections to an account of the open scope."""
    ConnectionSlots.objects.filter(worker=worker, account=account_id).delete()


def renew_all(worker: str) -> None:
    """Hold everything that `worker` has in hand for another lease. Runs outside every scope."""
    until = timezone.now() + LEASE
    with without_scope():
        ConnectionSlots.objects.filter(worker=worker).update(until=until)
        held = Packet.objects.filter(state=Packet.State.LEASED, leased_by=worker)
        held.filter(mailing__state=Mailing.State.SENDING).update(lease_until=until)


def _candidates(now: datetime, without_accounts: Collection[int]):
    """The running mailings with a due packet, each with its first; the organisation served least comes first."""
    due = Packet.objects.filter(mailing=OuterRef("pk"), state=Packet.State.WAITING).filter(_has_come("not_before", now))
    in_hand = Packet.objects.filter(organization=OuterRef("organization"), state=Packet.State.LEASED).order_by()
    last_turn = Turn.objects.filter(organization=OuterRef("organization")).order_by("-last_packet_at")
    mailings = Mailing.objects.filter(state=Mailing.State.SENDING).exclude(sender__account__in=without_accounts)
    return (
        mailings.filter(_circuit_is_closed("sender__account__"), _has_come("sender__account__next_allowed_at", now))
        .annotate(
            packet_id=Subquery(due.order_by("id").values("id")[:1]),
            in_hand=Subquery(in_hand.values("organization").annotate(number=Count("id")).values("number")),
            last_of_all=Subquery(last_turn.values("last_packet_at")[:1]),
        )
        .filter(packet_id__isnull=False)
        .select_related("organization", "sender__account", "question")
        .order_by(
            F("in_hand").asc(nulls_first=True), F("last_of_all").asc(nulls_first=True), "turn__last_packet_at", "id"
        )
    )


def _has_come(field: str, now: datetime) -> Q:
    """Whether the moment in `field` is past, or none; one far ahead is left from before the clock was set back."""
    return Q(**{f"{field}": None}) | Q(**{f"{field}__lte": now}) | Q(**{f"{field}__gt": now + _CLOCK_JUMP})


def _circuit_is_closed(prefix: str = "") -> Q:
    return Q(**{f"{prefix}problem": ""})


def _claim_of(mailing: Mailing, worker: str, now: datetime) -> Claim | None:
    """Take the mailing's first packet if its organisation and its account allow; claims of one school queue up here."""
    with transaction.atomic():
        Organization.objects.select_for_update(no_key=True).get(pk=mailing.organization_id)
        packet = Packet.objects.filter(pk=mailing.packet_id, state=Packet.State.WAITING).first()  # type: ignore[attr-defined]
        if packet is None or not _interval_is_over(packet, mailing, now):
            return None
        account = SenderAccount.objects.filter(_circuit_is_closed(), pk=mailing.sender.account_id).first()  # type: ignore[union-attr]
        if account is None:
            return None
        connections = _take_connections(account, worker, now)
        rows = _take_allowance(account, packet, now) if connections else 0
        if not rows:
            return None
        packet.state, packet.leased_by, packet.lease_until = Packet.State.LEASED, worker, now + LEASE
        packet.save(update_fields=["state", "leased_by", "lease_until"])
        Turn.objects.update_or_create(mailing=mailing, defaults={"last_packet_at": now})
    packet.mailing = mailing
    return Claim(packet, rows, connections)


def _interval_is_over(packet: Packet, mailing: Mailing, now: datetime) -> bool:
    """Whether the organisation may have a new packet; one that was begun, or put off by a server, is no new one."""
    if packet.leased_by or packet.not_before or not mailing.organization.packet_interval:
        return True
    begin = now - timedelta(seconds=mailing.organization.packet_interval)
    return not Turn.objects.filter(last_packet_at__gt=begin, last_packet_at__lte=now).exists()


def _take_connections(account: SenderAccount, worker: str, now: datetime) -> int:
    """How many connections the worker may have open to the account; 0 when others hold them all."""
    slots = ConnectionSlots.objects.filter(account=account)
    taken = slots.exclude(worker=worker).filter(until__gt=now, until__lte=now + LEASE * 2)
    free = account.max_connections - (taken.aggregate(number=Sum("number"))["number"] or 0)
    mine = slots.filter(worker=worker).first()
    number = min(free, mine.number if mine else MOST_CONNECTIONS)
    if number <= 0:
        return 0
    slots.update_or_create(worker=worker, account=account, defaults={"number": number, "until": now + LEASE})
    return number


def _take_allowance(account: SenderAccount, packet: Packet, now: datetime) -> int:
    """How many rows may go now. A limit per minute is kept by small allowances, a fixed time apart."""
    size = packet.last_id - packet.first_id + 1
    limit = account.messages_per_minute
    if limit is None:
        return size
    if not SenderAccount.objects.filter(_has_come("next_allowed_at", now), pk=account.pk).exists():
        return 0
    allowance = max(1, limit // _ALLOWANCES_A_MINUTE)
    pause = timedelta(seconds=60 / (limit // allowance))
    SenderAccount.objects.filter(pk=account.pk).update(next_allowed_at=now + pause)
    return min(size, allowance)
