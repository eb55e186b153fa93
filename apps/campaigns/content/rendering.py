"""What a recipient reads: the frozen text of a mailing, with his own values put in.

An edition is the message in one language, with everything in it that is the same for all. Where a message is about one
student at most, as nearly all are, its parts and the foot are literal text too, but for their tokens.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import translation

from apps.channels.email.html import inline_css, make_safe, to_text
from apps.core.merge_tags import MergeTemplate, Slot, TrustedHtml, compile_template
from apps.core.message_parts import OwnAttachment, Students

from ..audience.audience import AudienceRow
from ..models import Mailing
from .foot import footer_html, footer_text, unsubscribe_token, unsubscribe_url
from .merge_values import Loaded, MergeValues, language_of, students_of
from .places import Places

# Slots of Bedel's own, at the foot of every message; staff cannot write them, for their names are no tag's.
PARTS, FOOTER = "bedel_parts", "bedel_footer"
PARTS_TEXT, FOOTER_TEXT = "bedel_parts_text", "bedel_footer_text"
# As they were called in messages that were frozen when the question was the only part.
_EARLIER = {"bedel_question": PARTS, "bedel_question_text": PARTS_TEXT}

_DOCUMENT = """<!doctype html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ margin: 0; padding: 0; background: #faf9f5; }}
.message {{ max-width: 40rem; margin: 0 auto; padding: 24px 16px; background: #ffffff; color: #17211d;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; font-size: 16px; line-height: 1.5; }}
.message p {{ margin: 0 0 16px; }}
.message a {{ color: #0e5e44; }}
.message img {{ max-width: 100%; }}
</style></head>
<body><div class="message">{body}{{{{ {parts} }}}}{{{{ {footer} }}}}</div></body></html>"""

# And the slots of the public link in an edition.
UNSUBSCRIBE_LINK, _UNSUBSCRIBE_TOKEN = "unsubscribe_link", "bedel_unsubscribe_token"


@dataclass(frozen=True)
class Rendered:
    subject: str
    html: str
    text: str
    unsubscribe_url: str
    own_attachments: Sequence[OwnAttachment] = ()


@dataclass(frozen=True)
class Edition:
    """A mailing in one language: three templates, and the values that are the same for everybody.

    In one for a single student only the tokens of the links are left to fill in.
    """

    subject: MergeTemplate
    html: MergeTemplate
    text: MergeTemplate
    constants: Mapping[str, str]
    is_for_one_student: bool


def freeze(mailing: Mailing) -> None:
    """Write on the mailing what will really be sent, made safe and with its styles inlined, once for all recipients."""
    mailing.frozen_html, mailing.frozen_text = _message(mailing)
    mailing.save(update_fields=["frozen_html", "frozen_text"])


class Renderer:
    """Compiled once per mailing: its editions, and the values they take per recipient.

    Made where the database may be asked; when it is made it has read all that does not come from rows.
    """

    def __init__(self, mailing: Mailing):
        self.mailing = mailing
        html, text = (mailing.frozen_html, mailing.frozen_text) if mailing.frozen_html else _message(mailing)
        self._html = compile_template(html, "html")
        self._text = compile_template(text, "text")
        self._subject = compile_template(mailing.subject, "header")
        own_link = UNSUBSCRIBE_LINK in self._html.tags | self._text.tags
        self._automatic_link = mailing.organization.automatic_unsubscribe_link and not own_link
        self.shows_unsubscribe_link = own_link or self._automatic_link
        self.values = MergeValues(mailing)
        self.bears_own_attachments = any(part.bears_attachments for part in self.values.parts)

    def render(self, row: AudienceRow) -> Rendered:
        """The message of one recipient, for looking at it."""
        loaded = self.values.load([row])
        edition = self.edition(language_of(self.mailing, row), is_for_one_student=len(row.about_ids) <= 1)
        values = {**edition.constants, **self.own_values(edition, row, loaded)}
        return Rendered(
            subject=edition.subject.render(values),
            html=edition.html.render(values),
            text=edition.text.render(values),
            unsubscribe_url=values[UNSUBSCRIBE_LINK] if self.shows_unsubscribe_link else "",
            own_attachments=self.values.attachments(row, loaded),
        )

    def edition(self, language: str, is_for_one_student: bool) -> Edition:
        """The message in `language`. Asks the database for what is the same for everybody."""
        constants = self.values.constants(language)
        if not is_for_one_student:
            return Edition(self._subject, self._html, self._text, constants, is_for_one_student)
        places = Places([_UNSUBSCRIBE_TOKEN, *(token for part in self.values.parts for token in part.tokens)])
        link = unsubscribe_url(places.marks[_UNSUBSCRIBE_TOKEN])
        with translation.override(language):
            foot = self._foot({**places.marks, UNSUBSCRIBE_LINK: link}, {})
        pieces = {name: tuple(places.with_slots(markup)) for name, markup in foot.items()}
        html, text = _expanded(self._html, pieces), _expanded(self._text, pieces)
        return Edition(self._subject, html, text, constants, is_for_one_student)

    def own_values(self, edition: Edition, row: AudienceRow, loaded: Loaded) -> dict[str, str]:
        """What the templates of `edition` need for one recipient, besides its constants. Asks no database."""
        values = self.values.own(row, loaded)
        values[_UNSUBSCRIBE_TOKEN] = token = unsubscribe_token(self.mailing, row.delivery_id)
        values[UNSUBSCRIBE_LINK] = unsubscribe_url(token)
        if edition.is_for_one_student:
            return values
        with translation.override(language_of(self.mailing, row)):
            return values | self._foot(values, students_of(row, loaded))

    def _foot(self, values: Mapping[str, str], students: Students) -> dict[str, str]:
        """The values of Bedel's own slots, in the language of the moment."""
        feet = [foot for part in self.values.parts if (foot := part.foot(values, students))]
        school, link = self.mailing.organization.name, values[UNSUBSCRIBE_LINK] if self._automatic_link else ""
        made = {
            PARTS: TrustedHtml("".join(foot.html for foot in feet)),
            PARTS_TEXT: "\n\n".join(foot.text for foot in feet),
            FOOTER: footer_html(school, link),
            FOOTER_TEXT: footer_text(school, link),
        }
        return made | {earlier: made[name] for earlier, name in _EARLIER.items()}


def _message(mailing: Mailing) -> tuple[str, str]:
    """The HTML document and the text part, still with their tags."""
    body = make_safe(mailing.body)
    document = inline_css(_DOCUMENT.format(body=body, parts=PARTS, footer=FOOTER))
    return document, f"{to_text(body)}\n\n{{{{ {PARTS_TEXT} }}}}{{{{ {FOOTER_TEXT} }}}}"


def _expanded(template: MergeTemplate, pieces: Mapping[str, Iterable[str | Slot]]) -> MergeTemplate:
    """`template` with the slots named in `pieces` replaced by these."""
    segments: list[str | Slot] = []
    for segment in template.segments:
        segments += pieces.get(segment.name, (segment,)) if isinstance(segment, Slot) else (segment,)
    return MergeTemplate(tuple(segments))
