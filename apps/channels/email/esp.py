"""Sends mail by the API of a mail service: many recipients in one request, one outcome per recipient.

The question is the same as over SMTP: had the message been handed over when something went wrong? A request counts as
handed over as soon as any of it may have left; after that, silence leaves its recipients uncertain.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from apps.channels.email.addresses import UnsendableAddress
from apps.channels.email.esp_merging import Merge, Template, WholeText, sendable
from apps.channels.email.esp_one_by_one import OneByOne, Silent
from apps.channels.email.esp_services import (
    SERVICES,
    Copy,
    EspAccount,
    Request,
    Service,
    ServiceRefusal,
    Unanswered,
    Unreachable,
    deliver,
    mailbox,
)
from apps.channels.email.headers import cleaned, link
from apps.channels.email.mime import MailContent, attachment_name, attachment_type
from apps.channels.email.own_attachments import OwnAttachment, UnsendableAttachment, check_room, pieces
from apps.channels.outcomes import AccountBusy, AccountProblem, Outcome, Result, gettext_noop

__all__ = ["METADATA", "SERVICES", "EspAccount", "EspChannel", "EspMail", "EspRecipient"]

METADATA = "bedel"  # under this name a service gives our key back with each of its reports

_RESULTS = {
    "sent": Result.ACCEPTED,
    "queued": Result.ACCEPTED,
    "invalid": Result.REFUSED,
    "rejected": Result.REFUSED,
    "failed": Result.REFUSED,
}


@dataclass(frozen=True, slots=True)
class EspMail:
    """A mailing in one language: what all its messages share, and its compiled templates."""

    content: MailContent
    subject: Template
    html: Template
    text: Template


@dataclass(frozen=True, slots=True)
class EspRecipient:
    """One recipient. `key` comes back in the Outcome, and as metadata in what the service reports later.

    `message_id` has its angle brackets; `unsubscribe_url` may be empty; `own` are files that go to nobody else.
    """

    key: int
    name: str
    address: str
    values: Mapping[str, str]
    unsubscribe_url: str
    message_id: str
    own: Sequence[OwnAttachment] = ()


class EspChannel:
    """A mail service. Raises AccountProblem for one that Bedel does not know."""

    def __init__(self, account: EspAccount) -> None:
        if account.provider not in SERVICES:
            sentence = gettext_noop("Bedel does not know the mail service “%(service)s”.")
            raise AccountProblem(sentence, service=account.provider)
        self._account = account
        self._service: Service = SERVICES[account.provider]
        self._taken_from: set[str] = set()  # senders of whom the service has taken something

    def send(self, mail: EspMail, recipients: Sequence[EspRecipient]) -> Iterator[Outcome]:
        """One outcome per recipient, those of a request as soon as it is answered.

        Requests are made as their outcomes are asked for: as few as the service's limits allow, and one for each who
        has files of his own. Raises AccountProblem when a request was not taken; then nothing was sent to those whose
        outcome is still missing. AccountBusy: the service cannot be reached, or wants no mail now.
        """
        try:
            yield from self._outcomes(mail, recipients)
        except ServiceRefusal as refusal:
            raise self._problem(refusal) from refusal
        except Silent as silence:
            sentence = gettext_noop("The mail service %(service)s does not answer: %(reply)s")
            raise AccountBusy(sentence, service=self._service.name, reply=str(silence)) from silence

    def _outcomes(self, mail: EspMail, recipients: Sequence[EspRecipient]) -> Iterator[Outcome]:
        merge = self._merge(mail.subject, mail.html, mail.text)
        request = _request(mail.content, merge)
        pile = _Pile(self._service, request)
        one_by_one = OneByOne(self._hand_over, lambda: request.sender.addr_spec in self._taken_from)
        for recipient in recipients:
            try:
                copy = self._copy(mail, merge, recipient)
            except UnsendableAddress as problem:
                yield Outcome(recipient.key, Result.REFUSED, str(problem))
                continue
            if recipient.own:
                yield from self._send_with_own(mail, request, recipient, copy, one_by_one)
                continue
            if self._has_too_much_to_merge(copy):
                written, copy = self._written_alone(mail, recipient, copy)
                yield from self._hand_over(written, [(recipient.key, copy)])
                continue
            if not pile.has_room_for(copy):
                yield from self._hand_over(request, pile.taken())
            pile.add(recipient.key, copy)
        yield from self._hand_over(request, pile.taken())
        yield from one_by_one.end()

    def _merge(self, subject: Template, html: Template, text: Template) -> Merge:
        if self._service.whole_messages:
            subject = html = text = WholeText()
        return Merge(subject, html, text, self._service.syntax)

    def _copy(self, mail: EspMail, merge: Merge, recipient: EspRecipient) -> Copy:
        whole = self._service.whole_messages
        return Copy(
            address=mailbox(recipient.name, recipient.address),
            values=merge.values(recipient.values),
            headers=self._headers(mail.content, recipient),
            metadata={METADATA: str(recipient.key)},
            texts=_rendered(mail, recipient) if whole else ("", "", ""),
        )

    def _headers(self, content: MailContent, recipient: EspRecipient) -> dict[str, str]:
        headers = {}
        if recipient.unsubscribe_url:
            headers["List-Unsubscribe"] = link(recipient.unsubscribe_url)
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        if content.bulk:
            headers["X-Auto-Response-Suppress"] = "OOF, AutoReply"
        if self._service.keep_id_header and recipient.message_id.isascii():
            headers |= {"Message-ID": recipient.message_id, self._service.keep_id_header: "true"}
        return headers

    def _has_too_much_to_merge(self, copy: Copy) -> bool:
        most = self._service.max_values
        return most is not None and sum(len(value.encode()) + 40 for value in copy.values.values()) > most

    def _written_alone(self, mail: EspMail, recipient: EspRecipient, copy: Copy) -> tuple[Request, Copy]:
        """A request for one recipient, with nothing left to merge but what keeps literal text as it is."""
        merge = self._merge(*(WholeText((part,)) for part in _rendered(mail, recipient)))
        return _request(mail.content, merge), replace(copy, values=merge.values({}))

    def _send_with_own(
        self, mail: EspMail, request: Request, recipient: EspRecipient, copy: Copy, one_by_one: OneByOne
    ) -> Iterator[Outcome]:
        """A request for one recipient, with his files beside those of all; they are read for it, and let go of."""
        if self._has_too_much_to_merge(copy):
            request, copy = self._written_alone(mail, recipient, copy)
        try:
            check_room(recipient.own, mail.content.room_for_own or 0)
            own = [_named(each.name, b"".join(pieces(each)), each.content_type) for each in recipient.own]
        except UnsendableAttachment as problem:
            yield problem.outcome(recipient.key)
            return
        request = replace(request, attachments=[*request.attachments, *own])
        yield from one_by_one.send(request, recipient.key, copy)

    def _hand_over(self, request: Request, keyed: Sequence[tuple[int, Copy]]) -> Iterator[Outcome]:
        if not keyed:
            return
        try:
            answers = deliver(self._account, request, [copy for _key, copy in keyed])
        except Unanswered as silence:
            words = f"{self._service.name} was handed the message, and its answer was not seen: {silence}"
            yield from (Outcome(key, Result.UNCERTAIN, words) for key, _copy in keyed)
            return
        except Unreachable as problem:
            sentence = gettext_noop("The mail service %(service)s cannot be reached: %(reply)s")
            raise AccountBusy(sentence, service=self._service.name, reply=str(problem)) from problem
        if any(_RESULTS.get(answer.status) == Result.ACCEPTED for answer in answers):
            self._taken_from.add(request.sender.addr_spec)
        for (key, _copy), answer in zip(keyed, answers, strict=True):
            yield Outcome(key, _RESULTS.get(answer.status, Result.UNCERTAIN), answer.words)

    def _problem(self, refusal: ServiceRefusal) -> AccountProblem:
        values = {"service": self._service.name, "reply": str(refusal)}
        if refusal.status in (401, 403):
            return AccountProblem(
                gettext_noop("The mail service %(service)s does not accept the key: %(reply)s"), **values
            )
        if refusal.status == 429 or refusal.status >= 500:
            return AccountBusy(
                gettext_noop("The mail service %(service)s takes no mail at the moment: %(reply)s"), **values
            )
        return AccountProblem(
            gettext_noop("The mail service %(service)s did not take the message: %(reply)s"), **values
        )


class _Pile:
    """The copies of the next request: no two to one address, not more than the service takes."""

    def __init__(self, service: Service, request: Request) -> None:
        self._service = service
        self._each = sum(len(content) * 4 // 3 + 1000 for _name, content, _type in request.attachments) + 2000
        self._copies: list[tuple[int, Copy]] = []
        self._addresses: set[str] = set()
        self._bytes = 0

    def has_room_for(self, copy: Copy) -> bool:
        most = self._service.max_bytes
        return (
            len(self._copies) < self._service.limit
            and copy.address.addr_spec.lower() not in self._addresses
            and (most is None or not self._copies or self._bytes + self._size_of(copy) <= most)
        )

    def add(self, key: int, copy: Copy) -> None:
        self._copies.append((key, copy))
        self._addresses.add(copy.address.addr_spec.lower())
        self._bytes += self._size_of(copy)

    def taken(self) -> list[tuple[int, Copy]]:
        """What has been piled up; the pile is empty afterwards."""
        copies, self._copies = self._copies, []
        self._addresses.clear()
        self._bytes = 0
        return copies

    def _size_of(self, copy: Copy) -> int:
        return self._each + sum(len(text.encode()) for text in copy.texts)


def _request(content: MailContent, merge: Merge) -> Request:
    try:
        return Request(
            sender=mailbox(content.from_name, content.from_email),
            reply_to=mailbox("", content.reply_to) if content.reply_to else None,
            subject=merge.subject,
            html=merge.html,
            text=merge.text,
            attachments=[_named(each.name, each.content, each.content_type) for each in content.attachments],
            bulk=content.bulk,
        )
    except UnsendableAddress as problem:
        raise AccountProblem(problem.message, **problem.values) from problem


def _rendered(mail: EspMail, recipient: EspRecipient) -> tuple[str, str, str]:
    subject, html, text = (
        sendable(template.render(recipient.values)) for template in (mail.subject, mail.html, mail.text)
    )
    return cleaned(subject), html, text


def _named(name: str, content: bytes, content_type: str) -> tuple[str, bytes, str]:
    """An attachment as anymail takes it."""
    return attachment_name(name), content, attachment_type(content_type)
