"""Email as a channel of messages."""

from django.utils.translation import gettext_lazy as _

from apps.senders.models import SenderAccount

from ...models import Mailing
from ..channel import Channel
from .carriers import CARRIERS
from .copies import EmailCopies


class EmailChannel(Channel):
    code = contact_kind = "email"
    label = _("Email")
    carriers = CARRIERS

    def copies(self, mailing: Mailing) -> EmailCopies:
        return EmailCopies(mailing)

    def leaves_once(self, account: SenderAccount) -> bool:
        """A repeat by SMTP is recognised by its Message-ID; a service gives each request one of its own."""
        return account.is_service


EMAIL = EmailChannel()
