"""Send one packet: claim it by a lease, hand its rows to the mail server, write what became of each."""

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.campaigns.audience import AudienceRow
from apps.campaigns.models import Mailing
from apps.channels.email.addresses import UnsendableAddress
from apps.channels.email.smtp import Envelope, SmtpAccount, SmtpChannel
from apps.channels.outcomes import AccountProblem, Outcome, Result
from apps.core.states import TransitionRefused, move
from apps.senders.models import SenderAccount
from apps.senders.secrets import SecretUnreadable

from .letters import LetterMaker
from .models import Delivery, DeliveryAbout, Packet
from .recording import MAX_ATTEMPTS, Recorder

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
# A postponed message is tried again after 2, 4, 8 ... minutes, at most four hours later.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=4)


class LeaseLost(Exception):
    """The packet is not ours any more (or its mailing was stopped): send nothing further of it."""


def send_packet(packet: Packet) -> None:
    """Send what still waits in a packet that claim() has leased to this process."""
    mailing = packet.mailing
    rows = packet.take_rows()
    recorder = Recorder(last_attempt=packet.attempt + 1 >= MAX_ATTEMPTS)
    try:
        _send_rows(packet, mailing, rows, recorder)
    except LeaseLost:
        logger.info("packet %s: stopped midway", packet.pk)
    except AccountProblem as problem:
        pause(mailing, in_words(problem))
    except SecretUnreadable:
        pause(
            mailing, _("The password of the sender account cannot be read any more. Type it in again in the settings.")
        )
    except Exception:
        logger.exception("packet %s of mailing %s", packet.pk, mailing.pk)
        pause(
            mailing,
            _("Something in Bedel went wrong while sending. Nothing is lost; the operator finds it in the log."),
        )
    finally:
        recorder.flush()
        packet.give_back(_pause_before(packet) if recorder.postponed else None)
    finish(mailing)


def finish(mailing: Mailing) -> bool:
    """Mark a mailing as done when none of its rows is open; True if it was this call that did."""
    if mailing.deliveries.filter(state__in=Delivery.OPEN).exists():
        return False
    try:
        move(mailing, Mailing.State.DONE, finished_at=timezone.now())
    except TransitionRefused:
        return False
    return True


def pause(mailing: Mailing, problem: str) -> None:
    """Stop a mailing by itself, with the reason that its page and Home will show."""
    logger.warning("mailing %s paused: %s", mailing.pk, problem)
    try:
        move(mailing, Mailing.State.STOPPED, problem=problem)
    except TransitionRefused:
        return


def in_words(problem: AccountProblem) -> str:
    """What is wrong with an account, in the language of the moment."""
    return _(problem.message) % problem.values if problem.values else _(problem.message)


def smtp_account(account: SenderAccount) -> SmtpAccount:
    """What the adapter needs to know of a sender account. Raises SecretUnreadable."""
    return SmtpAccount(account.host, account.port, account.security, account.username, account.password)


def rows_of(deliveries: list[Delivery]) -> list[AudienceRow]:
    """Deliveries as the rows from which letters are made, with the students they are about: one query for all."""
    about: dict[int, list[int]] = {}
    abouts = DeliveryAbout.objects.filter(delivery__in=[delivery.pk for delivery in deliveries]).order_by("person_id")
    for delivery_id, person_id in abouts.values_list("delivery_id", "person_id"):
        about.setdefault(delivery_id, []).append(person_id)
    return [
        AudienceRow(
            person_id=delivery.person_id,
            name=delivery.name,
            address=delivery.address,
            normalized=delivery.normalized,
            reason="",
            language=delivery.language,
            variables=delivery.variables,
            about_ids=tuple(about.get(delivery.pk, ())),
            delivery_id=delivery.pk,
        )
        for delivery in deliveries
    ]


def _send_rows(packet: Packet, mailing: Mailing, rows: list[Delivery], recorder: Recorder) -> None:
    if not rows:
        return
    letters = LetterMaker(mailing)
    with SmtpChannel(smtp_account(letters.sender.account)) as channel:
        for outcome in channel.send(_sendable(letters, rows_of(rows), recorder)):
            if recorder.add(outcome) and not packet.renew(LEASE):
                raise LeaseLost


def _sendable(letters: LetterMaker, rows: list[AudienceRow], recorder: Recorder) -> Iterator[Envelope]:
    """Envelopes as they are asked for; an address that no server could take is refused here, alone."""
    for row, envelope in zip(rows, letters.envelopes(rows), strict=True):
        if isinstance(envelope, UnsendableAddress):
            recorder.add(Outcome(row.delivery_id, Result.REFUSED, str(envelope)))
        else:
            yield envelope


def _pause_before(packet: Packet) -> timedelta:
    return min(FIRST_PAUSE * 2**packet.attempt, LONGEST_PAUSE)
