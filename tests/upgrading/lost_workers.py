"""Messages that workers have left half sent, as school_at_work.py needs them; runs inside the older installation."""

import re
from collections.abc import Collection, Sequence

from apps.campaigns.channels.registry import channel_of
from apps.campaigns.models import Mailing
from apps.channels.outcomes import Outcome, Result
from apps.deliveries.engine.audience_rows import audience_rows
from apps.deliveries.engine.claiming import claim, let_go_of_connections
from apps.deliveries.engine.journal import Journal
from apps.deliveries.engine.recording import write_outcomes
from apps.deliveries.models import Delivery, Packet


def claimed(
    mailing: Mailing, worker: str, full: Collection[int] = (), keeps_connections: bool = False
) -> tuple[Packet, list[int]]:
    """The next packet of the mailing, leased to `worker`, and the ids of its rows. `full`: accounts passed over."""
    found = claim(worker, {}, full)
    assert found.packet.mailing_id == mailing.pk
    if not keeps_connections:
        let_go_of_connections(worker, found.account_id)
    found.packet.mailing = mailing
    return found.packet, list(found.packet.rows.filter(state="waiting").values_list("pk", flat=True))


def hear(packet: Packet, keys: Sequence[int], result: Result, reply: str) -> None:
    write_outcomes(packet, [Outcome(key, result, reply) for key in keys])


def addresses_of(keys: Sequence[int]) -> list[str]:
    return list(Delivery.objects.filter(pk__in=keys).values_list("address", flat=True))


def send_half(mailing: Mailing) -> dict:
    """Of its packets one is done, one was put off, two are held by workers that are gone, the others wait."""
    assert mailing.packets.count() >= 6
    _is_done(mailing)
    _is_put_off(mailing)
    _is_held_elsewhere(mailing)
    heard = _is_held_by_a_killed_worker(mailing)
    return {"heard": sorted(heard), "message_ids": message_ids(mailing)}


def _is_done(mailing: Mailing) -> None:
    packet, keys = claimed(mailing, "first-worker")
    hear(packet, keys[:-1], Result.ACCEPTED, "250 2.0.0 Ok: queued")
    hear(packet, keys[-1:], Result.REFUSED, "554 5.7.1 refused")
    assert packet.give_back()


def _is_put_off(mailing: Mailing) -> None:
    packet, keys = claimed(mailing, "first-worker")
    hear(packet, keys[:-2], Result.ACCEPTED, "250 2.0.0 Ok: queued")
    hear(packet, keys[-2:], Result.POSTPONED, "451 4.7.1 Greylisted, try later")
    assert not packet.give_back()


def _is_held_elsewhere(mailing: Mailing) -> None:
    """By a worker of another machine, which is not heard of any more."""
    packet, keys = claimed(mailing, "worker-on-another-machine")
    hear(packet, keys[:4], Result.ACCEPTED, "250 2.0.0 Ok: queued")
    hear(packet, keys[4:5], Result.UNCERTAIN, "The connection broke.")


def _is_held_by_a_killed_worker(mailing: Mailing) -> list[str]:
    """What it had heard stands in its journal alone; returns to whom it had sent."""
    packet, keys = claimed(mailing, "killed-worker", keeps_connections=True)
    journal = Journal("killed-worker").__enter__()
    for key in keys[:3]:
        journal.note(packet.pk, Outcome(key, Result.ACCEPTED, "250 2.0.0 Ok: queued"))
    return addresses_of(keys[:3])  # this process ends without a word, as after SIGKILL: the file stays


def send_certified_half(mailing: Mailing, full: Collection[int]) -> dict:
    """What must not leave twice: its worker is gone, and of two copies nobody knows whether they were taken."""
    packet, keys = claimed(mailing, "worker-in-bologna", full)
    hear(packet, keys[:5], Result.ACCEPTED, "250 2.0.0 Ok: queued")
    packet.mark_in_flight(keys[5:7])
    return {"in_flight": sorted(addresses_of(keys[5:7]))}


def message_ids(mailing: Mailing) -> dict[str, str]:
    """Address -> the Message-ID under which its copy leaves, for rows that wait: a repeat is known by it."""
    mailing = Mailing.objects.select_related("sender__account", "question").get(pk=mailing.pk)
    copies = channel_of(mailing).copies(mailing)
    rows = audience_rows([each.row for each in mailing.deliveries.filter(state="waiting")])
    return {each.row.address: _message_id(copies.envelope(each).content) for each in copies.prepare(rows)}


def _message_id(content: bytes) -> str:
    found = re.search(rb"(?im)^message-id:\s*(<[^>]+>)", bytes(content))
    assert found
    return found[1].decode()
