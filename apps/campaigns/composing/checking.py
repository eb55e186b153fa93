"""What stands between a draft and its sending: every obstacle with a sentence, and the page where it is mended."""

from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.channels.email.html import to_text
from apps.core.message_parts import parts

from ..audience import audience
from ..audience.target_lists import unusable_lists
from ..content.attachments import ATTACHMENTS_LIMIT, attachments_size, largest_own
from ..content.parts import about_missing_parts
from ..content.tags import broken_tags, tags_without_default, unknown_tags, used_tags, variables_of_files
from ..models import Mailing

NAMED = 5


@dataclass(frozen=True)
class Obstacle:
    """A sentence, and the name of the step on which it is mended."""

    sentence: str
    url_name: str


def obstacles(mailing: Mailing, count: audience.AudienceCount | None = None) -> list[Obstacle]:
    """All that keeps this mailing from being sent; empty when it may go."""
    count = count or audience.count(mailing)
    found = [Obstacle(sentence, "campaigns:recipients") for sentence in _about_recipients(mailing, count)]
    return found + [Obstacle(sentence, "campaigns:content") for sentence in _about_content(mailing)]


def _about_recipients(mailing: Mailing, count: audience.AudienceCount) -> list[str]:
    sentences = []
    if mailing.sender is None:
        sentences.append(_("No sender is chosen."))
    unusable = _about_unusable_lists(mailing)
    sentences += unusable
    if not count.getting and count.not_getting:
        sentences.append(_all_left_out(count.not_getting))
    elif not count.getting and not unusable:
        sentences.append(nobody_is_chosen(mailing))
    return sentences


def about_its_start(mailing: Mailing) -> list[str]:
    """What of the obstacles may have come up since the mailing was checked, but for the number of its recipients."""
    return _about_unusable_lists(mailing) + _about_unknown_tags(mailing) + _about_parts(mailing)


def _about_unusable_lists(mailing: Mailing) -> list[str]:
    """A sentence for each list, chosen or left out, of which nobody can say who is on it."""
    sentence = _(
        "The filter of the list “%(name)s” does not work: nobody can say who is on it. Mend it, or take it out."
    )
    return [sentence % {"name": each.name} for each in unusable_lists(mailing)]


def nobody_is_chosen(mailing: Mailing) -> str:
    """That what is chosen leads to nobody: which groups and lists these are, or that nothing is chosen."""
    entries = mailing.entries.filter(is_excluded=False).select_related("group", "target_list").order_by("pk")
    chosen = [str(entry.group or entry.target_list) for entry in entries if entry.group_id or entry.target_list_id]
    if not chosen:
        return _("Nobody would get it. Choose groups, people or addresses.")
    shown = [f"“{name}”" for name in chosen[:NAMED]] + (["…"] if len(chosen) > NAMED else [])
    return _("Nobody would get it: there is nobody in %(names)s now.") % {"names": ", ".join(shown)}


def _all_left_out(number: int) -> str:
    sentence = ngettext(
        "Nobody would get it: the one who is chosen is left out. The reason stands below.",
        "Nobody would get it: all %(number)s who are chosen are left out. The reasons stand below.",
        number,
    )
    return sentence % {"number": number}


def about_files(mailing: Mailing, getting: int) -> list[str]:
    """Sentences on what the files leave open for some who get it, and on what two of them say differently."""
    return (_blanks(mailing, getting) + _other_values(mailing, getting)) if getting else []


def _other_values(mailing: Mailing, getting: int) -> list[str]:
    number = audience.with_other_values(mailing, sorted(used_tags(mailing) & variables_of_files(mailing)))
    sentence = ngettext(
        "%(number)s of %(all)s stands in two files that say different things: the file that was uploaded first counts.",
        "%(number)s of %(all)s stand in two files that say different things: the file that was uploaded first counts.",
        number,
    )
    return [sentence % {"number": intcomma(number), "all": intcomma(getting)}] if number else []


def _blanks(mailing: Mailing, getting: int) -> list[str]:
    """A sentence for each tag of a file that has no value for some who get it, and no default."""
    tags = sorted(tags_without_default(mailing) & variables_of_files(mailing))
    missing = audience.without_value(mailing, tags) if tags else {}
    return [_about_blank(tag, number, getting) for tag, number in missing.items() if number]


def _about_blank(tag: str, number: int, getting: int) -> str:
    sentence = ngettext(
        "%(number)s of %(all)s has no value for “%(tag)s”: an empty place stands there in that copy.",
        "%(number)s of %(all)s have no value for “%(tag)s”: an empty place stands there in their copies.",
        number,
    )
    return sentence % {"number": intcomma(number), "all": intcomma(getting), "tag": tag}


def _about_unknown_tags(mailing: Mailing) -> list[str]:
    sentence = _("No recipient has a value for the tag “%(tag)s”. Take it out or mend its name.")
    return [sentence % {"tag": tag} for tag in unknown_tags(mailing)]


def _about_content(mailing: Mailing) -> list[str]:
    sentences = [_("It has no subject.")] if not mailing.subject.strip() else []
    if not to_text(mailing.body).strip() and "<img" not in mailing.body:
        sentences.append(_("The message is empty."))
    sentences += broken_tags(mailing)
    sentences += _about_unknown_tags(mailing)
    return sentences + _about_size(mailing) + _about_parts(mailing)


def _about_size(mailing: Mailing) -> list[str]:
    shared, own = attachments_size(mailing), largest_own(mailing)
    if shared + own < ATTACHMENTS_LIMIT:
        return []
    if not own:
        return [_("The attachments have 5 MB or more. Take one out.")]
    return [_("The attachments and a recipient’s own files have 5 MB or more together. Make them smaller.")]


def _about_parts(mailing: Mailing) -> list[str]:
    """What each part has to say, and which ones nobody knows any more."""
    return [sentence for part in parts() for sentence in part.obstacles(mailing)] + about_missing_parts(mailing)
