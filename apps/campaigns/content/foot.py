"""What Bedel itself puts at the foot of a letter: the question with its links, the school, the unsubscribe link."""

from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from apps.core.merge_tags import TrustedHtml
from apps.core.tokens import make_token
from apps.surveys.models import Answer

from ..models import Mailing

_LINK = '<br><a href="{url}" style="color: #606a66;">{text}</a>'
_FOOTER = (
    '<div style="margin-top: 24px; padding-top: 12px; border-top: 1px solid #e5e3dc; color: #606a66; font-size: 13px;">'
    "{school}{link}</div>"
)
_BUTTON = (
    '<a href="{}" style="display: inline-block; margin: 0 8px 8px 0; padding: 12px 24px; border: 1px solid #1c6d51; '
    'border-radius: 6px; color: #0e5e44; text-decoration: none; font-weight: 600;">{}</a>'
)
_QUESTION = (
    '<div style="margin-top: 24px; padding: 16px; background: #f2f1eb; border-radius: 6px;">{text}{students}</div>'
)

# Whom a question is about (empty where one recipient is asked about one), and its pairs of button text and URL.
Asked = tuple[str, list[tuple[str, str]]]


def asked_questions(mailing: Mailing, token: str, about: Mapping[int, str]) -> list[Asked]:
    """One per student of `about` (id -> first name), or one about nobody; none without a question.

    In the language of the moment. `token` is that of answer_token().
    """
    question = mailing.question
    if question is None:
        return []
    return [
        (
            name if len(about) > 1 else "",
            [(_choice_label(choice, question.text), answer_url(token, i, choice)) for choice in question.choices],
        )
        for i, name in (about or {0: ""}).items()
    ]


def answer_token(mailing: Mailing, delivery_id: int) -> str:
    """What proves that somebody may answer for a delivery."""
    return make_token("answer", mailing.organization_id, delivery_id)


def answer_url(token: str, about: int, choice: str) -> str:
    """The public page on which a choice is confirmed."""
    return settings.SITE_URL + reverse("families:answer", args=(token, about, choice))


def unsubscribe_token(mailing: Mailing, delivery_id: int) -> str:
    """What proves that somebody may unsubscribe the address of a delivery."""
    return make_token("unsubscribe", mailing.organization_id, delivery_id)


def unsubscribe_url(token: str) -> str:
    """The public page on which a recipient can stop further messages."""
    before, after = _unsubscribe_frame(settings.SITE_URL)
    return f"{before}{token}{after}"


@lru_cache(maxsize=4)
def _unsubscribe_frame(site_url: str) -> tuple[str, str]:
    """What stands around the token: asked once, because the URL patterns take their time for each."""
    before, _token, after = (site_url + reverse("families:unsubscribe", args=("-",))).rpartition("-")
    return before, after


def footer_html(school: str, url: str) -> TrustedHtml:
    """The school and, with a `url`, the link to unsubscribe, in the language of the moment."""
    link = format_html(_LINK, url=url, text=_("Receive no more of these messages")) if url else ""
    return TrustedHtml(format_html(_FOOTER, school=school, link=link))


def footer_text(school: str, url: str) -> str:
    """footer_html() as plain text."""
    lines = [school]
    if url:
        lines.append(_("Receive no more of these messages") + f": {url}")
    return "\n\n-- \n" + "\n".join(lines) + "\n"


def question_html(mailing: Mailing, questions: list[Asked]) -> TrustedHtml:
    """The question with its buttons."""
    if not mailing.question or not questions:
        return TrustedHtml("")
    one_link = mailing.question.kind == mailing.question.Kind.RECEIVED
    text = (
        "" if one_link else format_html('<p style="margin: 0 0 12px;"><strong>{}</strong></p>', mailing.question.text)
    )
    students = format_html_join(
        "",
        "<div>{}{}</div>",
        (
            (
                format_html('<p style="margin: 0 0 4px;">{}</p>', name) if name else "",
                format_html_join("", _BUTTON, ((url, label) for label, url in links)),
            )
            for name, links in questions
        ),
    )
    return TrustedHtml(format_html(_QUESTION, text=text, students=students))


def question_text(mailing: Mailing, questions: list[Asked]) -> str:
    """question_html() as plain text."""
    if not mailing.question or not questions:
        return ""
    one_link = mailing.question.kind == mailing.question.Kind.RECEIVED
    lines = [] if one_link else [mailing.question.text, ""]
    for name, links in questions:
        lines += [name] if name else []
        lines += [f"{label}: {url}" for label, url in links]
    return "\n".join(lines)


def _choice_label(choice: str, question: str) -> str:
    """The words of a link. With one single link, the link bears the question's own text."""
    return question if choice == "received" else str(Answer.Value(choice).label)
