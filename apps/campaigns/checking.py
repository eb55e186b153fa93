"""What stands between a draft and its sending: every obstacle with a sentence, and the page where it is mended."""

from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.channels.email.html import to_text

from . import audience
from .attachments import ATTACHMENTS_LIMIT, attachments_size
from .models import Mailing
from .tags import broken_tags, tags_without_default, unknown_tags, variables_of_files


@dataclass(frozen=True)
class Obstacle:
    """A sentence, and the name of the step on which it is mended."""

    sentence: str
    url_name: str


def obstacles(mailing: Mailing, count: audience.AudienceCount | None = None) -> list[Obstacle]:
    """All that keeps this mailing from being sent; empty when it may go."""
    count = count or audience.count(mailing)
    found = [Obstacle(sentence, "messages:recipients") for sentence in _about_recipients(mailing, count)]
    return found + [Obstacle(sentence, "messages:content") for sentence in _about_content(mailing)]


def _about_recipients(mailing: Mailing, count: audience.AudienceCount) -> list[str]:
    sentences = []
    if mailing.sender is None:
        sentences.append(_("No sender is chosen."))
    if not count.getting and count.not_getting:
        sentences.append(_all_left_out(count.not_getting))
    elif not count.getting:
        sentences.append(_("Nobody would get it. Choose groups, people or addresses."))
    return sentences


def _all_left_out(number: int) -> str:
    sentence = ngettext(
        "Nobody would get it: the one who is chosen is left out. The reason stands below.",
        "Nobody would get it: all %(number)s who are chosen are left out. The reasons stand below.",
        number,
    )
    return sentence % {"number": number}


def blanks(mailing: Mailing, getting: int) -> list[str]:
    """A sentence for each tag of a file that has no value for some who get it, and no default."""
    tags = sorted(tags_without_default(mailing) & variables_of_files(mailing))
    missing = audience.without_value(mailing, tags) if tags and getting else {}
    return [_about_blank(tag, number, getting) for tag, number in missing.items() if number]


def _about_blank(tag: str, number: int, getting: int) -> str:
    sentence = ngettext(
        "%(number)s of %(all)s has no value for “%(tag)s”: an empty place stands there in that letter.",
        "%(number)s of %(all)s have no value for “%(tag)s”: an empty place stands there in their letters.",
        number,
    )
    return sentence % {"number": intcomma(number), "all": intcomma(getting), "tag": tag}


def _about_content(mailing: Mailing) -> list[str]:
    sentences = [_("It has no subject.")] if not mailing.subject.strip() else []
    if not to_text(mailing.body).strip() and "<img" not in mailing.body:
        sentences.append(_("The message is empty."))
    sentences += broken_tags(mailing)
    sentences += [
        _("No recipient has a value for the tag “%(tag)s”. Take it out or mend its name.") % {"tag": tag}
        for tag in unknown_tags(mailing)
    ]
    if attachments_size(mailing) >= ATTACHMENTS_LIMIT:
        sentences.append(_("The attachments have 5 MB or more. Take one out."))
    question = mailing.question
    if question and not question.text.strip():
        sentences.append(_("The question has no text."))
    if question and question.is_closed:
        sentences.append(_("The time until which answers may be given is over already."))
    return sentences
