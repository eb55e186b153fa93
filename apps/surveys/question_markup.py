"""The question as it stands at the foot of a message: its text, and a link for each answer."""

from collections.abc import Mapping

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from .models import Answer, Question

_BUTTON = (
    '<a href="{}" style="display: inline-block; margin: 0 8px 8px 0; padding: 12px 24px; border: 1px solid #1c6d51; '
    'border-radius: 6px; color: #0e5e44; text-decoration: none; font-weight: 600;">{}</a>'
)
_QUESTION = (
    '<div style="margin-top: 24px; padding: 16px; background: #f2f1eb; border-radius: 6px;">{text}{students}</div>'
)
_TEXT = '<p style="margin: 0 0 12px;"><strong>{}</strong></p>'
_NAME = '<p style="margin: 0 0 4px;">{}</p>'

# Whom a question is about (empty where it is about one at most), and its pairs of button text and URL.
Asked = tuple[str, list[tuple[str, str]]]


def asked(question: Question, token: str, about: Mapping[str, str]) -> list[Asked]:
    """What is asked about each of `about` (id -> name; "0" is nobody registered), in the language of the moment.

    `token` proves that somebody may answer.
    """
    return [
        (name, [(_label(choice, question.text), answer_url(token, i, choice)) for choice in question.choices])
        for i, name in about.items()
    ]


def answer_url(token: str, about: str, choice: str) -> str:
    """The public page on which a choice is confirmed."""
    return settings.SITE_URL + reverse("families:answer", args=(token, about, choice))


def question_html(question: Question, all_asked: list[Asked]) -> str:
    """The question with its buttons."""
    text = "" if _is_one_link(question) else format_html(_TEXT, question.text)
    students = format_html_join(
        "",
        "<div>{}{}</div>",
        (
            (
                format_html(_NAME, name) if name else "",
                format_html_join("", _BUTTON, ((url, label) for label, url in links)),
            )
            for name, links in all_asked
        ),
    )
    return format_html(_QUESTION, text=text, students=students)


def question_text(question: Question, all_asked: list[Asked]) -> str:
    """question_html() as plain text."""
    lines = [] if _is_one_link(question) else [question.text, ""]
    for name, links in all_asked:
        lines += [name] if name else []
        lines += [f"{label}: {url}" for label, url in links]
    return "\n".join(lines)


def _is_one_link(question: Question) -> bool:
    return question.kind == Question.Kind.RECEIVED


def _label(choice: str, question: str) -> str:
    """The words of a link. One single link bears the question's own text."""
    return question if choice == "received" else str(Answer.Value(choice).label)
