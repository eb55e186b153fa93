"""Sends mail by the API of a mail service: many recipients in one request, one outcome per recipient.

The question is the same as over SMTP: had the message been handed over when something went wrong? A request counts as
handed over as soon as any of it may have left; after that, silence leaves its recipients uncertain.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from apps.channels.email.addresses import UnsendableAddress
from apps.channels.email.esp_merging import Merge, Template, WholeText, sendable
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
from apps.channels.email.headers import cleaned, link, without_direction_marks
from apps.channels.email.mime import Attachment, MailContent
from apps.channels.outcomes import AccountBusy, AccountProblem, Outcome, Result, gettext_noop

__all__ = ["METADATA", "SERVICES", "EspAccount", "EspChannel", "EspMail", "EspRecipient"]

METADATA = "bedel"  # under this name a service gives our key back with each of its reports

_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+_-]{0,100}")
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

    `message_id` has its angle brackets; `unsubscribe_url` may be empty.
    """

    key: int
    name: str
    address: str
    values: Mapping[str, str]
    unsubscribe_url: str
    message_id: str


class EspChannel:
    """A mail service. Raises AccountProblem for one that Bedel does not know."""

    def __init__(self, account: EspAccount) -> None:
        if account.provider not in SERVICES:
            sentence = gettext_noop("Bedel does not know the mail service “%(service)s”.")
            raise AccountProblem(sentence, service=account.provider)
        self._account = account
        self._service: Service = SERVICES[account.provider]

    def send(self, mail: EspMail, recipients: Sequence[EspRecipient]) -> Iterator[Outcome]:
        """One outcome per recipient, those of a request as soon as it is answered.

        Requests are made as their outcomes are asked for: as few as the service's limits allow. Raises AccountProblem
        when a request was not taken; then nothing was sent to those whose outcome is still missing. AccountBusy: the
        service cannot be reached, or wants no mail now.
        """
        merge = self._merge(mail.subject, mail.html, mail.text)
        request = _request(mail.content, merge)
        pile = _Pile(self._service, request)
        for recipient in recipients:
            try:
                copy = self._copy(mail, merge, recipient)
            except UnsendableAddress as problem:
                yield Outcome(recipient.key, Result.REFUSED, str(problem))
                continue
            if self._has_too_much_to_merge(copy):
                yield from self._send_alone(mail, recipient, copy)
                continue
            if not pile.has_room_for(copy):
                yield from self._hand_over(request, pile.taken())
            pile.add(recipient.key, copy)
        yield from self._hand_over(request, pile.taken())

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

    def _send_alone(self, mail: EspMail, recipient: EspRecipient, copy: Copy) -> Iterator[Outcome]:
        """A request for one recipient, with nothing left to merge but what keeps literal text as it is."""
        merge = self._merge(*(WholeText((part,)) for part in _rendered(mail, recipient)))
        alone = replace(copy, values=merge.values({}))
        yield from self._hand_over(_request(mail.content, merge), [(recipient.key, alone)])

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
        except ServiceRefusal as refusal:
            raise self._problem(refusal) from refusal
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
            attachments=[_attachment(attachment) for attachment in content.attachments],
            bulk=content.bulk,
        )
    except UnsendableAddress as problem:
        raise AccountProblem(problem.message, **problem.values) from problem


def _rendered(mail: EspMail, recipient: EspRecipient) -> tuple[str, str, str]:
    subject, html, text = (
        sendable(template.render(recipient.values)) for template in (mail.subject, mail.html, mail.text)
    )
    return cleaned(subject), html, text


def _attachment(attachment: Attachment) -> tuple[str, bytes, str]:
    content_type = attachment.content_type.lower().strip()
    if not _CONTENT_TYPE.fullmatch(content_type):
        content_type = "application/octet-stream"
    name = without_direction_marks(cleaned(attachment.name)).strip() or "attachment"
    return name, attachment.content, content_type
