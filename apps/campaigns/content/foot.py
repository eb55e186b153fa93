"""What stands at the foot of every message, below its parts: the school, and the unsubscribe link."""

from functools import lru_cache

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from apps.core.merge_tags import TrustedHtml
from apps.core.tokens import make_token

from ..models import Mailing

_LINK = '<br><a href="{url}" style="color: #606a66;">{text}</a>'
_FOOTER = (
    '<div style="margin-top: 24px; padding-top: 12px; border-top: 1px solid #e5e3dc; color: #606a66; font-size: 13px;">'
    "{school}{link}</div>"
)


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
