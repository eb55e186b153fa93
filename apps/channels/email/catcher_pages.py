"""The read-only pages of the catcher: the list of mails, one mail as its reader sees it, and two answers in JSON."""

import codecs
import json
import re
from dataclasses import asdict
from datetime import datetime
from email.message import EmailMessage
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from .catcher_store import CaughtMail, MailStore, display_name

PER_PAGE = 100
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'"
# The mail is somebody else's HTML: no script, no origin; its links open outside, in a tab of their own.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8886; overflow-wrap: anywhere }
td.moment { white-space: nowrap; font-variant-numeric: tabular-nums }
iframe { width: 100%; height: 65vh; border: 1px solid #8886; background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8886; padding: 1rem }
dt { font-weight: 600 } dd { margin: 0 0 .5rem }
input, button { font: inherit; padding: .4rem .6rem }
nav a { margin-right: 1rem }
"""


class Reply:
    """What to answer: bytes, status and headers."""

    def __init__(self, body: str | bytes, content_type="text/html; charset=utf-8", status=HTTPStatus.OK, **headers):
        self.body = body.encode() if isinstance(body, str) else body
        self.status = status
        self.headers = {"Content-Type": content_type, "Content-Security-Policy": PAGE_POLICY, **headers}


def serve_pages(store: MailStore, host: str, port: int) -> ThreadingHTTPServer:
    """A server for the pages over `store`, bound and ready for serve_forever()."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                reply = answer(store, self.path)
            except FileNotFoundError:
                reply = Reply(_page("No such mail", "<p>There is no mail here.</p>"), status=HTTPStatus.NOT_FOUND)
            self.send_response(reply.status)
            for name, value in (reply.headers | {"Content-Length": str(len(reply.body))}).items():
                self.send_header(name, value)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_HEAD = do_GET

        def log_message(self, *_arguments) -> None:
            pass

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server


def answer(store: MailStore, target: str) -> Reply:
    """The reply to GET `target`. Raises FileNotFoundError for what is not there."""
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    search = query.get("q", "")
    page = int(query["page"]) if query.get("page", "").isdecimal() else 1
    if parts.path == "/":
        return Reply(_list_page(store, search, max(page, 1)))
    if parts.path == "/count.json":
        return _json({"count": store.count(search)})
    if parts.path == "/mails.json":
        mails = store.newest(search, PER_PAGE, (max(page, 1) - 1) * PER_PAGE)
        return _json({"count": store.count(search), "mails": [asdict(mail) for mail in mails]})
    found = re.fullmatch(r"/mail/(\d{1,9})/(html|raw|part/(\d{1,4}))?", parts.path)
    if not found:
        raise FileNotFoundError(target)
    number, what, part = int(found[1]), found[2], found[3]
    if what == "raw":
        return Reply(store.raw(number), "text/plain; charset=utf-8")
    mail = store.parsed(number)
    if what == "html":
        return _html_reply(mail)
    return _attachment(mail, int(part)) if part else Reply(_mail_page(number, mail))


def _json(value: object) -> Reply:
    return Reply(json.dumps(value), "application/json")


def _page(title: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style>{content}</html>'
    )


def _list_page(store: MailStore, search: str, page: int) -> str:
    count = store.count(search)
    rows = "".join(_row(mail) for mail in store.newest(search, PER_PAGE, (page - 1) * PER_PAGE))
    empty = "<p>No mail has these words in its recipient or its subject.</p>" if search else "<p>No mail yet.</p>"
    table = f"<table><tr><th>Caught<th>To<th>Subject{rows}</table>" if rows else empty
    return _page(
        f"Caught mail ({count:,})",
        f"<h1>Caught mail</h1><p>{count:,} mails. Nothing leaves this machine.</p>"
        f'<form><label>Recipient or subject <input type="search" name="q" value="{escape(search)}"></label> '
        f"<button>Search</button></form>{table}{_pager(search, page, count)}",
    )


def _row(mail: CaughtMail) -> str:
    moment = datetime.fromtimestamp(mail.received_at).strftime("%d %b %H:%M:%S")
    subject = escape(mail.subject or "(no subject)")
    return f'<tr><td class="moment">{moment}<td>{escape(mail.recipient)}<td><a href="/mail/{mail.id}/">{subject}</a>'


def _pager(search: str, page: int, count: int) -> str:
    def link(to: int, text: str) -> str:
        return f'<a href="/?{escape(urlencode({"q": search, "page": to}))}">{text}</a>'

    newer = link(page - 1, "Newer") if page > 1 else ""
    older = link(page + 1, "Older") if page * PER_PAGE < count else ""
    return f"<nav><p>{newer}{older}</nav>"


def _mail_page(number: int, mail: EmailMessage) -> str:
    shown = ("From", "To", "Reply-To", "Subject", "Date", "List-Unsubscribe", "Message-ID")
    headers = "".join(f"<dt>{name}<dd>{escape(str(mail[name]))}" for name in shown if mail[name])
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    frame = f'<h2>As it is read</h2><iframe src="/mail/{number}/html" title="The mail" {_SANDBOX}></iframe>'
    plain = f"<h2>Text</h2><pre>{_linked(_text_of(text))}</pre>" if text else ""
    return _page(
        str(mail["Subject"] or "(no subject)"),
        f'<nav><a href="/">All mail</a><a href="/mail/{number}/raw">Source</a></nav>'
        f"<h1>{escape(str(mail['Subject'] or '(no subject)'))}</h1>"
        f"<p>For {escape(display_name(str(mail['To'] or '')))}</p><dl>{headers}</dl>"
        f"{_attachment_list(number, mail)}{frame if html else ''}{plain}",
    )


_SANDBOX = 'sandbox="allow-popups allow-popups-to-escape-sandbox"'


def _attachment_list(number: int, mail: EmailMessage) -> str:
    items = "".join(
        f'<li><a href="/mail/{number}/part/{position}">{escape(part.get_filename() or "attachment")}</a> '
        f"({escape(part.get_content_type())}, {len(_bytes_of(part)):,} bytes)"
        for position, part in enumerate(mail.iter_attachments())
    )
    return f"<h2>Attachments</h2><ul>{items}</ul>" if items else ""


def _attachment(mail: EmailMessage, position: int) -> Reply:
    parts = list(mail.iter_attachments())
    if position >= len(parts):
        raise FileNotFoundError(position)
    name = quote(parts[position].get_filename() or "attachment")
    disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Reply(_bytes_of(parts[position]), "application/octet-stream", **disposition)


def _html_reply(mail: EmailMessage) -> Reply:
    body = mail.get_body(("html",))
    if body is None:
        raise FileNotFoundError("This mail has no HTML.")
    return Reply(_in_new_tabs(_text_of(body)), **{"Content-Security-Policy": MAIL_POLICY})


def _in_new_tabs(document: str) -> str:
    """`document` with a <base> by which its links open in a new tab; put inside its head where it has one."""
    base = '<base target="_blank">'
    inside, found = re.subn(r"(<head\b[^>]*>)", rf"\1{base}", document, count=1, flags=re.IGNORECASE)
    return inside if found else base + document


def _bytes_of(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else bytes(part)


def _text_of(part) -> str:
    """The text of a part; a charset nobody knows must not hide the mail."""
    return _bytes_of(part).decode(_charset(part), errors="replace")


def _charset(part) -> str:
    name = part.get_content_charset() or "utf-8"
    try:
        codecs.lookup(name)
    except LookupError:
        return "utf-8"
    return name


def _linked(text: str) -> str:
    """`text` for HTML, with its web addresses as links that open in a new tab."""
    pieces = re.split(r"(https?://[^\s<>\"]+)", text)
    for position in range(1, len(pieces), 2):
        address = escape(pieces[position])
        pieces[position] = f'<a href="{address}" target="_blank" rel="noopener">{address}</a>'
    pieces[::2] = [escape(piece) for piece in pieces[::2]]
    return "".join(pieces)
