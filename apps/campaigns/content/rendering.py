"""What a recipient reads: the frozen letter of a mailing, with his own values put in.

An edition is the letter in one language, with everything in it that is the same for all. Where a letter is about one
student at most, as nearly all are, the question and the foot are literal text too, but for their tokens.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils import translation

from apps.channels.email.html import inline_css, make_safe, to_text
from apps.core.merge_tags import MergeTemplate, Slot, compile_template

from ..audience.audience import AudienceRow
from ..models import Mailing
from . import foot as letter_foot
from .merge_values import Loaded, MergeValues, language_of

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


# And the slots of the public links in an edition: no more than a token or an id each.
UNSUBSCRIBE_LINK, _UNSUBSCRIBE_TOKEN = "unsubscribe_link", "bedel_unsubscribe_token"
_ANSWER_TOKEN, _ABOUT = "bedel_answer_token", "bedel_about"
# What stands in their place while the markup is made.
_PLACES = {
    _UNSUBSCRIBE_TOKEN: "u" + secrets.token_hex(18),
    _ANSWER_TOKEN: "a" + secrets.token_hex(18),
    _ABOUT: str(10**17 + secrets.randbelow(10**17)),
}
_PLACE = re.compile("(" + "|".join(_PLACES.values()) + ")")
_SLOT_AT = {place: Slot(name, "", str) for name, place in _PLACES.items()}


@dataclass(frozen=True)
class Rendered:
    subject: str
    html: str
    text: str
    unsubscribe_url: str


@dataclass(frozen=True)
class Edition:
    """A mailing's letter in one language: three templates, and the values that are the same for everybody.

    In one for a single student only the tokens of the links are left to fill in.
    """

    subject: MergeTemplate
    html: MergeTemplate
    text: MergeTemplate
    constants: Mapping[str, str]
    is_for_one_student: bool


def freeze(mailing: Mailing) -> None:
    """Write on the mailing what will really be sent, made safe and with its styles inlined, once for all recipients."""
    mailing.frozen_html, mailing.frozen_text = _letter(mailing)
    mailing.save(update_fields=["frozen_html", "frozen_text"])


class Renderer:
    """Compiled once per mailing: the editions of its letter, and the values they take per recipient."""

    def __init__(self, mailing: Mailing):
        self.mailing = mailing
        html, text = (mailing.frozen_html, mailing.frozen_text) if mailing.frozen_html else _letter(mailing)
        self._html = compile_template(html, "html")
        self._text = compile_template(text, "text")
        self._subject = compile_template(mailing.subject, "header")
        own_link = UNSUBSCRIBE_LINK in self._html.tags | self._text.tags
        self._automatic_link = mailing.organization.automatic_unsubscribe_link and not own_link
        self.shows_unsubscribe_link = own_link or self._automatic_link
        self.values = MergeValues(mailing)

    def render(self, row: AudienceRow) -> Rendered:
        """The letter of one recipient, for looking at it."""
        loaded = self.values.load([row])
        edition = self.edition(language_of(self.mailing, row), is_for_one_student=len(row.about_ids) <= 1)
        values = {**edition.constants, **self.own_values(edition, row, loaded)}
        return Rendered(
            subject=edition.subject.render(values),
            html=edition.html.render(values),
            text=edition.text.render(values),
            unsubscribe_url=values[UNSUBSCRIBE_LINK] if self.shows_unsubscribe_link else "",
        )

    def edition(self, language: str, is_for_one_student: bool) -> Edition:
        """The letter in `language`. Asks the database for what is the same for everybody."""
        constants = self.values.constants(language)
        if not is_for_one_student:
            return Edition(self._subject, self._html, self._text, constants, is_for_one_student)
        link = letter_foot.unsubscribe_url(_PLACES[_UNSUBSCRIBE_TOKEN])
        with translation.override(language):
            foot = self._foot(_PLACES[_ANSWER_TOKEN], {int(_PLACES[_ABOUT]): ""}, link)
        expand = {name: tuple(_with_slots(markup)) for name, markup in foot.items()}
        html, text = _expanded(self._html, expand), _expanded(self._text, expand)
        return Edition(self._subject, html, text, constants, is_for_one_student)

    def own_values(self, edition: Edition, row: AudienceRow, loaded: Loaded) -> dict[str, str]:
        """What the templates of `edition` need for one recipient, besides its constants. Asks no database."""
        values = self.values.own(row, loaded)
        values[_UNSUBSCRIBE_TOKEN] = token = letter_foot.unsubscribe_token(self.mailing, row.delivery_id)
        about = {i: loaded.people[i][0] for i in row.about_ids if i in loaded.people}
        answer_token = letter_foot.answer_token(self.mailing, row.delivery_id) if self.mailing.question else ""
        values[UNSUBSCRIBE_LINK] = letter_foot.unsubscribe_url(token)
        if edition.is_for_one_student:
            values[_ANSWER_TOKEN], values[_ABOUT] = answer_token, str(next(iter(about), 0))
            return values
        with translation.override(language_of(self.mailing, row)):
            return values | self._foot(answer_token, about, values[UNSUBSCRIBE_LINK])

    def _foot(self, token: str, about: Mapping[int, str], unsubscribe_url: str) -> dict[str, str]:
        """The values of Bedel's own slots, in the language of the moment."""
        questions = letter_foot.asked_questions(self.mailing, token, about)
        school, link = self.mailing.organization.name, unsubscribe_url if self._automatic_link else ""
        return {
            QUESTION: letter_foot.question_html(self.mailing, questions),
            QUESTION_TEXT: letter_foot.question_text(self.mailing, questions),
            FOOTER: letter_foot.footer_html(school, link),
            FOOTER_TEXT: letter_foot.footer_text(school, link),
        }


def _letter(mailing: Mailing) -> tuple[str, str]:
    """The HTML document and the text part, still with their tags."""
    body = make_safe(mailing.body)
    document = inline_css(_LETTER.format(body=body, question=QUESTION, footer=FOOTER))
    return document, f"{to_text(body)}\n\n{{{{ {QUESTION_TEXT} }}}}{{{{ {FOOTER_TEXT} }}}}"


def _with_slots(markup: str) -> Iterator[str | Slot]:
    """`markup` with a slot at each place of a token."""
    for part in _PLACE.split(markup):
        if part:
            yield _SLOT_AT.get(part, part)


def _expanded(template: MergeTemplate, pieces: Mapping[str, tuple[str | Slot, ...]]) -> MergeTemplate:
    """`template` with the slots named in `pieces` replaced by these."""
    segments: list[str | Slot] = []
    for segment in template.segments:
        segments += pieces.get(segment.name, (segment,)) if isinstance(segment, Slot) else (segment,)
    return MergeTemplate(tuple(segments))
