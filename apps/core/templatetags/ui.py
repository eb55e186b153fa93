"""Template tags of Bedel's components (builtin: no {% load %} needed)."""

from itertools import pairwise

from django import template
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from heroicons.templatetags.heroicons import heroicon_outline

from apps.core.dates import moment as say_moment

register = template.Library()

# Our own status signs: each state has a shape of its own, so that colour never stands alone.
_SIGNS = {
    "skip": '<path d="M3.5 8h9"/>',
    "wait": '<circle cx="8" cy="8" r="5"/>',
    "flight": '<circle cx="8" cy="8" r="5"/><path d="M8 3a5 5 0 0 1 0 10z" fill="currentColor" stroke="none"/>',
    "sent": '<circle cx="8" cy="8" r="4" fill="currentColor"/>',
    "good": '<path d="M3 8.6l3.2 3.2L13 4.6"/>',
    "back": '<path d="M13 4.5H6.5a3.5 3.5 0 0 0 0 7H12M9.5 9l2.5 2.5L9.5 14"/>',
    "bad": '<path d="M4 4l8 8M12 4l-8 8"/>',
    "uncertain": '<path d="M5.7 6.1a2.4 2.4 0 1 1 3.5 2.1C8.3 8.7 8 9.2 8 10M8 12.9h.01"/>',
    "stopped": '<rect x="4" y="4" width="8" height="8" rx="1"/>',
    "needs": '<circle class="sign-amber" cx="8" cy="8" r="7"/><path class="sign-dark" d="M8 4.5v4M8 11.4h.01"/>',
    "idle": '<circle cx="8" cy="8" r="5"/>',
}
_Part = tuple[str, int, str]  # the end of its class, how many, and the word for it
_BAR_WIDTH, _BAR_GAP, _LEAST = 1000.0, 3.0, 8.0


@register.simple_tag(takes_context=True)
def link(context, name: str, *args) -> str:
    """The path of a page within the organisation of this request."""
    organization = context["request"].organization
    return reverse(name, args=(organization.slug, *args))


@register.simple_tag(takes_context=True)
def query(context, **changes) -> str:
    """The current query string, altered; None takes a parameter away. Starts with `?`."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        parameters.pop(name, None)
        if value not in (None, ""):
            parameters[name] = str(value)
    return "?" + parameters.urlencode()


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An outline icon of heroicons; `size="small"` for 16 px."""
    classes = f"icon icon--{size}" if size else "icon"
    return mark_safe(heroicon_outline(name, size=None, **{"class": classes}))


@register.simple_tag
def sign(name: str) -> SafeString:
    """The sign that stands before a status word: one of skip, wait, flight, sent, good, back, bad, uncertain, ..."""
    return format_html(
        '<svg class="status__sign" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', mark_safe(_SIGNS[name])
    )


@register.simple_tag
def tally(of=None, height="", words=False, **numbers) -> SafeString:
    """The bar that accounts for everybody, always in this order; with `words`, the figures beneath it.

    The figures are those of `of`; one that is given by its name counts instead. What was delivered is a part of what
    was sent: it is drawn within, and said after it.
    """

    def number(name: str) -> int:
        return numbers.get(name, getattr(of, name, 0))

    sent, delivered = number("sent"), number("delivered")
    others = [
        ("flight", number("in_flight"), _("in flight")),
        ("wait", number("waiting"), _("waiting")),
        ("back", number("bounced"), _("came back")),
        ("fail", number("failed"), _("failed")),
        ("ask", number("uncertain"), _("uncertain")),
        ("skip", number("skipped"), _("skipped")),
    ]
    drawn = [("arrived", delivered, ""), ("sent", sent - delivered, ""), *others]
    said = [("sent", sent, _("sent")), ("arrived", delivered, _("of them delivered")), *others]
    return _bar(said, height, words, drawn)


@register.simple_tag
def answer_tally(of: dict, height="", words=True, **numbers) -> SafeString:
    """The same bar for answers: yes (or received), no, both (two parents who differ), not yet."""
    parts = [
        ("sent", "yes", _("yes")),
        ("sent", "received", _("received")),
        ("no", "no", _("no")),
        ("ask", "both", _("yes and no")),
        ("wait", "waiting", _("not yet")),
    ]
    found = [(key, numbers.get(name, of.get(name, 0)), word) for key, name, word in parts]
    return _bar(found, height, words, found)


def _bar(said: list[_Part], height: str, words: bool, drawn: list[_Part]) -> SafeString:
    """The parts `drawn` side by side, and what is said of them; nothing of those that are empty."""
    grouped = [(key, number_format(number, force_grouping=True), word) for key, number, word in said if number]
    label = ", ".join(f"{number} {word}" for _key, number, word in grouped) or _("nobody yet")
    rectangles = format_html_join(
        "", '<rect class="fill-{}" x="{}" width="{}" height="10"/>', _rectangles([(k, n) for k, n, _w in drawn if n])
    )
    bar = format_html(
        '<svg class="tally__bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        label,
        rectangles,
    )
    legend = format_html_join("", '<span><i class="key key--{}"></i><b>{}</b> {}</span>', grouped)
    below = format_html('<div class="tally__words">{}</div>', legend) if words else ""
    return format_html('<div class="tally {}">{}{}</div>', f"tally--{height}" if height else "", bar, below)


def _rectangles(parts: list[tuple[str, int]]):
    """Class, x and width of each part; even one of a million can be seen. No gap divides what was sent."""
    total = sum(number for _key, number in parts)
    keys = [key for key, _number in parts]
    gaps = [0.0 if pair == ("arrived", "sent") else _BAR_GAP for pair in pairwise(keys)]
    room = _BAR_WIDTH - sum(gaps)
    widths = [max(_LEAST, room * number / total) for _key, number in parts]
    too_much = sum(widths) - room
    if widths:
        widths[widths.index(max(widths))] -= too_much
    x = 0.0
    for key, width, gap in zip(keys, widths, [*gaps, 0.0], strict=False):
        yield key, f"{x:.1f}", f"{width:.1f}"
        x += width + gap


@register.filter
def address(value: str) -> SafeString:
    """An address that may break before its @, never within a word; `[ko]` before it keeps its colour."""
    failed = value.startswith("[ko] ")
    local, at, domain = value.removeprefix("[ko] ").partition("@")
    text = format_html("{}<wbr>{}{}", local, at, domain) if at else conditional_escape(local)
    return format_html('<span class="ko">[ko]</span> <span>{}</span>', text) if failed else text


@register.filter
def moment(at) -> str:
    return say_moment(at)


@register.filter
def bytes_size(size: int) -> str:
    """1.4 MB, 86 KB: decimal units, as the limit of 5 MB is meant."""
    if size >= 1_000_000:
        return _("%(number)s MB") % {"number": number_format(size / 1_000_000, 1, force_grouping=True)}
    if size >= 1_000:
        return _("%(number)s KB") % {"number": number_format(size // 1_000, force_grouping=True)}
    return ngettext("%(number)s byte", "%(number)s bytes", size) % {"number": size}
