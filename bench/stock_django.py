"""Stock Django mail, the way its documentation shows it: templates, EmailMultiAlternatives, one open connection.

As a program it sends so many messages three times, and prints the seconds of the best run as JSON.
"""

import argparse
import json
import time

import django
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template import Context, Template

from bench.letter import BODY, SUBJECT, TAGS, attachment

_LINKS = ("answer/{}/yes", "answer/{}/no", "unsubscribe/{}")
_RUNS = 3
_ADDRESS = "https://bedel.school.example/r/"


def _padded(start: str, size: int) -> str:
    """`start` with harmless letters at its end until it has about `size` bytes."""
    line = "Bedel " * 12 + "\n"
    return start + line * max(0, (size - len(start.encode())) // len(line))


def _templates(html_size: int, text_size: int) -> tuple[Template, Template, Template]:
    html_links = "".join(f'<p><a href="{{{{ link{i} }}}}">Link {i}</a></p>' for i in range(len(_LINKS)))
    text_links = "".join(f"{{{{ link{i} }}}}\n" for i in range(len(_LINKS)))
    text = "".join(f"{{{{ {tag} }}}}\n" for tag in TAGS)
    html = _padded(f"<!doctype html><html><body>{BODY}{html_links}<p>", html_size - 20) + "</p></body></html>"
    return Template(SUBJECT), Template(html), Template(_padded(text + text_links, text_size))


def _values(number: int) -> Context:
    token = f"{number:038d}"
    links = {f"link{i}": _ADDRESS + link.format(token) for i, link in enumerate(_LINKS)}
    return Context({**dict.fromkeys(TAGS, f"Núria {number}"), **links})


def send(port: int, messages: int, html_size: int, text_size: int, attachment_kb: int) -> None:
    """Send `messages` messages to the server at `port`, each rendered for its recipient."""
    subject, html, text = _templates(html_size, text_size)
    file = attachment(attachment_kb)
    with get_connection("django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=port) as connection:
        for number in range(messages):
            values = _values(number)
            message = EmailMultiAlternatives(
                subject.render(values),
                text.render(values),
                "Office <office@school.example>",
                [f"Núria {number} <guardian{number}@mail.example>"],
                connection=connection,
            )
            message.attach_alternative(html.render(values), "text/html")
            if file:
                message.attach("circular.pdf", file, "application/pdf")
            message.send()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stock_django", description=__doc__)
    for name in ("port", "messages", "html-size", "text-size", "attachment-kb"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = vars(parser.parse_args())
    settings.configure(TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
    django.setup()
    send(**{**options, "messages": min(50, options["messages"])})
    print(json.dumps({"seconds": min(_seconds(options) for _ in range(_RUNS))}))


def _seconds(options: dict[str, int]) -> float:
    begun = time.perf_counter()
    send(**options)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
