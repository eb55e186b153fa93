"""What Home shows besides the cards of the apps: a line on what is going out, and the first steps of a new school."""

from collections import Counter

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.campaigns.models import Mailing
from apps.deliveries.pages.home_cards import recent_mailings, running_mailings
from apps.organizations.models import Membership
from apps.organizations.permissions import Permission
from apps.recipients.models import Person
from apps.senders.models import SenderAccount

_HELD = (Mailing.State.PENDING, Mailing.State.STOPPED)


def home_of(membership: Membership) -> dict:
    """The context of the page for one member, but for the cards: only what this member may see."""
    running = running_mailings(membership)
    return {
        "lead": _lead(running),
        "may_import": membership.may(Permission.MANAGE_PEOPLE),
        "may_set_up": membership.may(Permission.MANAGE_SENDERS),
        "first_steps": None if running or recent_mailings(membership) else _first_steps(),
    }


def _lead(running: list[Mailing]) -> str:
    """What is on its way, in a line: only what is being sent is going out."""
    states = Counter(mailing.state for mailing in running)
    sending, pending, stopped = (states[state] for state in (Mailing.State.SENDING, *_HELD))
    paused = sum(mailing.is_paused for mailing in running)
    parts = {
        ngettext("%(number)s message is going out", "%(number)s messages are going out", sending): sending,
        ngettext(
            "%(number)s message waits for its start", "%(number)s messages wait for their start", pending
        ): pending,
        ngettext("%(number)s message is stopped", "%(number)s messages are stopped", stopped - paused): stopped
        - paused,
        ngettext("%(number)s message is paused", "%(number)s messages are paused", paused): paused,
    }
    said = [words % {"number": number} for words, number in parts.items() if number]
    return f"{', '.join(said)}." if said else _("Nothing is going out now.")


def _first_steps() -> dict[str, bool]:
    """What a new school has done already."""
    return {
        "people": Person.objects.exists(),
        "sender": SenderAccount.objects.exists(),
        "message": Mailing.objects.exists(),
    }
