"""Email as a channel of messages."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.channels.email.html import to_text
from apps.core.normalizing import normalize_email
from apps.organizations.models import Organization
from apps.senders.models import SenderAccount

from ...content.rendering import Renderer, freeze
from ...models import Mailing
from ..channel import Channel, Preview, Source, StatusWords
from .carriers import CARRIERS
from .content_form import EmailContentForm
from .copies import EmailCopies

# The editor writes styles into its own frame; nothing else is loosened, and only on this page.
EDITOR_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:; "
    "font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)


class EmailChannel(Channel):
    code = contact_kind = "email"
    label = gettext_lazy("Email")
    carriers = CARRIERS
    content_form = EmailContentForm
    content_template = "campaigns/content.html"
    content_policy = EDITOR_POLICY
    takes_attachments = takes_parts = True
    preview_template = "campaigns/_preview.html"
    status_words = StatusWords(
        in_flight=gettext_lazy("Being handed to the mail server."),
        accepted=gettext_lazy("Accepted by the mail server."),
        accepted_at=gettext_lazy("Accepted by the mail server, %(when)s."),
        delivered_at=gettext_lazy("Delivered to the mailbox, %(when)s."),
        refused=gettext_lazy("Refused by the server: %(reply)s"),
    )

    def normalize(self, address: str, organization: Organization) -> str:
        return normalize_email(address)

    def test_address(self, user: User) -> str:
        return user.email

    def sources(self, mailing: Mailing) -> list[Source]:
        return [(mailing.subject, "header"), (mailing.body, "html")]

    def obstacles(self, mailing: Mailing) -> list[str]:
        sentences = [] if mailing.subject.strip() else [_("It has no subject.")]
        is_empty = not to_text(mailing.body).strip() and "<img" not in mailing.body
        return [*sentences, _("The message is empty.")] if is_empty else sentences

    def freeze(self, mailing: Mailing) -> None:
        freeze(mailing)

    def preview(self, mailing: Mailing, row: Any) -> Preview:
        rendered = Renderer(mailing).render(row)
        files = [file.name for file in rendered.own_attachments]
        return Preview(rendered.subject, rendered.html, rendered.text, files)

    def title(self, mailing: Mailing) -> str:
        return _("%(subject)s, by email from %(sender)s.") % {"subject": mailing, "sender": mailing.sender_name}

    def about_cost(self, mailing: Mailing, getting: int) -> str:
        return _("Email costs nothing. One address gets it once, also when it stands at two people.")

    def copies(self, mailing: Mailing) -> EmailCopies:
        return EmailCopies(mailing)

    def leaves_once(self, account: SenderAccount) -> bool:
        """A repeat by SMTP is recognised by its Message-ID; a service gives each request one of its own."""
        return account.is_service


EMAIL = EmailChannel()
