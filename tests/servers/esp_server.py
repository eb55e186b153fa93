"""A mail service on a free loopback port: takes requests as the services' documents describe them, and merges.

`received` holds what each recipient would read, merged by the rules of the service; `asked` the requests themselves.
"""

import base64
import html
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from django.template import Context, Engine

DROP = object()  # an answer: close the connection instead
HANG = object()  # an answer: say nothing until the server is closed


@dataclass
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, list[str]]:
        """The fields of a form, in either of its two encodings; the names of files stand among the values."""
        if not self.headers["Content-Type"].startswith("multipart/"):
            return parse_qs(self.body.decode(), keep_blank_values=True)
        fields: dict[str, list[str]] = {}
        for part in self._parts:
            name = part.get_param("name", header="Content-Disposition")
            value = part.get_filename() or part.get_payload(decode=True).decode()
            fields.setdefault(name, []).append(value)
        return fields

    @property
    def files(self) -> list[tuple[str, bytes]]:
        """Names and contents of the files of a form."""
        if not self.headers["Content-Type"].startswith("multipart/"):
            return []
        return [(part.get_filename(), part.get_payload(decode=True)) for part in self._parts if part.get_filename()]

    @property
    def _parts(self) -> list[Any]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        return list(message_from_bytes(head + self.body, policy=policy.default).iter_parts())


@dataclass
class Received:
    """What one recipient gets."""

    to: str
    subject: str
    html: str
    text: str
    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    attachments: list[tuple[str, bytes]] = field(default_factory=list)  # names and contents


class EspServer:
    """`answers` are given in turn, as (status, JSON), or DROP or HANG; after them each request is accepted."""

    def __init__(self, read: Callable[[Asked], tuple[list[Received], int, Any]]) -> None:
        self.asked: list[Asked] = []
        self.received: list[Received] = []
        self.answers: list[Any] = []
        self.url = ""
        self._read = read
        self.closing = threading.Event()

    def answer(self, asked: Asked) -> Any:
        self.asked.append(asked)
        if self.answers:
            return self.answers.pop(0)
        received, status, content = self._read(asked)
        self.received += received
        return status, content

    def to(self, address: str) -> Received:
        (found,) = [received for received in self.received if received.to == address]
        return found


@contextmanager
def esp_server(provider: str) -> Iterator[EspServer]:
    """A server that speaks as `provider` does; it is closed at the end."""
    server = EspServer(_READ[provider])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = server.answer(Asked(self.path, dict(self.headers), body))
            if answer is HANG:
                server.closing.wait()
            if answer in (DROP, HANG):
                self.close_connection = True
                return
            status, content = answer
            data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(content, str) else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format, *arguments):
            pass

    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http_server.daemon_threads = True
    server.url = f"http://127.0.0.1:{http_server.server_port}/"
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        http_server.shutdown()
        http_server.server_close()
        thread.join()


def _attached(attachments: list[dict[str, str]], name: str, content: str) -> list[tuple[str, bytes]]:
    """Names and contents of attachments that JSON has in base64, under these two names."""
    return [(each[name], base64.b64decode(each[content])) for each in attachments]


def _address(mailbox: str) -> str:
    return mailbox.rpartition("<")[2].rstrip(">")


def _mailgun(asked: Asked) -> tuple[list[Received], int, Any]:
    """`%recipient.name%` anywhere, from `recipient-variables`."""
    form = asked.form
    variables = json.loads(form["recipient-variables"][0])

    def merged(text: str, own: dict) -> str:
        values = {f"recipient.{name}": str(value) for name, value in own.items()}
        values["unsubscribe_url"] = "https://service.example/u"  # a mark of Mailgun's own
        return re.sub(r"%([a-z][^%\s]+)%", lambda found: values.get(found[1], found[0]), text)

    received = []
    for address in map(_address, form["to"]):
        own = variables[address]
        parts = {name: merged(form.get(name, [""])[0], own) for name in ("subject", "html", "text")}
        headers = {name[2:]: merged(value[0], own) for name, value in form.items() if name.startswith("h:")}
        metadata = {name[2:]: merged(value[0], own) for name, value in form.items() if name.startswith("v:")}
        received.append(Received(address, **parts, headers=headers, metadata=metadata, attachments=asked.files))
    return received, 200, {"id": "<20261122.1@school.example>", "message": "Queued. Thank you."}


def _sendgrid(asked: Asked) -> tuple[list[Received], int, Any]:
    """Any string of `substitutions`, in one go; at most 10,000 bytes of them for a recipient."""
    content = {part["type"]: part["value"] for part in asked.json["content"]}
    received = []
    for one in asked.json["personalizations"]:
        own = one.get("substitutions", {})
        if sum(len(f"{name}{value}".encode()) for name, value in own.items()) > 10_000:
            return [], 400, {"errors": [{"message": "Substitutions may not exceed 10000 bytes.", "field": None}]}
        names = re.compile("|".join(map(re.escape, own)) or r"(?!)")
        texts = [
            names.sub(lambda found: own[found[0]], text)  # noqa: B023
            for text in (asked.json["subject"], content["text/html"], content["text/plain"])
        ]
        attached = _attached(asked.json.get("attachments", []), "filename", "content")
        received.append(Received(one["to"][0]["email"], *texts, one.get("headers", {}), one["custom_args"], attached))
    return received, 202, ""


def _postmark(asked: Asked) -> tuple[list[Received], int, Any]:
    """Whole messages; what becomes of each is said in their order."""
    received = [
        Received(
            _address(one["To"]),
            one["Subject"],
            one["HtmlBody"],
            one["TextBody"],
            {header["Name"]: header["Value"] for header in one["Headers"]},
            one["Metadata"],
            _attached(one.get("Attachments", []), "Name", "Content"),
        )
        for one in asked.json
    ]
    answers = [
        {"To": one["To"], "MessageID": f"b7bc2f4a-{i}", "ErrorCode": 0, "Message": "OK"}
        for i, one in enumerate(asked.json)
    ]
    return received, 200, answers


def _mailjet(asked: Asked) -> tuple[list[Received], int, Any]:
    """Whole messages beside what is the same for all."""
    received, answers = [], []
    for i, one in enumerate(asked.json["Messages"]):
        message = asked.json["Globals"] | one
        (to,) = one["To"]
        texts = message["Subject"], message["HTMLPart"], message["TextPart"]
        attached = _attached(message.get("Attachments", []), "Filename", "Base64Content")
        received.append(
            Received(to["Email"], *texts, message["Headers"], json.loads(message["EventPayload"]), attached)
        )
        told = {"Email": to["Email"].lower(), "MessageID": 456 + i, "MessageUUID": f"u{i}", "MessageHref": ""}
        answers.append({"Status": "success", "CustomID": "", "To": [told], "Cc": [], "Bcc": []})
    return received, 200, {"Messages": answers}


def _brevo(asked: Asked) -> tuple[list[Received], int, Any]:
    """A template language that is Django's in what matters here, with `params`, escaping unless told not to.

    What a value brings in is evaluated as well.
    """
    received = []
    for version in asked.json["messageVersions"]:
        context = Context({"params": version.get("params", {})})
        texts = []
        for name in ("subject", "htmlContent", "textContent"):
            once = Engine().from_string(asked.json[name]).render(context)
            texts.append(Engine().from_string(once).render(context))
        headers = dict(version["headers"])
        metadata = json.loads(headers.pop("X-Mailin-custom"))
        attached = _attached(asked.json.get("attachment", []), "name", "content")
        received.append(Received(version["to"][0]["email"], *texts, headers, metadata, attached))
    return received, 201, {"messageIds": [f"<{i}@service.example>" for i in range(len(received))]}


def _sparkpost(asked: Asked) -> tuple[list[Received], int, Any]:
    """`{{{name}}}`, and `{{name}}`, which is escaped in HTML."""
    content, received = asked.json["content"], []

    def merged(text: str, own: dict, escape: Callable[[str], str] = str) -> str:
        return re.sub(
            r"\{\{\{ *(\w+) *\}\}\}|\{\{ *(\w+) *\}\}",
            lambda found: own.get(found[1], "") if found[1] else escape(own.get(found[2], "")),
            text,
        )

    for one in asked.json["recipients"]:
        own = one["substitution_data"]
        texts = merged(content["subject"], own), merged(content["html"], own, html.escape), merged(content["text"], own)
        headers = {name: merged(value, own) for name, value in content["headers"].items()}
        attached = _attached(content.get("attachments", []), "name", "data")
        received.append(Received(one["address"]["email"], *texts, headers, one["metadata"], attached))
    counts = {"total_rejected_recipients": 0, "total_accepted_recipients": len(received), "id": "102258889940193104"}
    return received, 200, {"results": counts}


_READ = {
    "brevo": _brevo,
    "mailgun": _mailgun,
    "mailjet": _mailjet,
    "postmark": _postmark,
    "sendgrid": _sendgrid,
    "sparkpost": _sparkpost,
}
