"""What a recipient reads: the frozen letter of a mailing, with his own values put in."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from apps.channels.email.html import inline_css, make_safe, to_text
from apps.core.merge import TrustedHtml, compile_template
from apps.core.tokens import make_token
from apps.recipients.models import Person
from apps.surveys.models import Answer

from .audience import AudienceRow
from .merge_values import language_of
from .models import Mailing

# Slots of Bedel's own, at the foot of every letter; staff cannot write them, for their names are no tag's.
QUESTION, FOOTER = "bedel_question", "bedel_footer"
QUESTION_TEXT, FOOTER_TEXT = "bedel_question_text", "bedel_footer_text"

_LETTER = """<!doctype html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ margin: 0; padding: 0; background: #faf9f5; }}
.letter {{ max-width: 40rem; margin: 0 auto; padding: 24px 16px; background: #ffffff; color: #17211d;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; font-size: 16px; line-height: 1.5; }}
.letter p {{ margin: 0 0 16px; }}
.letter a {{ color: #0e5e44; }}
.letter img {{ max-width: 100%; }}
</style></head>
<body><div class="letter">{body}{{{{ {question} }}}}{{{{ {footer} }}}}</div></body></html>"""


@dataclass(frozen=True)
class Rendered:
    subject: str
    html: str
    text: str
    unsubscribe_url: str


def freeze(mailing: Mailing) -> None:
    """Write on the mailing what will really be sent, made safe and with its styles inlined, once for all recipients."""
    mailing.frozen_html, mailing.frozen_text = _letter(mailing)
    mailing.save(update_fields=["frozen_html", "frozen_text"])


class Renderer:
    """Compiled once per mailing: its subject, HTML and text as templates, and the values they take per recipient."""

    def __init__(self, mailing: Mailing):
        self.mailing = mailing
        html, text = (mailing.frozen_html, mailing.frozen_text) if mailing.frozen_html else _letter(mailing)
        self.html = compile_template(html, "html")
        self.text = compile_template(text, "text")
        self.subject = compile_template(mailing.subject, "header")
        own_link = "unsubscribe_link" in self.html.tags | self.text.tags
        self._automatic_link = mailing.organization.automatic_unsubscribe_link and not own_link
        self.shows_unsubscribe_link = own_link or self._automatic_link

    def render(self, row: AudienceRow, values: dict[str, str], students: dict[int, Person] | None = None) -> Rendered:
        """The letter of one recipient. `values` come from values_for(); `students` are loaded when not given."""
        all_values = self.slot_values(row, values, students)
        return Rendered(
            subject=self.subject.render(all_values),
            html=self.html.render(all_values),
            text=self.text.render(all_values),
            unsubscribe_url=all_values["unsubscribe_link"] if self.shows_unsubscribe_link else "",
        )

    def slot_values(
        self, row: AudienceRow, values: dict[str, str], students: dict[int, Person] | None = None
    ) -> dict[str, str]:
        """`values` with those of Bedel's own slots and the row's public links: all that the three templates need."""
        unsubscribe = unsubscribe_url(self.mailing, row)
        with translation.override(language_of(self.mailing, row)):
            questions = self._questions(row, students)
            return {
                **values,
                "unsubscribe_link": unsubscribe,
                QUESTION: _question_html(self.mailing, questions),
                QUESTION_TEXT: _question_text(self.mailing, questions),
                FOOTER: self._footer_html(unsubscribe),
                FOOTER_TEXT: self._footer_text(unsubscribe),
            }

    def _questions(
        self, row: AudienceRow, students: dict[int, Person] | None
    ) -> list[tuple[str, list[tuple[str, str]]]]:
        """Per student (or once, without a name) the pairs of button text and URL; empty without a question."""
        question = self.mailing.question
        if question is None:
            return []
        if students is None:
            students = Person.objects.in_bulk(row.about_ids)
        about = [(i, students[i].first_name if len(row.about_ids) > 1 else "") for i in row.about_ids if i in students]
        token = make_token("answer", self.mailing.organization_id, row.delivery_id)
        return [
            (
                name,
                [(_choice_label(choice, question.text), _answer_url(token, i, choice)) for choice in question.choices],
            )
            for i, name in about or [(0, "")]
        ]

    def _footer_html(self, url: str) -> TrustedHtml:
        link = format_html(_LINK, url=url, text=_("Receive no more of these messages")) if self._automatic_link else ""
        return TrustedHtml(format_html(_FOOTER, school=self.mailing.organization.name, link=link))

    def _footer_text(self, url: str) -> str:
        lines = [self.mailing.organization.name]
        if self._automatic_link:
            lines.append(_("Receive no more of these messages") + f": {url}")
        return "\n\n-- \n" + "\n".join(lines) + "\n"


def unsubscribe_url(mailing: Mailing, row: AudienceRow) -> str:
    """The public page on which this recipient can stop further messages."""
    token = make_token("unsubscribe", mailing.organization_id, row.delivery_id)
    return settings.SITE_URL + reverse("public:unsubscribe", args=(token,))


def _letter(mailing: Mailing) -> tuple[str, str]:
    """The HTML document and the text part, still with their tags."""
    body = make_safe(mailing.body)
    document = inline_css(_LETTER.format(body=body, question=QUESTION, footer=FOOTER))
    return document, f"{to_text(body)}\n\n{{{{ {QUESTION_TEXT} }}}}{{{{ {FOOTER_TEXT} }}}}"


def _answer_url(token: str, about: int, choice: str) -> str:
    return settings.SITE_URL + reverse("public:answer", args=(token, about, choice))


def _choice_label(choice: str, question: str) -> str:
    """The words of a link. With one single link, the link bears the question's own text."""
    return question if choice == "received" else str(Answer.Value(choice).label)


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


def _question_html(mailing: Mailing, questions: list[tuple[str, list[tuple[str, str]]]]) -> TrustedHtml:
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


def _question_text(mailing: Mailing, questions: list[tuple[str, list[tuple[str, str]]]]) -> str:
    if not mailing.question or not questions:
        return ""
    one_link = mailing.question.kind == mailing.question.Kind.RECEIVED
    lines = [] if one_link else [mailing.question.text, ""]
    for name, links in questions:
        lines += [name] if name else []
        lines += [f"{label}: {url}" for label, url in links]
    return "\n".join(lines)
