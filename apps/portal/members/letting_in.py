"""The mail by which a new member gets in; where the portal cannot mail, the link to hand over."""

import logging
from dataclasses import dataclass

from allauth.account import app_settings as allauth
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string
from django.urls import reverse

from apps.accounts.models import User
from apps.organizations.models import Membership
from apps.organizations.scoping import without_scope

logger = logging.getLogger(__name__)
# Somebody waits for the page meanwhile.
_SECONDS = 10


@dataclass(frozen=True)
class WayIn:
    """Whether the mail has left; `link` is for handing over: only where it has not, and the link hands over no more."""

    sent: bool
    link: str = ""


def tell_the_way_in(membership: Membership, by: User) -> WayIn:
    """Tell a member how to get in: by a link for a password, or by the password he has.

    Each makes the links of earlier ones void.
    """
    user = membership.user
    link = "" if user.has_usable_password() else _password_link(user)
    if _mail(membership, by, link):
        return WayIn(sent=True)
    return WayIn(sent=False, link=link if link and not _belongs_elsewhere(membership) else "")


def _password_link(user: User) -> str:
    user.set_unusable_password()  # a new one each time, and links are signed with it
    user.save(update_fields=["password"])
    token = allauth.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": token})
    return settings.SITE_URL + path


def _belongs_elsewhere(membership: Membership) -> bool:
    """Then a link in the hands of this organisation's administrators would open the other's door too."""
    with without_scope():
        return Membership.objects.filter(user=membership.user_id).exclude(pk=membership.pk).exists()


def _mail(membership: Membership, by: User, link: str) -> bool:
    context = {
        "membership": membership,
        "by": by,
        "link": link,
        "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
        "login": settings.SITE_URL + reverse("account_login"),
    }
    subject = " ".join(render_to_string("account/email/let_in_subject.txt", context).split())
    body = render_to_string("account/email/let_in_message.txt", context)
    connection = get_connection(timeout=_SECONDS)
    try:
        EmailMessage(subject, body, to=[membership.user.email], connection=connection).send()
    except OSError as problem:  # smtplib's errors are among them
        logger.warning("The mail server of the portal did not take the mail to a new member: %s", problem)
        return False
    return True
