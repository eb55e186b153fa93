"""Which refusals of a mail server concern the account, and would meet every recipient alike."""

import re

from apps.channels.outcomes import AccountBusy, AccountProblem, gettext_noop

_NEEDS_LOGIN = (530, 535, 538)
# bad sender address, sending limit of the account; Postfix says the sentence in answer to RCPT
_ABOUT_SENDER = re.compile(r"\b5\.1\.[78]\b|\b5\.4\.5\b|sender address rejected", re.IGNORECASE)
_ABOUT_SIZE = re.compile(r"552\b|5\d\d 5\.3\.4\b")
# The account sends too much or too fast. 4.2.x speaks of the recipient's mailbox, so it is no matter of the account.
_TOO_MUCH = re.compile(
    r"\b4\.7\.28\b|too many (?:messages|mails|emails|connections)|too much mail|rate.?limit|throttl"
    r"|(?:sending|daily|hourly|message) (?:limit|quota)",
    re.IGNORECASE,
)
# Postfix, Exim, sendmail, Exchange and qmail to a client that may not send to other servers' addresses.
_NO_RELAY = re.compile(
    r"relay(?:ing)? (?:access )?(?:is )?(?:denied|prohibited|not (?:permitted|allowed))"
    r"|(?:unable|not (?:permitted|allowed)|refus\w+) to relay|do(?:es)? not relay"
    r"|list of allowed rcpthosts|\b5\.7\.54\b",
    re.IGNORECASE,
)
_ABOUT_MAILBOX = re.compile(r"\b[45]\.2\.\d")


def stop_if_login_is_needed(host: str, code: int, text: str) -> None:
    """Raise AccountProblem when MAIL was answered so because there was no login, or no encryption."""
    if code in _NEEDS_LOGIN:
        sentence = gettext_noop("The server %(host)s wants a login or encryption before it takes mail: %(reply)s")
        raise AccountProblem(sentence, host=host, reply=text)


def stop_if_about_sender(host: str, text: str, to_mail: bool = False) -> None:
    """Raise AccountProblem when the refusal `text` is about the sender: it must not be written down as a recipient's.

    MAIL names nobody else, so a refusal of it (`to_mail`) is about the sender, or the size of this message.
    """
    if (to_mail and not _ABOUT_SIZE.match(text)) or _ABOUT_SENDER.search(text):
        sentence = gettext_noop("The server %(host)s takes no mail from this sender: %(reply)s")
        raise AccountProblem(sentence, host=host, reply=text)


def stop_if_not_relayed(host: str, text: str) -> None:
    """Raise AccountProblem when a recipient was refused because the server passes no mail on for this account."""
    if _NO_RELAY.search(text):
        sentence = gettext_noop("The server %(host)s passes no mail on for this account: %(reply)s")
        raise AccountProblem(sentence, host=host, reply=text)


def stop_if_too_much(host: str, text: str) -> None:
    """Raise AccountBusy when the reply `text` says that the account sends too much or too fast."""
    if _TOO_MUCH.search(text) and not _ABOUT_MAILBOX.search(text) and not _ABOUT_SENDER.search(text):
        sentence = gettext_noop("The server %(host)s wants mail more slowly: %(reply)s")
        raise AccountBusy(sentence, host=host, reply=text)
