"""The mail services Bedel knows, and one request to any of them. The one adapter module that imports anymail.

anymail's backends are written for Django's mail system. Of that only the message class is used: no setting, no
connection of Django's own (docs/decisions/esp.md).
"""

import re
import secrets
import ssl
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
from anymail.backends import brevo, mailgun, mailjet, postmark, sendgrid, sparkpost
from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailNotSupportedWarning, AnymailRequestsAPIError
from anymail.message import AnymailMessage, AnymailRecipientStatus
from anymail.utils import EmailAddress
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProxyError

from apps.channels.email.addresses import UnsendableAddress, ascii_address
from apps.channels.email.esp_merging import Syntax, sendable
from apps.channels.email.headers import cleaned
from apps.channels.outcomes import gettext_noop, shortened

_MEGABYTE = 1_000_000
# anymail has no test account at SendGrid any more; that is said in docs/decisions/esp.md, not at every request.
warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)


@dataclass(frozen=True, slots=True)
class EspAccount:
    """A mail service and its key (Mailjet: `key:secret`). `domain` is asked for by Mailgun; `timeout` is in seconds.

    `api_url` replaces the service's usual address (Mailgun and SparkPost have another one for Europe).
    """

    provider: str
    api_key: str = field(repr=False)
    domain: str = ""
    timeout: float = 30
    api_url: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """One recipient of a request. `texts` (subject, HTML, text) where the service takes whole messages alone."""

    address: EmailAddress
    values: Mapping[str, str]
    headers: Mapping[str, str]
    metadata: Mapping[str, str]
    texts: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Request:
    """What is the same for all copies; `subject`, `html` and `text` in the placeholders of the service."""

    sender: EmailAddress
    reply_to: EmailAddress | None
    subject: str
    html: str
    text: str
    attachments: Sequence[tuple[str, bytes, str]]
    bulk: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service says of one copy: anymail's word for it, and the service's own."""

    status: str
    words: str = ""


class ServiceRefusal(Exception):
    """The whole request was not taken. `status` is that of HTTP, 0 when it was not even sent."""

    def __init__(self, words: str, status: int = 0) -> None:
        super().__init__(shortened(words))
        self.status = status


class Unreachable(Exception):
    """No connection: nothing was sent."""


class Unanswered(Exception):
    """The request had left, and no answer came that can be understood."""


class _PostmarkPayload(postmark.PostmarkPayload):
    """Postmark merges only templates that are stored there: each copy of a batch brings its own texts instead."""

    def data_for_recipient(self, to: EmailAddress) -> dict[str, Any]:
        subject, html, text = self.message.texts[to.addr_spec]
        return {**super().data_for_recipient(to), "Subject": subject, "HtmlBody": html, "TextBody": text}


class _Postmark(postmark.EmailBackend):
    def build_message_payload(self, message: AnymailMessage, defaults: dict) -> _PostmarkPayload:
        return _PostmarkPayload(message, defaults, self)

    def parse_recipient_status(
        self, response: requests.Response, payload: _PostmarkPayload, message: AnymailMessage
    ) -> dict[str, AnymailRecipientStatus]:
        """One answer per message, in their order: anymail's own reading gives up at the first it does not know."""
        answers = self.deserialize_json_response(response, payload, message)
        if not isinstance(answers, list):
            raise AnymailRequestsAPIError(response=response, backend=self)
        return _one_by_one(message, payload.to_emails, map(_read_postmark, answers))


class _MailjetPayload(mailjet.MailjetPayload):
    """Each message brings its own texts: Mailjet documents no way to put in a value that is HTML already."""

    def _burst_for_batch_send(self) -> None:
        # anymail 15.2 bursts a single message again for each attribute, and loses what the one before had put in
        if not getattr(self, "_is_burst", False):
            super()._burst_for_batch_send()
        self._is_burst = True

    def serialize_data(self) -> str:
        for one in self.data["Messages"]:
            one["Subject"], one["HTMLPart"], one["TextPart"] = self.message.texts[one["To"][0]["Email"]]
        for name in ("Subject", "HTMLPart", "TextPart"):
            self.data["Globals"].pop(name, None)
        return super().serialize_data()


class _Mailjet(mailjet.EmailBackend):
    def build_message_payload(self, message: AnymailMessage, defaults: dict) -> _MailjetPayload:
        return _MailjetPayload(message, defaults, self)

    def parse_recipient_status(
        self, response: requests.Response, payload: _MailjetPayload, message: AnymailMessage
    ) -> dict[str, AnymailRecipientStatus]:
        answers = self.deserialize_json_response(response, payload, message)
        if "Messages" not in answers:
            raise AnymailRequestsAPIError(response=response, backend=self)
        return _one_by_one(message, payload.recipients, map(_read_mailjet, answers["Messages"]))


@dataclass(frozen=True, slots=True)
class Service:
    """A mail service. `limit`: copies in one request; `max_values`: bytes of values a copy may bring.

    With `whole_messages` each copy carries all of the message, and `max_bytes` limits the request. Where a message
    keeps the Message-ID it is given, `keep_id_header` asks for that.
    """

    name: str
    backend: type
    limit: int
    syntax: Syntax
    whole_messages: bool = False
    max_values: int | None = None
    max_bytes: int | None = None
    keep_id_header: str = ""


_NOTHING = re.compile(r"(?!)")
# Unguessable, so that no literal text and no value can contain it: SendGrid replaces any string it is told to.
_SENDGRID_MARK = f"[bedel-{secrets.token_hex(8)}-{{}}]"

SERVICES = {
    "brevo": Service(
        "Brevo",
        brevo.EmailBackend,
        limit=500,  # Brevo takes 1000
        syntax=Syntax(
            "{{ params.{} }}",
            re.compile(r"\{(?=[{%#]|\Z)"),
            around=("{% autoescape off %}", "{% endautoescape %}"),
            disarmed=("&#123;", "{\N{WORD JOINER}"),  # Brevo evaluates what comes in by a value as well
        ),
    ),
    "mailgun": Service(
        "Mailgun",
        mailgun.EmailBackend,
        limit=500,  # Mailgun takes 1000
        syntax=Syntax(
            "%recipient.{}%", re.compile(r"%(?=recipient|unsubscribe|tag_unsubscribe|mailing_list_unsubscribe|\Z)")
        ),
    ),
    "mailjet": Service("Mailjet", _Mailjet, limit=50, syntax=Syntax("{}", _NOTHING), whole_messages=True),
    "postmark": Service(
        "Postmark",
        _Postmark,
        limit=500,
        syntax=Syntax("{}", _NOTHING),
        whole_messages=True,
        max_bytes=40 * _MEGABYTE,  # Postmark takes 50, and JSON makes some letters longer
        keep_id_header="X-PM-KeepID",
    ),
    "sendgrid": Service(
        "SendGrid",
        sendgrid.EmailBackend,
        limit=500,  # SendGrid takes 1000
        syntax=Syntax(_SENDGRID_MARK, re.compile("<(?=%)")),
        max_values=9_500,  # SendGrid takes 10,000
    ),
    "sparkpost": Service(
        "SparkPost", sparkpost.EmailBackend, limit=500, syntax=Syntax("{{{{}}}}", re.compile(r"\{(?=\{|\Z)"))
    ),
}


def mailbox(name: str, address: str) -> EmailAddress:
    """`name <address>` as anymail knows it. Raises UnsendableAddress."""
    ascii_form = ascii_address(address)
    try:
        return EmailAddress(sendable(cleaned(name)), ascii_form)
    except AnymailInvalidAddress as error:
        sentence = gettext_noop("“%(address)s” is not an email address.")
        raise UnsendableAddress(sentence, address=ascii_form) from error


def deliver(account: EspAccount, request: Request, copies: Sequence[Copy]) -> list[Answer]:
    """Hand all copies over in one request; one Answer each, in their order.

    No two copies may go to the same address. Raises ServiceRefusal, Unreachable, Unanswered.
    """
    message = _message(request, copies)
    try:
        _backend(account, request).send_messages([message])
    except AnymailError as error:
        raise _told(error) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if message.anymail_status.esp_response is None:
            raise
        raise Unanswered(f"{_words_of(message.anymail_status.esp_response)} ({error!r})") from error
    said = message.anymail_status.recipients
    return [_answer(message, said.get(copy.address.addr_spec), copy) for copy in copies]


def _answer(message: AnymailMessage, said: AnymailRecipientStatus | None, copy: Copy) -> Answer:
    if said is None:
        return Answer("unknown")
    words = message.words.get(copy.address.addr_spec) or f"{said.status} {said.message_id or ''}"
    return Answer(said.status, shortened(words))


def _message(request: Request, copies: Sequence[Copy]) -> AnymailMessage:
    message = AnymailMessage(
        subject=request.subject,
        body=request.text,
        from_email=str(request.sender),
        to=[str(copy.address) for copy in copies],
        reply_to=[str(request.reply_to)] if request.reply_to else None,
    )
    if request.html:
        message.attach_alternative(request.html, "text/html")
    for name, content, content_type in request.attachments:
        message.attach(name, content, content_type)
    if any(copy.values for copy in copies):
        message.merge_data = {copy.address.addr_spec: dict(copy.values) for copy in copies}
    message.merge_metadata = {copy.address.addr_spec: dict(copy.metadata) for copy in copies}
    if any(copy.headers for copy in copies):
        message.merge_headers = {copy.address.addr_spec: dict(copy.headers) for copy in copies}
    message.texts = {copy.address.addr_spec: copy.texts for copy in copies}
    message.words = {}  # what the service says of single copies, where it says more than a status
    return message


def _backend(account: EspAccount, request: Request) -> Any:
    """anymail's backend with everything it needs said outright, so that it looks up no setting."""
    options: dict[str, Any] = {
        "timeout": account.timeout,
        "ignore_recipient_status": True,
        "ignore_unsupported_features": False,
        "debug_api_requests": False,
    }
    if account.api_url:
        options["api_url"] = account.api_url
    return SERVICES[account.provider].backend(**options, **_credentials(account, request))


def _credentials(account: EspAccount, request: Request) -> dict[str, Any]:
    key = account.api_key.strip()
    if not (key and key.isascii() and key.isprintable()):
        raise ServiceRefusal("the key is empty, or has letters that no key has", 401)
    if account.provider == "mailgun":
        return {"api_key": key, "sender_domain": account.domain or request.sender.domain}
    if account.provider == "mailjet":
        public, colon, secret = key.partition(":")
        if not colon:
            raise ServiceRefusal("both keys are needed, with a colon between them", 401)
        return {"api_key": public, "secret_key": secret}
    if account.provider == "postmark":
        # what goes to many people must not leave by the stream of receipts and passwords
        return {"server_token": key, "message_stream": "broadcast" if request.bulk else None}
    if account.provider == "sendgrid":
        return {"api_key": key, "merge_field_format": _SENDGRID_MARK}
    return {"api_key": key}


def _told(error: AnymailError) -> Exception:
    """What an error of anymail's means for the copies of the request."""
    if error.status_code is None:
        if not isinstance(error.__cause__, requests.RequestException):
            return ServiceRefusal(str(error.args[0] if error.args else error))
        words = shortened(str(error.__cause__))
        return Unreachable(words) if _before_sending(error.__cause__) else Unanswered(words)
    words = shortened(_words_of(error.response))
    if 200 <= error.status_code < 300 or error.status_code == 504:  # 504: a time-out on the way behind a gateway
        return Unanswered(words)
    return ServiceRefusal(words, error.status_code)


def _before_sending(error: requests.RequestException) -> bool:
    """Whether the connection failed before any of the request had left; when in doubt it had."""
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    if isinstance(reason, (NewConnectionError, ConnectTimeoutError, ProxyError)):
        return True
    if isinstance(error, (requests.ConnectTimeout, ValueError)):  # ValueError: an address or header that is none
        return True
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _words_of(response: requests.Response) -> str:
    """The service's own words in its answer: each puts them under another name."""
    try:
        content = response.json()
    except ValueError:
        content = None
    words = _first_words(content) or response.text or str(response.reason)
    return f"{response.status_code} {words}"


def _first_words(content: Any) -> str:
    if isinstance(content, list):
        return _first_words(content[0]) if content else ""
    if not isinstance(content, dict):
        return content if isinstance(content, str) else ""
    named = (content.get(name) for name in ("message", "Message", "ErrorMessage", "description", "errors", "error"))
    return " ".join(filter(None, map(_first_words, named)))


def _one_by_one(
    message: AnymailMessage, addresses: Sequence[EmailAddress], answers: Iterable[tuple[str, str]]
) -> dict[str, AnymailRecipientStatus]:
    """Statuses from (status, words) per copy. Raises ServiceRefusal when all failed, and for no fault of theirs."""
    statuses, failed = {}, ""
    for address, (status, words) in zip(addresses, answers, strict=False):
        statuses[address.addr_spec] = AnymailRecipientStatus(message_id=words or None, status=status)
        message.words[address.addr_spec] = words
        failed = failed or (words if status == "failed" else "")
    if failed and {status.status for status in statuses.values()} == {"failed"}:
        raise ServiceRefusal(failed, 400)
    return statuses


def _read_postmark(answer: dict[str, Any]) -> tuple[str, str]:
    code, words = answer.get("ErrorCode", 0), str(answer.get("Message", ""))
    if code == 0:
        return "sent", f"{words} {answer.get('MessageID', '')}"
    if code == 406:  # has come back before, or complained: Postmark writes to it no more
        return "rejected", f"{code} {words}"
    return ("invalid" if code == 300 and "'To'" in words else "failed"), f"{code} {words}"


def _read_mailjet(answer: dict[str, Any]) -> tuple[str, str]:
    if answer.get("Status") == "success":
        return "sent", "success " + " ".join(str(to.get("MessageID", "")) for to in answer.get("To", []))
    errors = answer.get("Errors") or [{}]
    words = " ".join(str(error.get("ErrorMessage", "")) for error in errors)
    theirs = any(str(about).startswith("To") for error in errors for about in error.get("ErrorRelatedTo", []))
    return ("invalid" if theirs else "failed"), f"{errors[0].get('StatusCode', '')} {words}"
