"""What a killed worker had heard is written after all, and what it held is let go."""

import logging

from apps.channels.outcomes import Result
from apps.organizations.scoping import in_organization, without_scope

from ..models import ConnectionSlots, Packet
from .journal import Entry, LeftJournal, left_journals
from .recording import write_outcomes

logger = logging.getLogger(__name__)


def replay_left_journals() -> None:
    """Write the outcomes of workers of this machine that are gone, and take back their packets at once."""
    for left in left_journals():
        logger.warning("worker %s is gone: %s outcomes in its journal", left.worker, len(left.entries))
        _replay(left)
        left.path.unlink(missing_ok=True)


def _replay(left: LeftJournal) -> None:
    entries: dict[int, list[Entry]] = {}
    for entry in left.entries:
        entries.setdefault(entry.packet_id, []).append(entry)
    with without_scope():
        held = Packet.objects.filter(leased_by=left.worker, state=Packet.State.LEASED)
        ids = {*entries, *held.values_list("pk", flat=True)}
        packets = list(Packet.objects.filter(pk__in=ids).select_related("mailing__organization", "organization"))
        ConnectionSlots.objects.filter(worker=left.worker).delete()
    for packet in packets:
        with in_organization(packet.organization):
            _replay_packet(packet, left.worker, entries.get(packet.pk, []))


def _replay_packet(packet: Packet, worker: str, entries: list[Entry]) -> None:
    """An acceptance stands whoever holds the packet now; everything else only if nobody has taken it since."""
    is_held = packet.leased_by == worker and packet.state == Packet.State.LEASED
    heard = [each.outcome for each in entries if is_held or each.outcome.result == Result.ACCEPTED]
    if heard:
        write_outcomes(packet, heard)
    if is_held:
        packet.take_back()
