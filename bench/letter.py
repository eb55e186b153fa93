"""The message of the benches: 8 KB of HTML with ten tags, and three links that nobody else gets.

The question gives two of the links, the foot of the letter the third.
"""

import base64
import random
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

TAGS = (
    *("first_name", "last_name", "name", "student_first_name", "student_name"),
    *("students", "group", "school", "sender", "today"),
)
SUBJECT = "Excursión de {{ group }}: la salida de {{ student_first_name }}"
QUESTION = "¿Puede ir a la excursión?"

_OPENING = (
    "<h2>Excursión a la sierra</h2><p>Dear {{ first_name }} {{ last_name }},</p>"
    "<p>on Friday the group {{ group }} goes to the mountains with {{ sender }}, and <b>{{ student_name }}</b> "
    "is to come along. We meet at 8:15 at the gate of {{ school }}.</p>"
)
_PARAGRAPH = (
    '<p style="margin: 0 0 16px; color: #24312b;">{number}. {{{{ student_first_name }}}} needs <strong>shoes for '
    "walking</strong>, a jacket against the rain, food and water for the day, and a small bag (mochila pequeña) that "
    "leaves both hands free. In the shelter there is a warm soup for everybody; whoever may not eat something tells "
    "the tutor beforehand, at the latest on Wednesday. The coach is back at the school towards 17:45.</p>"
)
_CLOSING = "<p>{{ name }}, we look forward to a day outside with {{ students }}.</p><p>{{ school }}, {{ today }}</p>"
# With its frame, its styles written into the elements and the question at the foot the letter has 8 KB.
_PARAGRAPHS = 15
BODY = _OPENING + "".join(_PARAGRAPH.format(number=number + 1) for number in range(_PARAGRAPHS)) + _CLOSING


def attachment(kilobytes: int) -> bytes:
    """A file of so many KB that no compression makes smaller, the same one every time."""
    return random.Random(kilobytes).randbytes(kilobytes * 1024)


def sizes(sample: Path) -> dict[str, int]:
    """The bytes of a message as the server got it, and of its HTML and text when decoded."""
    raw = sample.read_bytes()
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return {
        "message_bytes": len(raw),
        "html_bytes": _decoded_size(message, "html"),
        "text_bytes": _decoded_size(message, "plain"),
    }


def _decoded_size(message: EmailMessage, kind: str) -> int:
    part = message.get_body(preferencelist=(kind,))
    return len(part.get_payload(decode=True)) if part else 0


def plain_message(size: int) -> bytes:
    """Lines of letters that make up a message of `size` bytes, for programs that send the same one again and again."""
    head = b"From: office@school.example\nTo: family@mail.example\nSubject: bench\n\n"
    line = base64.b64encode(random.Random(size).randbytes(54)) + b"\n"
    lines = max(1, (size - len(head)) // (len(line) + 1))
    return head + line * lines
